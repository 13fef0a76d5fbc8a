# SPDX-License-Identifier: Apache-2.0
"""What `make install` puts down: programs and guests build from it, pages and ABI are complete."""
import os
import re

import pytest

from installed import BUILD, ROOT, compile_super, flags, install, run

EXAMPLE = ROOT / "examples" / "micro-vm"
FUNCTION = re.compile(r"^VT_EXPORT[^;]*?\b(vt_\w+)\(", re.M)


def public_functions():
    return set(FUNCTION.findall((ROOT / "host/include/vitrine.h").read_text(encoding="utf-8")))


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_guest_and_program_from_the_tree(tree, tmp_path, compiler):
    guest, program = tmp_path / "guest.elf", tmp_path / "survive"
    for command in (
            [compiler, "-Wall", "-Werror", "-O2", *flags(tree, "--cflags", "vitrine-guest"),
             EXAMPLE / "guest.c", *flags(tree, "--libs", "vitrine-guest"), "-o", guest],
            [compiler, "-Wall", "-Werror", EXAMPLE / "survive.c",
             *flags(tree, "--cflags", "--libs", "libvitrine"), "-o", program]):
        done = run(*command)
        assert done.returncode == 0, done.stdout
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("built, but not run: no /dev/kvm")
    done = run(program, guest, env={"LD_LIBRARY_PATH": f"{tree}/lib"})
    assert done.returncode == 0 and done.stdout.count("add(2, 40) = 42") == 2, done.stdout


def test_pie_guest_from_the_tree(tree, tmp_path):
    done = run("gcc", "-O2", *flags(tree, "--cflags", "vitrine-guest"), "-fPIE",
               EXAMPLE / "guest.c", *flags(tree, "--variable=pielibs", "vitrine-guest"),
               "-o", tmp_path / "guest.elf")
    assert done.returncode == 0, done.stdout
    assert "DYN (" in run("readelf", "-h", tmp_path / "guest.elf").stdout


def test_fault_handlers_from_the_tree(tree, tmp_path):
    sources = ROOT / "tests/uvm/guest"
    objects = [tmp_path / f"{name}.o" for name in ("faults_super", "faults_x86_64_super")]
    for to in objects:
        compile_super(tree, sources / f"{to.stem}.c", to)
    done = run("gcc", "-O2", *flags(tree, "--cflags", "vitrine-guest"), f"-I{ROOT}",
               sources / "faults.c", sources / "faults_x86_64.c", *objects,
               *flags(tree, "--libs", "vitrine-guest"), "-o", tmp_path / "faults.elf")
    assert done.returncode == 0, done.stdout


def test_static_library(tree, tmp_path):
    done = run("gcc", EXAMPLE / "survive.c", f"-I{tree}/include/vitrine", "-static",
               *flags(tree, "--libs", "--static", "libvitrine"), "-o", tmp_path / "survive")
    assert done.returncode == 0, done.stdout


def test_header_is_good_cplusplus(tree):
    done = run("g++", "-Wall", "-Werror", "-fsyntax-only", "-x", "c++", "-",
               f"-I{tree}/include/vitrine",
               input="#include <vitrine.h>\nint main() { return vt_version() == 0; }\n")
    assert done.returncode == 0, done.stdout


def test_soname_and_versions(tree):
    library = tree / "lib" / "libvitrine.so.0"
    assert "Library soname: [libvitrine.so.0]" in run("readelf", "-d", library).stdout
    listed = run("nm", "-D", "--defined-only", "--with-symbol-versions", library).stdout
    names = {line.split()[-1] for line in listed.splitlines()} - {"VITRINE_0"}
    assert names == {f"{name}@@VITRINE_0" for name in public_functions()}
    assert (tree / "lib" / "libvitrine.so").resolve() == library


def test_abi_is_what_was_promised(tree):
    done = run(ROOT / "scripts/abi.py", tree / "lib/libvitrine.so.0", "--check",
               ROOT / "host/abi.txt")
    assert done.returncode == 0, done.stdout


def test_destdir(tmp_path):
    install("PREFIX=/usr", f"DESTDIR={tmp_path}")
    assert (tmp_path / "usr/bin/vitrine").is_file()
    assert str(tmp_path) not in (tmp_path / "usr/lib/pkgconfig/libvitrine.pc").read_text()


def test_the_command_runs_from_the_tree(tree):
    assert run(tree / "bin/vitrine", "--version").returncode == 0


def test_each_function_has_a_page(tree):
    pages = {p.stem for p in (tree / "share/man/man3").iterdir() if p.exists()}
    assert public_functions() < pages
    for page in (ROOT / "man").glob("vt_*.3"):
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"^\.Nm (\w+)", text.split(".Nd")[0], re.M):
            assert f".Fn {name} " in text or f".Fn {name}\n" in text, f"{page.name}: {name}"


def test_each_error_is_in_the_page():
    text = (ROOT / "man/libvitrine.3").read_text(encoding="utf-8")
    header = (ROOT / "host/include/vitrine.h").read_text(encoding="utf-8")
    for name in re.findall(r"\b(VT_ERR_\w+) = ", header):
        assert f".It Dv {name}\n" in text, name


def test_each_verb_is_in_the_page():
    text = (ROOT / "man/vitrine.1").read_text(encoding="utf-8")
    verbs = re.findall(r"^  vitrine ((?:[a-z]+ ?)+)", run(BUILD / "bin/vitrine", "--help").stdout,
                       re.M)
    assert len(verbs) >= 6
    for verb in verbs:
        assert f".It Cm {verb.strip()}\n" in text, verb


def test_each_verb_of_zone0_is_in_its_page():
    text = (ROOT / "man/vitrine-zone.1").read_text(encoding="utf-8")
    lines = run(BUILD / "bin/vitrine", "--help").stdout.splitlines()
    rows = [line for line in lines if re.match("  vitrine (zone|console|log|stat|top) ", line)]
    assert len(rows) == 12
    for row in rows:
        for option in re.findall(r"(?<=[\[ ])-(-?[a-z-]+)", row):
            assert f".It Fl {option}" in text, row


def test_each_option_and_exit_code_is_in_the_page():
    text = (ROOT / "man/vitrine-run.1").read_text(encoding="utf-8")
    usage = run(BUILD / "bin/vitrine", "run").stdout
    options = set(re.findall(r"--([a-z]+)", usage))
    assert options and options == set(re.findall(r"^\.It Fl -([a-z]+)", text, re.M))
    codes = re.findall(r"EXIT_\w+ = (\d+),", (ROOT / "cli/verb.h").read_text(encoding="utf-8"))
    text += (ROOT / "man/vitrine-zone.1").read_text(encoding="utf-8")
    for code in codes:
        assert f".It {code}\n" in text, code


@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.[13]")), ids=lambda p: p.name)
def test_page_is_clean(page):
    done = run("mandoc", "-Tlint", "-Wwarning", page)
    assert done.returncode == 0, done.stdout
