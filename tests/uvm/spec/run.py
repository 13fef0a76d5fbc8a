#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the WebAssembly specification's tests in a micro-VM and natively, with the same code.

run.py [--spec DIRECTORY] [NAME...]: files NAME.wast (default: all) are made into C by spec.py and
wasm2c, compiled once, and linked twice: with our runtime to a guest, with wabt's to a Linux
program. Prints for each file how many assertions passed, failed, and were not run, and why; all of
it stands in $O/wasm-spec.json, too. Exit status 0: in the micro-VM no assertion failed that passes
natively. Without the tests, or without KVM, it says so and is done: they are no part of this tree.
`make wasm-spec` sets the environment: O, SPEC_CC (compiler and flags of modules), SPEC_LINK (flags
and objects of a guest).
"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
OUT = pathlib.Path(os.environ.get("O", "build"))
WABT = ["-I/usr/share/wabt/wasm2c", "-lwasm-rt-impl", "-lm"]
LIMIT = 120  # seconds for one program
KVM = pathlib.Path("/dev/kvm")
NO_TESTS = ("no directory ../shared/wasm-spec: SPEC=DIRECTORY names one with the .wast files of "
            "the WebAssembly testsuite of January 2023")


def find_tests(given):
    """The directory of tests: as told, or beside this tree, or beside the one that it was made of
    (a work tree, a local clone)."""
    def git(*words):
        return subprocess.run(["git", *words], capture_output=True, text=True).stdout.strip()
    trees = [pathlib.Path("."), pathlib.Path(git("rev-parse", "--git-common-dir") or ".").parent,
             pathlib.Path(git("config", "remote.origin.url") or ".")]
    found = [given] if given else [t.resolve().parent / "shared/wasm-spec" for t in trees]
    return next((path for path in found if any(path.glob("*.wast"))), None)


def c_files(where):
    return sorted(s for s in where.glob("*.c") if s.name != "driver.c" and ".not." not in s.name)


def compile_file(wast):
    """Makes and links all of a file; its directory, and the command of the native link."""
    where = OUT / "wasm-spec" / wast.stem
    subprocess.run([HERE / "spec.py", wast, where], check=True)
    sources = c_files(where)
    objects = [str(s.with_suffix(".o")) for s in sources]
    compiler = shlex.split(os.environ["SPEC_CC"])
    for source, target in zip(sources, objects):
        subprocess.run([*compiler, "-c", source, "-o", target], check=True)
    for name in ("driver.c", "spec.c"):
        source = where / name if name == "driver.c" else HERE / name
        subprocess.run([*compiler, f"-I{where}", "-c", source, "-o", where / f"{name}.o"],
                       check=True)
    subprocess.run([*shlex.split(os.environ["SPEC_LINK"].replace("@", " ".join(
        [*objects, str(where / "driver.c.o"), str(where / "spec.c.o")]))), "-o",
        where / "guest.elf"], check=True)
    native = ["gcc", "-O1", "-w", "-DSPEC_NATIVE", "-I.", f"-I{where}", where / "driver.c",
              HERE / "spec.c", *objects]
    subprocess.run([*native, *WABT, "-o", where / "native"], check=True)
    return where, native


def is_unlinkable(where, native, name):
    """Whether the C linker says that what the module imports is nowhere."""
    target = where / "unlinkable.o"
    subprocess.run([*shlex.split(os.environ["SPEC_CC"]), "-c", where / name, "-o", target],
                   check=True)
    done = subprocess.run([*native, target, *WABT, "-o", where / "unlinkable"],
                          capture_output=True, text=True)
    return done.returncode != 0 and "undefined reference" in done.stderr


def results(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    return done.stdout.split(), done.stderr


def run_file(wast):
    """What there is to report of a file."""
    where, link = compile_file(wast)
    known = json.loads((where / "rows.json").read_text())
    here, errors = results(OUT / "uvm" / "spec_host", where / "guest.elf")
    native, _ = results(where / "native")
    unlinked = [is_unlinkable(where, link, name) for _, name in known["unlinkable"]]
    refused = [good for _, good in known["refused"]] + unlinked
    count, worse, both = collections.Counter(refused=sum(refused)), [], []
    for n, (line, counts) in enumerate(known["rows"]):
        mine, theirs = ((r[n] if n < len(r) else "fail") for r in (here, native))
        if counts:
            count[mine] += 1
            count["native " + theirs] += 1
        if mine == "fail":
            (worse if theirs == "pass" else both).append(line)
    both += [line for line, good in known["refused"] if not good]
    count["accepted"] = len(refused) - sum(refused)
    return {"name": wast.stem, "count": count, "not_run": known["not_run"], "worse": worse,
            "both": both, "errors": errors[:500]}


def show(done):
    count = done["count"]
    print(f"{done['name']:24} {count['pass']:5} passed {count['fail']:3} failed (native: "
          f"{count['native fail']:2}); {count['refused']:4} refused by the translator"
          + (f", {count['accepted']} accepted" if count["accepted"] else "")
          + f"; {sum(done['not_run'].values())} not run", flush=True)
    for why, times in done["not_run"].items():
        print(f"    {times} not run: {why}")
    if done["both"]:
        print(f"    fail natively, too: lines {done['both']}")
    if done["worse"]:
        print(f"    fail only in the micro-VM: lines {done['worse'][:10]}\n{done['errors']}")


def summary(files):
    """Prints it; whether all is good."""
    total, reasons = collections.Counter(), collections.Counter()
    for done in files:
        total.update(done["count"])
        reasons.update(done["not_run"])
    worse = sum(len(done["worse"]) for done in files)
    print(f"{len(files)} files: {total['pass']} passed in the micro-VM ({total['native pass']} "
          f"natively), {total['fail']} failed ({total['native fail']} natively); "
          f"{total['refused']} refused by wasm2c, wat2wasm or the linker, as they must be, "
          f"{total['accepted']} not; {sum(reasons.values())} not run")
    for why, times in reasons.most_common():
        print(f"  {times:5} {why}")
    (OUT / "wasm-spec.json").write_text(json.dumps({"total": total, "not_run": reasons,
                                                    "files": files}, indent=1))
    print(f"spec: {total['pass'] + total['refused']} passed, {worse} failed, "
          f"{sum(reasons.values())} skipped")
    return not worse and total["pass"] > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--spec", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    folder = find_tests(args.spec)
    if folder is None or not os.access(KVM, os.R_OK | os.W_OK):
        why = f"this machine has no {KVM}" if folder else NO_TESTS
        print(f"  SKIP     wasm-spec: {why}\nspec: 0 passed, 0 failed, 1 skipped")
        return 0
    names = args.names or sorted(p.stem for p in folder.glob("*.wast"))
    files = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done in pool.map(run_file, [folder / f"{n}.wast" for n in names]):
            show(done)
            files.append(done)
    return 0 if summary(files) else 1


if __name__ == "__main__":
    sys.exit(main())
