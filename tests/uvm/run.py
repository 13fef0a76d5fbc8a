#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs test programs of micro-VMs on this machine's /dev/kvm and on complete KVMs in QEMU: kvm_amd,
and KVM/arm64 with programs and guests of that architecture.

A program is a cmocka test, or any that says by its exit status how it went (77: skipped; one that
ends in .sh is run by sh). It finds guests in the directory $UVM_GUESTS and the platform's name in
$UVM_PLATFORM, and says why it skips a test by a line `skip: REASON` before. For QEMU it is packed
with the libraries it is linked with into an initial RAM disk and runs under Debian's 6.12 kernel.

A skip is good only if tests/uvm/skips has a line for it and the same test passed on another
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
PLATFORMS = ("native", "kvm_amd", "kvm_arm64")
GUEST_DIRS = ("tests/uvm/guest", "examples/micro-vm", "docs/runtime/uvm")
DEVICE = pathlib.Path("/dev/kvm")
SLOW = float(os.environ.get("VITRINE_SLOW", "1"))
LIMIT = 120  # seconds for one program
BOOT = 60    # and for the emulated machine to come up
MEMORY = "2G"
SKIP_STATUS = 77
EMULATED = ["-accel", "tcg,thread=multi", "-smp", "2", "-m", MEMORY, "-nodefaults", "-no-reboot",
            "-display", "none", "-serial", "stdio"]
CMOCKA = re.compile(r"^\[ +(RUN|OK|FAILED|SKIPPED) +\] (\w+)\r?$|^skip: (.*?)\r?$", re.M)


@dataclass(frozen=True)
class Machine:
    """An emulated machine with a complete KVM; programs write to its serial port `tty`."""
    platform: str
    qemu: str
    cpu: tuple
    kernel: str     # its directory in the cache of guests
    busybox: str
    console: str
    tty: str
    libraries: tuple = ()  # directories; none: those of this machine

    def logs(self, where):
        return where if self.platform == "kvm_amd" else where / self.platform


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


def foreign_libraries(program, directories):
    """The same for a program of another architecture, whose loader does not run here."""
    found, todo = {}, [program] if pathlib.Path(program).suffix != ".sh" else []
    while todo:
        text = subprocess.run(["readelf", "-dlW", todo.pop()], capture_output=True, text=True,
                              check=True).stdout
        names = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
        names += [pathlib.Path(p).name for p in re.findall(r"interpreter: (.*)\]", text)]
        for name in set(names) - set(found):
            place = next((d / name for d in map(pathlib.Path, directories) if (d / name).exists()),
                         None)
            if place is None:
                sys.exit(f"uvm: {program} needs {name}")
            found[name] = str(place)
            todo.append(place)
    return sorted(found.values())


def place_of(library):
    """Where the loader of the emulated machine finds it: others than the system's lie in /lib."""
    system = library.startswith(("/lib/", "/lib64/", "/usr/lib/"))
    return library.lstrip("/") if system else f"lib/{pathlib.Path(library).name}"


