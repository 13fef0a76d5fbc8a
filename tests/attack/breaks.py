#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the attacks find what they look for: each patch of tests/attack/breaks takes one
check out of the hypervisor, and its stanza must fail on what is built from that.

Usage: tests/attack/breaks.py [--only GLOB ...]. Works in a copy of the tree below $O. Exit status
0: every broken hypervisor was found out.
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


def stanza_of(patch):
    return re.search(r"^stanza: (\S+)$", patch.read_text(), re.M).group(1)


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


def found_out(tree, patch):
    """(whether the stanza failed as it should, its message)"""
    apply(tree, patch)
    try:
        status, output = run(tree, "tests/run.py", "--only", stanza_of(patch))
    finally:
        apply(tree, patch, "-R")
    first = next((line for line in output.splitlines() if line.startswith(("FAIL", "PASS"))), "?")
    return status != 0 and first.startswith("FAIL") and not NO_RUN.search(output), first[:160]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=["*"])
    options = parser.parse_args()
    tree = (ROOT / os.environ.get("O", "build") / "breaks" / "tree").absolute()
    copy_tree(tree)
    survived = []
    for patch in sorted(PATCHES.glob("*.patch")):
        if not any(fnmatch.fnmatch(patch.stem, glob) for glob in options.only):
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
