#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the WebAssembly specification's tests in a micro-VM and natively, with the same code.

run.py DIRECTORY [NAME...]: files NAME.wast (default: all) are made into C by spec.py and wasm2c,
compiled once, and linked twice: with our runtime to a guest, with wabt's to a Linux program. Prints
for each file how many assertions passed, failed, and were not run, and why. Exit status 0: in the
micro-VM no assertion failed that passes natively. `make wasm-spec` sets the environment: O, SPEC_CC
(compiler and flags of modules), SPEC_LINK (flags and objects of a guest).
"""
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


def compile_file(wast):
    """Makes and links all of a file; its directory."""
    where = OUT / "wasm-spec" / wast.stem
    subprocess.run([HERE / "spec.py", wast, where], check=True)
    sources = sorted(s for s in where.glob("*.c") if s.name != "driver.c")
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
    subprocess.run(["gcc", "-O1", "-w", "-DSPEC_NATIVE", "-I.", f"-I{where}", where / "driver.c",
                    HERE / "spec.c", *objects, *WABT, "-o", where / "native"], check=True)
    return where


def results(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT)
    return done.stdout.split(), done.stderr


def run_file(wast):
    where = compile_file(wast)
    known = json.loads((where / "rows.json").read_text())
    here, errors = results(OUT / "uvm" / "spec_host", where / "guest.elf")
    native, _ = results(where / "native")
    count, worse = collections.Counter(), []
    for n, (line, counts) in enumerate(known["rows"]):
        mine, theirs = ((r[n] if n < len(r) else "fail") for r in (here, native))
        if counts:
            count[mine] += 1
            count["native " + theirs] += 1
        if mine == "fail" and theirs == "pass":
            worse.append(line)
    return wast.stem, count, known["not_run"], worse, errors


def main():
    folder = pathlib.Path(sys.argv[1])
    names = sys.argv[2:] or sorted(p.stem for p in folder.glob("*.wast"))
    total, reasons, bad = collections.Counter(), collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, count, not_run, worse, errors in pool.map(
                run_file, [folder / f"{n}.wast" for n in names]):
            print(f"{name:24} {count['pass']:6} passed {count['fail']:4} failed (native: "
                  f"{count['native fail']:3}) {sum(not_run.values()):5} not run", flush=True)
            total.update(count)
            reasons.update(not_run)
            if worse:
                bad += len(worse)
                print(f"    fail only in the micro-VM: lines {worse[:10]}\n{errors[:500]}")
    print(f"all: {total['pass']} passed, {total['fail']} failed (native: {total['native fail']}), "
          f"{sum(reasons.values())} not run:")
    for why, times in reasons.most_common():
        print(f"  {times:5} {why}")
    return 1 if bad or not total["pass"] else 0


if __name__ == "__main__":
    sys.exit(main())
