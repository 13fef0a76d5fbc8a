# SPDX-License-Identifier: Apache-2.0
"""The micro-VMs of docs/runtime.md, built as the page says from an installed tree, and run."""
import os
import sys

import pytest

from installed import BUILD, ROOT, compile_super, flags, run

sys.path.insert(0, str(ROOT / "scripts"))
from examples import Page  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLES = [e for e in Page(ROOT).examples.values() if "uvm" in e.targets]
WARN = ["-Wall", "-Wextra", "-Werror"]


def build(tree, example, where):
    for name, text in example.files.items():
        (where / name).write_text(text, encoding="utf-8")
    guest, libs = flags(tree, "--cflags", "vitrine-guest"), flags(tree, "--libs", "vitrine-guest")
    objects = []
    for name in (n for n in example.files if n.endswith("_super.c")):
        objects.append(where / f"{name}.o")
        compile_super(tree, where / name, objects[-1])
    commands = [["gcc", "-O2", "-g", *WARN, *guest, where / f"{example.name}.c", *objects, *libs,
                 "-o", where / f"{example.name}.elf"]]
    commands += [["gcc", "-O2", "-g", *WARN, where / n, "-lpthread",
                  *flags(tree, "--cflags", "--libs", "libvitrine"), "-o", where / n[:-2]]
                 for n in example.files if n.endswith("_host.c")]
    for command in commands:
        done = run(*command)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_example(tree, tmp_path, example):
    build(tree, example, tmp_path)
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("built, but not run: no /dev/kvm; tests/uvm runs it in QEMU")
    done = run("sh", BUILD / "docs/runtime/runtime_test.sh",
               env={"UVM_GUESTS": str(tmp_path), "UVM_EXAMPLES": example.name,
                    "PATH": f"{tmp_path}:{tree}/bin:{os.environ['PATH']}",
                    "LD_LIBRARY_PATH": f"{tree}/lib"})
    assert done.returncode == 0 and "OK ]" in done.stdout, done.stdout
