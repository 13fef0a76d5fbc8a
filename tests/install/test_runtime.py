# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/runtime.md, built as the page says from an installed tree; micro-VMs run."""
import os
import sys

import pytest

from installed import BUILD, ROOT, compile_super, flags, run

sys.path.insert(0, str(ROOT / "scripts"))
from examples import Page  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLES = [e for e in Page(ROOT).examples.values() if e.targets & {"uvm", "zone"}]
WARN = ["-Wall", "-Wextra", "-Werror"]


def must(*command):
    done = run(*command)
    assert done.returncode == 0, done.stdout


def link(tree, arch, package, sources, to):
    must(f"{arch}-linux-gnu-gcc", "-O2", "-g", *WARN, *flags(tree, "--cflags", package), *sources,
         *flags(tree, "--libs", package), "-o", to)


def build_uvm(tree, example, where, arch):
    objects = []
    for name in (n for n in example.files if n.endswith("_super.c")):
        objects.append(where / f"{name}.{arch}.o")
        compile_super(tree, where / name, objects[-1], arch)
    link(tree, arch, "vitrine-guest" if arch == "x86_64" else "vitrine-guest-aarch64",
         [where / f"{example.name}.c", *objects],
         where / f"{example.name}{'' if arch == 'x86_64' else '-aarch64'}.elf")


def build(tree, example, where):
    for name, text in example.files.items():
        (where / name).write_text(text, encoding="utf-8")
    if "uvm" not in example.targets:
        link(tree, "aarch64", "vitrine-zone", [where / f"{example.name}.c"], where / "zone.elf")
        return
    for arch in [example.options["arch"]] if "arch" in example.options else ["x86_64", "aarch64"]:
        build_uvm(tree, example, where, arch)
    for name in (n for n in example.files if n.endswith("_host.c")):
        must("gcc", "-O2", "-g", *WARN, where / name, "-lpthread",
             *flags(tree, "--cflags", "--libs", "libvitrine"), "-o", where / name[:-2])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_example(tree, tmp_path, example):
    build(tree, example, tmp_path)
    if "uvm" not in example.targets:
        return  # the zone tests run it
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("built, but not run: no /dev/kvm; tests/uvm runs it in QEMU")
    done = run("sh", BUILD / "docs/runtime/runtime_test.sh",
               env={"UVM_GUESTS": str(tmp_path), "UVM_EXAMPLES": example.name,
                    "PATH": f"{tmp_path}:{tree}/bin:{os.environ['PATH']}",
                    "LD_LIBRARY_PATH": f"{tree}/lib"})
    assert done.returncode == 0 and "OK ]" in done.stdout, done.stdout