def gather(sources, where):
    """A directory with links to all guests of these directories, and what is said of them."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    found = [g for source in sources for end in ("*.elf", "*.sha256")
             for g in sorted(source.absolute().glob(end))]
    for guest in [*found, *sorted((HERE / "guest").glob("*.expect"))]:
        (where / guest.name).symlink_to(guest)
    return where


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(os.environ.get("VITRINE_CACHE") or pathlib.Path(base) / "vitrine")


def machines(kernel, qemu):
    guests = cache() / "guests"
    return {m.platform: m for m in (
        Machine("kvm_amd", "10.0/x86_64", ("-M", "q35", "-cpu", "max"), guests / "x86_64/6.12",
                guests / "x86_64/busybox", "ttyS0", "ttyS1"),
        Machine("kvm_arm64", qemu,
                ("-M", "virt,virtualization=on,gic-version=3", "-cpu", "max,pauth-impdef=on"),
                guests / kernel, guests / "busybox", "ttyAMA0", "ttyAMA0",
                (guests / "arm64-libs/root/usr/lib/aarch64-linux-gnu",
                 guests / "arm64-libs/root/lib/aarch64-linux-gnu", "/usr/aarch64-linux-gnu/lib")))}


def pack(machine, programs, tools, guests, where):
    """The initial RAM disk with everything in it."""
    files = {"init": HERE / "init", "bin/busybox": machine.busybox}
    files.update({f"t/modules/{m.name}": m for m in (machine.kernel / "modules").glob("kvm*.ko")})
    files.update({f"t/modules/{m}.ko": machine.kernel / "modules" / f"{m}.ko"
                  for m in ("irqbypass", "ccp")
                  if (machine.kernel / "modules" / f"{m}.ko").exists()})
    files.update({f"t/guests/{g.name}": g for g in sorted(guests.iterdir())})
    for program in [*programs, *tools]:
        files[f"t/bin/{program.name}"] = program
        found = (foreign_libraries(program, machine.libraries) if machine.libraries
                 else libraries(program))
        files.update({place_of(name): name for name in found})
    listing = where / "list"
    listing.write_text("".join(f"{p.name} {limit_of(LIMIT)}\n" for p in programs))
    files["t/list"] = listing
    (where / "empty").write_bytes(b"")
    subprocess.run([ROOT / "scripts" / "initrd-with", where / "empty", where / "initrd.gz",
                    *(f"{inside}={outside}" for inside, outside in files.items())], check=True)
    return where / "initrd.gz"


def qemu_version(wanted):
    """The first of versions divided by | that this Debian has."""
    for version in wanted.split("|"):
        if subprocess.run([ROOT / "scripts" / "qemu", version, "--version"], check=False,
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
            return version
    return wanted


def run_machine(machine, programs, tools, guests, where):
    """Runs all programs in one emulated machine."""
    where = machine.logs(where)
    where.mkdir(parents=True, exist_ok=True)
    initrd = pack(machine, programs, tools, guests, where)
    own = machine.tty != machine.console
    results = where / ("results.log" if own else "console.log")
    results.write_bytes(b"")
    command = [ROOT / "scripts" / "qemu", qemu_version(machine.qemu), *machine.cpu, *EMULATED,
               "-kernel", machine.kernel / "Image", "-initrd", initrd,
               "-append", f"console={machine.console} loglevel={4 if own else 1} panic=-1 "
                          f"oops=panic UVM_TTY={machine.tty} UVM_PLATFORM={machine.platform}"]
    if own:
        command += ["-chardev", f"file,id=r,path={results}", "-serial", "chardev:r"]
    (where / "command").write_text(" ".join(map(str, command)) + "\n")
    seconds = limit_of(BOOT + LIMIT * len(programs))
    with open(where / "console.log", "wb") as console:
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=console,
                           stderr=subprocess.STDOUT, timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            print(f"uvm: the emulated machine was not done after {seconds} s", flush=True)
    return machine_results(machine.platform, programs, results.read_text(errors="replace"), where)


def machine_results(platform, programs, text, where):
    """Runs out of what the machine wrote to its serial port."""
    runs = []
    for program in programs:
        name = program.name
        found = re.search(rf"^@@ begin {re.escape(name)}\r?\n(.*?)(?:^@@ end {re.escape(name)} "
                          rf"(\d+)\r?$|\Z)", text, re.M | re.S)
        output = found.group(1) if found else f"never started, see {where}\n"
        status = int(found.group(2)) if found and found.group(2) else 125
        runs.append(Run(name, platform, status, output))
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


def parse(out):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--platform", choices=PLATFORMS, action="append")
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=["*"], help="programs by name")
    parser.add_argument("--guests", type=pathlib.Path, action="append",
                        help="directory; default: those of $O that tests load from")
    parser.add_argument("--tool", type=pathlib.Path, action="append", default=[],
                        help="a program that the tests find in PATH")
    parser.add_argument("--arm64", type=pathlib.Path, action="append", metavar="PROGRAM",
                        help="for kvm_arm64; default: all *_test of $O/aarch64-linux/uvm")
    parser.add_argument("--arm64-tool", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--kernel", choices=("6.12", "6.1"), default="6.12", help="of kvm_arm64")
    parser.add_argument("--qemu", default="7.2|10.0", help="for kvm_arm64; default: the first of "
                        "7.2 and 10.0 that is there")
    parser.add_argument("programs", nargs="*", type=pathlib.Path,
                        help="default: all *_test of $O/uvm")
    options = parser.parse_args()
    options.platform = options.platform or list(PLATFORMS)
    options.programs = chosen(options, options.programs, out / "uvm")
    options.arm64 = chosen(options, options.arm64, out / "aarch64-linux" / "uvm")
    if not options.arm64:  # a tree without them, or none of these names
        options.platform = [p for p in options.platform if p != "kvm_arm64"]
    return options


def chosen(options, programs, directory):
    return [p.absolute() for p in programs or sorted(directory.glob("*_test"))
            if any(fnmatch.fnmatch(p.name, glob) for glob in options.only)]


def runs_of(options, platforms, out):
    """Runs all programs on all platforms."""
    logs = out / "test-logs" / "uvm"
    sources = options.guests or [out / name for name in GUEST_DIRS]
    guests = gather(sources, logs / "guests")
    made = machines(options.kernel, options.qemu)
    if "native" in platforms:
        yield from run_native(options.programs, guests)
    if "kvm_amd" in platforms:
        yield from run_machine(made["kvm_amd"], options.programs, options.tool, guests, logs)
    if "kvm_arm64" in platforms:
        guests = gather([s / "aarch64" for s in sources], logs / "guests-aarch64")
        yield from run_machine(made["kvm_arm64"], options.arm64, options.arm64_tool, guests, logs)


def main():
    out = ROOT / os.environ.get("O", "build")
    options = parse(out)
    skips = read_skips()
    platforms, skipped, wrong = choose_platforms(options.platform, DEVICE, skips)
    if not (options.programs or options.arm64) or not platforms or wrong:
        print(wrong or "uvm: no programs to run")
        return 1
    begin = time.monotonic()
    runs = []
    for tool in options.tool:
        os.environ["PATH"] = f"{tool.absolute().parent}:{os.environ['PATH']}"
    for run in runs_of(options, platforms, out):
        report(run)
        runs.append(run)
    count, messages = judge(runs, skips, platforms)
    print("\n".join(messages + [f"uvm: in {time.monotonic() - begin:.0f} s"]))
    print(f"uvm: {count['PASS']} passed, {count['FAIL']} failed, {count['SKIP'] + skipped} skipped")
    return 0 if count["FAIL"] == 0 and count["PASS"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
