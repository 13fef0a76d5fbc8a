# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/runtime.md, built as the page says from an installed tree; micro-VMs run."""
import os
import sys

import pytest

from installed import BUILD, ROOT, compile_super, flags, run

sys.path.insert(0, str(ROOT / "scripts"))
from examples import Page  # noqa: E402  pylint: disable=wrong-import-position

EXAMPLES = list(Page(ROOT).examples.values())
PACKAGES = {"wasm": "vitrine-wasm", "engine": "vitrine-wasmtime"}
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


def build_module(tree, name, where):
    """Text to WebAssembly, to C, which is compiled as the package says; what the guest needs."""
    if not (tree / "lib/pkgconfig/vitrine-wasm.pc").is_file():
        pytest.skip("there is no wabt 1.0.32")
    code = where / "module" / f"{name}.c"
    code.parent.mkdir()
    must("wat2wasm", where / f"{name}.wat", "-o", code.with_suffix(".wasm"))
    must("wasm2c", code.with_suffix(".wasm"), "-o", code)
    must("gcc", "-O2", *flags(tree, "--cflags", "vitrine-wasm"),
         *flags(tree, "--variable=modulecflags", "vitrine-wasm"), "-c", code, "-o",
         code.with_suffix(".o"))
    return [f"-I{code.parent}", code.with_suffix(".o")]


def build(tree, example, where):
    for name, text in example.files.items():
        (where / name).write_text(text, encoding="utf-8")
    kind = next((k for k in PACKAGES if k in example.targets), None)
    if kind:
        module = build_module(tree, example.name, where) if kind == "wasm" else []
        link(tree, "x86_64", PACKAGES[kind], [where / f"{example.name}.c", *module],
             where / f"{example.name}.elf")
        return
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
    if example.targets == {"zone"}:
        return  # the zone tests run it
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("built, but not run: no /dev/kvm; tests/uvm runs it in QEMU")
    done = run("sh", BUILD / "docs/runtime/runtime_test.sh",
               env={"UVM_GUESTS": str(tmp_path), "UVM_EXAMPLES": example.name,
                    "PATH": f"{tmp_path}:{tree}/bin:{os.environ['PATH']}",
                    "LD_LIBRARY_PATH": f"{tree}/lib"})
    assert done.returncode == 0 and "OK ]" in done.stdout, done.stdout
