#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the attacks find what they look for: each patch of tests/attack/breaks takes one
check out of the hypervisor, and what its third line names must fail on what is built from that:
`stanza: NAME`, or `unit: NAME` where an emulated machine does not show the difference.

Usage: tests/attack/breaks.py [--only GLOB ...] [--unit]. Works in a copy of the tree below $O. Exit
status 0: every broken hypervisor was found out.
"""
import argparse
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "attack" / "breaks"
# A run that could not begin has found nothing out.
NO_RUN = re.compile(r"make OPT=|vitrine plan build|Traceback|no QEMU|bash:|0 passed, 0 failed")


def shown_by(patch):
    """("stanza" or "unit", name)"""
    return re.search(r"^(stanza|unit): (\S+)$", patch.read_text(), re.M).groups()


def copy_tree(to):
    """The tree as it stands, without what is built; its objects of an earlier time stay."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.splitlines()
    to.mkdir(parents=True, exist_ok=True)
    for name in names:
        source, target = ROOT / name, to / name
        if not source.is_file():
            continue
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def run(tree, *command):
    """(exit status, output); git must not take the tree for a part of the repository around it."""
    env = dict(os.environ, VITRINE_NO_SETUP="1", GIT_CEILING_DIRECTORIES=str(tree.parent))
    for name in ("MAKEFLAGS", "MAKELEVEL", "O"):
        env.pop(name, None)
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def apply(tree, patch, *options):
    status, output = run(tree, "git", "apply", "-C1", *options, str(patch))
    if status != 0:
        raise SystemExit(f"{patch.name}: does not apply: {output}")


def run_stanza(tree, name):
    """(whether it failed as it should, its message)"""
    status, output = run(tree, "tests/run.py", "--only", name)
    (tree.parent / f"{name}.log").write_text(output)  # of the last break only
    first = next((line for line in output.splitlines() if line.startswith(("FAIL", "PASS"))), "?")
    return status != 0 and first.startswith("FAIL") and not NO_RUN.search(output), first[:160]


def run_unit(tree, name):
    """The same of a unit test, which must still build."""
    test = f"build/unit/{name}_test"
    status, output = run(tree, "make", test)
    if status != 0:
        return False, f"does not build: {output[-160:]}"
    status, output = run(tree, "scripts/unit", test)
    failed = re.findall(r"^\[  FAILED  \] (test_\w+)$", output, re.M) or \
        re.findall(r"^(FAIL .*)$", output, re.M)
    return status != 0 and bool(failed), " ".join(sorted(set(failed)))[:160] or "passed"


def found_out(tree, patch):
    """(whether the broken hypervisor was found out, by what)"""
    kind, name = shown_by(patch)
    apply(tree, patch)
    try:
        return (run_unit if kind == "unit" else run_stanza)(tree, name)
    finally:
        apply(tree, patch, "-R")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=["*"])
    parser.add_argument("--unit", action="store_true", help="only those that a unit test shows")
    options = parser.parse_args()
    tree = (ROOT / os.environ.get("O", "build") / "breaks" / "tree").absolute()
    copy_tree(tree)
    survived = []
    for patch in sorted(PATCHES.glob("*.patch")):
        if not any(fnmatch.fnmatch(patch.stem, glob) for glob in options.only) or \
                (options.unit and shown_by(patch)[0] != "unit"):
            continue
        begun = time.monotonic()
        found, message = found_out(tree, patch)
        survived += [] if found else [patch.stem]
        print(f"{'FOUND' if found else 'SURVIVED'} {patch.stem} ({time.monotonic() - begun:.0f} s)"
              f": {message}", flush=True)
    if survived:
        print(f"not found out: {' '.join(survived)}")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
