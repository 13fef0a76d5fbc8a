#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that the attacks find what they look for: each patch of tests/attack/breaks takes one
check out of the hypervisor, and what its third line names must fail on what is built from that:
`stanza: NAME`, or `unit: NAME` where an emulated machine does not show the difference. Each of
these must also pass without a patch, under the same load.

Usage: tests/attack/breaks.py [--only GLOB ...] [--unit] [--jobs N] [--resume]. Works in copies of
the tree below $O. Exit status 0: every broken hypervisor was found out.
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "attack" / "breaks"
# A run that could not begin has found nothing out.
NO_RUN = re.compile(r"make OPT=|vitrine plan build|Traceback|no QEMU|bash:|0 passed, 0 failed")


class Progress:
    """What was found out in this very tree, by a run that was perhaps cut off: a line for each."""

    def __init__(self, where, resume):
        digest = hashlib.sha256()
        for name in tree_files():
            digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes())
        where.mkdir(parents=True, exist_ok=True)
        self._file = where / f"done-{digest.hexdigest()[:16]}"
        if not resume:
            self._file.unlink(missing_ok=True)

    def done(self):
        return set(self._file.read_text().splitlines()) if self._file.exists() else set()

    def add(self, name):
        with self._file.open("a") as file:
            file.write(f"{name}\n")


def shown_by(patch):
    """("stanza" or "unit", name)"""
    return re.search(r"^(stanza|unit): (\S+)$", patch.read_text(), re.M).groups()


def tree_files():
    """What is not built, by name."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [name for name in names if (ROOT / name).is_file()]


def copy_tree(to):
    """The tree as it stands; what was built in it at an earlier time stays."""
    to.mkdir(parents=True, exist_ok=True)
    for name in tree_files():
        source, target = ROOT / name, to / name
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
    """(PASS, FAIL, or "" when nothing ran, its message)"""
    status, output = run(tree, "tests/run.py", "--only", name)
    (tree / "build" / f"{name}.log").write_text(output)  # of the last break only
    first = next((line for line in output.splitlines() if line.startswith(("FAIL", "PASS"))), "?")
    if NO_RUN.search(output) or (status == 0) != first.startswith("PASS"):
        return "", output[-300:]
    return first[:4], first[:160]


def run_unit(tree, name):
    """The same of a unit test, which must still build."""
    test = f"build/unit/{name}_test"
    status, output = run(tree, "make", test)
    if status != 0:
        return "", f"does not build: {output[-160:]}"
    status, output = run(tree, "scripts/unit", test)
    failed = re.findall(r"^\[  FAILED  \] (test_\w+)$", output, re.M) or \
        re.findall(r"^(FAIL .*)$", output, re.M)
    if status == 0:
        return "PASS", "passed"
    return "FAIL" if failed else "", " ".join(sorted(set(failed)))[:160]


def attempt(job, trees):
    """Runs a test by its (kind, name), with a patch or without; (whether it ended as it should,
    line to print). Each tree is one job's at a time."""
    (kind, name), patch = job
    tree = trees.get()
    begun = time.monotonic()
    if patch:
        apply(tree, patch)
    try:
        state, message = (run_unit if kind == "unit" else run_stanza)(tree, name)
    finally:
        if patch:
            apply(tree, patch, "-R")
        trees.put(tree)
    good = state == ("FAIL" if patch else "PASS")
    word = ("FOUND" if good else "SURVIVED") if patch else ("SOUND" if good else "UNSOUND")
    return good, f"{word} {label(job)} ({time.monotonic() - begun:.0f} s): {message}"


def label(job):
    (kind, name), patch = job
    return patch.stem if patch else f"{kind}:{name}"


def choose(options):
    """Jobs (what shows it, patch), sorted by what shows it; without a patch first."""
    chosen = [(shown_by(patch), patch) for patch in sorted(PATCHES.glob("*.patch"))
              if any(fnmatch.fnmatch(patch.stem, glob) for glob in options.only)]
    chosen = [job for job in chosen if not options.unit or job[0][0] == "unit"]
    return sorted(chosen + [(shown, None) for shown in {job[0] for job in chosen}],
                  key=lambda job: (job[0], str(job[1] or "")))


def run_all(jobs, trees, progress, count):
    """Labels of those that did not end as they should."""
    bad = []
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        waiting = {pool.submit(attempt, job, trees): job for job in jobs}
        for done in concurrent.futures.as_completed(waiting):
            good, line = done.result()
            print(line, flush=True)
            if good:
                progress.add(label(waiting[done]))
            else:
                bad.append(label(waiting[done]))
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=["*"])
    parser.add_argument("--unit", action="store_true", help="only those that a unit test shows")
    parser.add_argument("--jobs", type=int, default=1, help="so many at a time")
    parser.add_argument("--resume", action="store_true",
                        help="without what this very tree has found out before")
    options = parser.parse_args()
    where = (ROOT / os.environ.get("O", "build") / "breaks").absolute()
    progress = Progress(where, options.resume)
    before = progress.done()
    jobs = [job for job in choose(options) if label(job) not in before]
    trees = queue.SimpleQueue()
    for number in range(options.jobs):
        copy_tree(where / f"tree-{number}")
        trees.put(where / f"tree-{number}")
    bad = run_all(jobs, trees, progress, options.jobs)
    patches = sum(1 for job in jobs if job[1])
    print(f"{patches} breaks, {len(jobs) - patches} without; {len(before)} known of an earlier run")
    if bad:
        print(f"not as it should: {' '.join(sorted(bad))}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
