#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs of micro-VMs on this machine's /dev/kvm and on a complete kvm_amd in QEMU.

A program is a cmocka test, or any that says by its exit status how it went (77: skipped; one that
ends in .sh is run by sh). It finds guests in the directory $UVM_GUESTS and the platform's name in
$UVM_PLATFORM, and says why it skips a test by a line `skip: REASON` before. For QEMU it is packed
with the libraries it is linked with into an initial RAM disk and runs under Debian's 6.12 kernel.

A skip is good only if tests/uvm/skips has a line for it and the same test passed on the other
platform. Exit status 0: all is good. Logs lie in $O/test-logs/uvm/.
"""
import argparse
import fnmatch
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PLATFORMS = ("native", "kvm_amd")
GUEST_DIRS = ("tests/uvm/guest", "examples/micro-vm", "docs/runtime/uvm")
DEVICE = pathlib.Path("/dev/kvm")
SLOW = float(os.environ.get("VITRINE_SLOW", "1"))
LIMIT = 120  # seconds for one program
BOOT = 60    # and for the emulated machine to come up
MEMORY = "2G"
SKIP_STATUS = 77
QEMU = ["10.0/x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
        "-m", MEMORY, "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]
CMOCKA = re.compile(r"^\[ +(RUN|OK|FAILED|SKIPPED) +\] (\w+)\r?$|^skip: (.*?)\r?$", re.M)


@dataclass
class Run:
    """One program on one platform; tests: name -> PASS, FAIL or SKIP."""
    program: str
    platform: str
    status: int
    output: str
    tests: dict = field(default_factory=dict)
    reasons: dict = field(default_factory=dict)

    def __post_init__(self):
        reason = ""
        for word, name, why in CMOCKA.findall(self.output):
            if why:
                reason = why
            elif word == "RUN":
                reason = ""
            else:
                self.tests[name] = {"OK": "PASS", "FAILED": "FAIL", "SKIPPED": "SKIP"}[word]
                self.reasons.setdefault(name, reason if word == "SKIPPED" else "")
        if not self.tests or (self.status != 0 and "FAIL" not in self.tests.values()):
            state = {0: "PASS", SKIP_STATUS: "SKIP"}.get(self.status, "FAIL")
            if "[==========] Running" in self.output and state == "PASS":
                state = "FAIL"  # a cmocka program that ran no test
            self.tests["main"] = state
            self.reasons["main"] = reason


def read_skips(path=HERE / "skips"):
    """[(pattern, reason)] of lines `program.test@platform reason`."""
    return [tuple(line.split(None, 1)) for line in path.read_text().splitlines()
            if line.strip() and not line.startswith("#")]


def allowed(label, skips):
    return next((reason for pattern, reason in skips if fnmatch.fnmatch(label, pattern)), None)


def judge(runs, skips, platforms):
    """({PASS: n, FAIL: n, SKIP: n}, messages) of all runs."""
    count = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    messages = []
    passed = {(r.program, t) for r in runs for t, state in r.tests.items() if state == "PASS"}
    for run in runs:
        for test, state in run.tests.items():
            label = f"{run.program}.{test}@{run.platform}"
            why = run.reasons.get(test) or "it gave no reason"
            if state == "SKIP" and allowed(label, skips) is None:
                state = "FAIL"
                messages.append(f"FAIL {label}: skipped ({why}), and tests/uvm/skips has no line")
            elif state == "SKIP" and len(platforms) > 1 and (run.program, test) not in passed:
                state = "FAIL"
                messages.append(f"FAIL {label}: skipped ({why}), and passed nowhere else")
            elif state != "PASS":
                messages.append(f"{state} {label}" + (f": {why}" if state == "SKIP" else ""))
            count[state] += 1
    return count, messages


def limit_of(seconds):
    return int(seconds * SLOW)


def run_native(programs, guests):
    """Runs each program here."""
    env = dict(os.environ, UVM_GUESTS=str(guests), UVM_PLATFORM="native")
    for program in programs:
        command = ["sh", program] if program.suffix == ".sh" else [program]
        with tempfile.TemporaryDirectory() as where:
            try:
                done = subprocess.run(command, env=env, cwd=where, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      timeout=limit_of(LIMIT), check=False)
                status, output = done.returncode, done.stdout
            except subprocess.TimeoutExpired as late:
                status = 124
                output = (late.stdout or b"") + f"\nnot done after {limit_of(LIMIT)} s\n".encode()
        yield Run(program.name, "native", status, output.decode(errors="replace"))


def libraries(program):
    """Shared libraries that the program is linked with, and its loader; none when it is static."""
    done = subprocess.run(["ldd", program], capture_output=True, text=True, check=False)
    missing = re.findall(r"^\s*(\S+) => not found", done.stdout, re.M)
    if missing:
        sys.exit(f"uvm: {program} needs {', '.join(missing)}")
    return sorted(set(re.findall(r"(/\S+) \(0x", done.stdout)))


def place_of(library):
    """Where the loader of the emulated machine finds it: our own lie where they were built."""
    system = library.startswith(("/lib", "/usr/lib"))
    return library.lstrip("/") if system else f"lib/{pathlib.Path(library).name}"


def gather(sources, where):
    """A directory with links to all guests of these directories."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    for guest in (g for source in sources for g in sorted(source.absolute().glob("*.elf"))):
        (where / guest.name).symlink_to(guest)
    return where


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("VITRINE_CACHE") or pathlib.Path(base) / "vitrine")


def pack(programs, tools, guests, where):
    """The initial RAM disk with everything in it."""
    kernel = cache() / "guests" / "x86_64" / "6.12"
    files = {"init": HERE / "init", "bin/busybox": kernel.parent / "busybox"}
    files.update({f"t/modules/{m.name}": m for m in (kernel / "modules").glob("*.ko")})
    files.update({f"t/guests/{g.name}": g for g in sorted(guests.glob("*.elf"))})
    for program in [*programs, *tools]:
        files[f"t/bin/{program.name}"] = program
        files.update({place_of(name): name for name in libraries(program)})
    listing = where / "list"
    listing.write_text("".join(f"{p.name} {limit_of(LIMIT)}\n" for p in programs))
    files["t/list"] = listing
    (where / "empty").write_bytes(b"")
    subprocess.run([ROOT / "scripts" / "initrd-with", where / "empty", where / "initrd.gz",
                    *(f"{inside}={outside}" for inside, outside in files.items())], check=True)
    return kernel / "Image", where / "initrd.gz"


def run_machine(programs, tools, guests, where):
    """Runs all programs in one emulated machine."""
    where.mkdir(parents=True, exist_ok=True)
    kernel, initrd = pack(programs, tools, guests, where)
    results = where / "results.log"
    results.write_bytes(b"")
    command = [ROOT / "scripts" / "qemu", *QEMU, "-chardev", f"file,id=r,path={results}",
               "-serial", "chardev:r", "-kernel", kernel, "-initrd", initrd,
               "-append", "console=ttyS0 loglevel=4 panic=-1 oops=panic"]
    (where / "command").write_text(" ".join(map(str, command)) + "\n")
    seconds = limit_of(BOOT + LIMIT * len(programs))
    with open(where / "console.log", "wb") as console:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                           stderr=subprocess.STDOUT, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            print(f"uvm: the emulated machine was not done after {seconds} s", flush=True)
    return machine_results(programs, results.read_text(errors="replace"), where)


def machine_results(programs, text, where):
    """Runs out of what the machine wrote to its second serial port."""
    runs = []
    for program in programs:
        name = program.name
        found = re.search(rf"^@@ begin {re.escape(name)}\r?\n(.*?)(?:^@@ end {re.escape(name)} "
                          rf"(\d+)\r?$|\Z)", text, re.M | re.S)
        output = found.group(1) if found else f"never started, see {where}\n"
        status = int(found.group(2)) if found and found.group(2) else 125
        runs.append(Run(name, "kvm_amd", status, output))
    return runs


def report(run):
    """One line for a good run, all output for a bad one."""
    states = list(run.tests.values())
    if "FAIL" in states:
        print(run.output, end="")
        print(f"FAIL {run.program} on {run.platform}: exit status {run.status}", flush=True)
    else:
        print(f"  TEST     {run.program} on {run.platform} ({len(states)})", flush=True)


def choose_platforms(wanted, device, skips):
    """(platforms to run on, how many skips, what is wrong)."""
    if "native" not in wanted or device.exists():
        return wanted, 0, ""
    reason = allowed("/dev/kvm@native", skips)
    if reason is None or len(wanted) == 1:
        return [], 0, f"FAIL native: this machine has no {device}"
    print(f"SKIP native: this machine has no {device} ({reason})", flush=True)
    return [p for p in wanted if p != "native"], 1, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    out = ROOT / os.environ.get("O", "build")
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=["*"], help="programs by name")
    parser.add_argument("--guests", type=pathlib.Path, action="append",
                        help="directory; default: those of $O that tests load from")
    parser.add_argument("--tool", type=pathlib.Path, action="append", default=[],
                        help="a program that the tests find in PATH")
    parser.add_argument("programs", nargs="*", type=pathlib.Path,
                        help="default: all *_test of $O/uvm")
    options = parser.parse_args()
    programs = [p.absolute() for p in options.programs or sorted((out / "uvm").glob("*_test"))
                if any(fnmatch.fnmatch(p.name, glob) for glob in options.only)]
    skips = read_skips()
    platforms, skipped, wrong = choose_platforms(options.platform or list(PLATFORMS), DEVICE, skips)
    if not programs or wrong:
        print(wrong or "uvm: no programs to run")
        return 1
    begin = time.monotonic()
    runs = []
    for tool in options.tool:
        os.environ["PATH"] = f"{tool.absolute().parent}:{os.environ['PATH']}"
    logs = out / "test-logs" / "uvm"
    guests = gather(options.guests or [out / name for name in GUEST_DIRS], logs / "guests")
    if "native" in platforms:
        for run in run_native(programs, guests):
            report(run)
            runs.append(run)
    if "kvm_amd" in platforms:
        for run in run_machine(programs, options.tool, guests, logs):
            report(run)
            runs.append(run)
    count, messages = judge(runs, skips, platforms)
    print("\n".join(messages + [f"uvm: in {time.monotonic() - begin:.0f} s"]))
    print(f"uvm: {count['PASS']} passed, {count['FAIL']} failed, {count['SKIP'] + skipped} skipped")
    return 0 if count["FAIL"] == 0 and count["PASS"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
