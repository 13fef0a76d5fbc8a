#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the zone tests of tests/tests.cfg in QEMU; each stanza passes, fails, or is skipped.

A stanza that ran on none of its QEMU versions fails, unless tests/allowed-skips lists it. Logs go
to $(O)/test-logs/<stanza>@<qemu>/. Exit status 0: all passed.
"""
import argparse
import concurrent.futures
import configparser
import fnmatch
import importlib.util
import os
import pathlib
import random
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from harness.machine import (  # noqa: E402  pylint: disable=wrong-import-position
    SLOW, Failure, Machine)

CONFIG = ROOT / "tests" / "tests.cfg"
ALLOWED_SKIPS = ROOT / "tests" / "allowed-skips"
SKIP_STATUS = 77  # of scripts/qemu: this Debian has no such version
KEYS = {"tier", "qemu", "cpus", "memory", "cpu", "machine", "plan", "set", "opt", "kernel",
        "script", "timeout", "native", "args", "load", "gdb", "overlay", "devices", "drivers",
        "forged"}
UBOOT = pathlib.Path("/usr/lib/u-boot/qemu_arm64/u-boot.bin")  # of package u-boot-qemu


HYP = "hyp/aarch64/hyp.bin"
DRIVERS_OFFSET = 88  # of plan_hyp_header.drivers in it
DISK_SIZE = 4 << 20
LOAD_ADDRESS = 0x40200000  # of QEMU virt, as `vitrine plan build` lays it out


class Skip(Exception):
    """This stanza cannot run here."""


@dataclass
class Stanza:
    """One section of tests.cfg; what the scripts get to see of it."""
    name: str
    tier: str
    backends: list  # alternatives: run all of them
    cpus: int
    memory: str
    cpu: str
    machine: str
    plan: str
    opt: str
    kernel: str
    script: str
    timeout: float
    native: str
    load: str
    gdb: bool
    overlay: list
    devices: str
    drivers: str
    forged: bool
    settings: dict = field(default_factory=dict)
    args: dict = field(default_factory=dict)
    zones: list = field(default_factory=list)


def pairs(text):
    return dict(word.split("=", 1) for word in shlex.split(text))


def read_config():
    config = configparser.ConfigParser(interpolation=None)
    config.read_string(CONFIG.read_text())
    stanzas = []
    for name in config.sections():
        s = config[name]
        unknown = set(s) - KEYS
        if unknown:
            sys.exit(f"{CONFIG}: [{name}]: unknown keys {sorted(unknown)}")
        stanzas.append(Stanza(
            name=name, tier=s["tier"], backends=s["qemu"].split(), cpus=s.getint("cpus"),
            memory=s["memory"], cpu=s["cpu"], machine=s.get("machine", ""), plan=s.get("plan", ""),
            opt=s["opt"], kernel=s["kernel"], script=s["script"], timeout=s.getfloat("timeout"),
            native=s.get("native", ""), load=s.get("load", "kernel"),
            gdb=s.getboolean("gdb", False), overlay=s.get("overlay", "").split(),
            devices=s.get("devices", ""), drivers=" ".join(s.get("drivers", "").split()),
            forged=s.getboolean("forged", False),
            settings=pairs(s.get("set", "")),
            args=pairs(s.get("args", ""))))
        if stanzas[-1].tier not in ("quick", "full"):
            sys.exit(f"{CONFIG}: [{name}]: tier is quick or full")
    return stanzas


def allowed_skips():
    """Lines `stanza@qemu reason`, with * as in file names."""
    lines = [line.split(None, 1) for line in ALLOWED_SKIPS.read_text().splitlines()
             if line.strip() and not line.startswith("#")]
    return [(pattern, reason) for pattern, reason in lines]


class Builder:
    """Builds each variant of the hypervisor once, and plans into boot images."""

    def __init__(self, out):
        self.out = out
        self.cache = pathlib.Path(os.environ.get("VITRINE_CACHE") or
                                  pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                                               pathlib.Path.home() / ".cache") / "vitrine")
        self._lock = threading.Lock()
        self._built = {}  # (directory, target) -> what went wrong, or ""

    def variant(self, opt, target="all", drivers=""):
        """Output directory of a build with that optimization; target is relative to it."""
        out = self.out if opt == "-O2" else self.out / f"variant{opt}"
        if drivers:
            out = out / "drivers" / drivers.replace(" ", "+")
        goal = target if target == "all" else str(out / target)
        with self._lock:
            if (out, target) not in self._built:
                env = dict(os.environ, VITRINE_NO_SETUP="1")
                env.pop("MAKEFLAGS", None)
                done = subprocess.run(["make", "-s", f"O={out}", f"OPT={opt}",
                                       f"HYP_DRIVERS={drivers}", goal], cwd=ROOT, env=env,
                                      capture_output=True, text=True, check=False)
                self._built[out, target] = done.stderr[-2000:] if done.returncode else ""
            if self._built[out, target]:
                raise Failure(f"make OPT={opt} {goal}: {self._built[out, target]}")
        return out

    def hypervisor(self, stanza):
        """The build whose hypervisor runs: O of it."""
        return self.variant(stanza.opt, HYP, stanza.drivers) if stanza.drivers \
            else self.variant(stanza.opt)

    def hypervisor_image(self, stanza, where):
        """hyp.bin; a forged one claims drivers that it does not have, so that the compiler does not
        refuse what the hypervisor itself is to refuse."""
        image = self.hypervisor(stanza) / HYP
        if not stanza.forged:
            return image
        data = bytearray(image.read_bytes())
        data[DRIVERS_OFFSET:DRIVERS_OFFSET + 8] = b"\xff" * 8
        (where / "hyp.bin").write_bytes(data)
        return where / "hyp.bin"

    def initrd_with(self, stanza, where, values):
        """The initrd with the stanza's files in it."""
        modules = self.cache / "guests" / stanza.kernel / "modules"
        pairs_given = [pair for word in stanza.overlay for pair in
                       ((ROOT / word[1:]).read_text().split() if word[0] == "@" else [word])]
        files = [string.Template(pair).substitute(values, modules=modules, root=ROOT,
                                                  guests=self.cache / "guests")
                 for pair in pairs_given]
        done = subprocess.run([ROOT / "scripts" / "initrd-with", values["initrd"],
                               where / "initrd.gz", *files], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise Failure(f"initrd-with: {done.stderr}")
        return where / "initrd.gz"

    def boot_image(self, stanza, where):
        """Fills the plan's ${...}, compiles it; returns the file for QEMU's -kernel."""
        if stanza.native:
            return self.variant(stanza.opt, stanza.native) / stanza.native
        out = self.variant(stanza.opt)
        guests = self.cache / "guests"
        values = {"kernel": guests / stanza.kernel / "Image", "initrd": guests / "initrd.gz",
                  "bin": out, "cpus": stanza.cpus, "memory": stanza.memory,
                  "board": "qemu-virt-aarch64", **stanza.settings}
        if stanza.overlay:
            values["initrd"] = self.initrd_with(stanza, where, values)
        path = string.Template(stanza.plan).substitute(bin=out)  # absolute if it is of the build
        template = (ROOT / "tests" / "zone" / "plans" / path).read_text()
        plan = where / "plan.yaml"
        plan.write_text(string.Template(template).substitute(values))
        stanza.zones = zone_names(plan)
        done = subprocess.run([out / "bin" / "vitrine", "plan", "build", plan, "-o", where,
                               "--hyp", self.hypervisor_image(stanza, where)],
                              cwd=ROOT, capture_output=True, text=True, check=False)
        (where / "plan.log").write_text(done.stdout + done.stderr)
        if done.returncode != 0:
            raise Failure(f"vitrine plan build: {done.stdout}{done.stderr}")
        return where / "boot.img"


def zone_names(plan):
    return [line.split(":", 1)[1].split("#")[0].strip() for line in plan.read_text().splitlines()
            if line.strip().startswith("- name:") or line.strip().startswith("name:")]


def qemu_command(stanza, backend, image):
    """A shell around QEMU is not there: signals reach it, and its exit status us."""
    machine = "virt,gic-version=3" + ("" if stanza.native else ",virtualization=on")
    if stanza.machine:
        machine += "," + stanza.machine
    return [str(ROOT / "scripts" / "qemu"), backend, "-M", machine, "-accel", "tcg,thread=multi",
            "-cpu", stanza.cpu, "-smp", str(stanza.cpus), "-m", stanza.memory, "-display", "none",
            "-monitor", "none", "-chardev", "stdio,id=c,signal=off", "-serial", "chardev:c",
            "-net", "none", "-name", "vitrine,debug-threads=on", *loading(stanza, image)]


def devices(stanza, where):
    """More arguments of QEMU; ${disk} is a file of bytes that nobody guesses."""
    if stanza.devices:
        (where / "disk").write_bytes(random.Random(stanza.name).randbytes(DISK_SIZE))
    return shlex.split(string.Template(stanza.devices).substitute(disk=where / "disk", where=where))


def loading(stanza, image):
    """How the boot image gets into the machine."""
    if stanza.load == "uboot":
        if not UBOOT.exists():
            raise Skip(f"no {UBOOT}")
        return ["-bios", str(UBOOT), "-device",
                f"loader,file={image},addr={LOAD_ADDRESS:#x},force-raw=on"]
    return ["-kernel", str(image)]


def has_backend(backend):
    done = subprocess.run([ROOT / "scripts" / "qemu", backend, "--version"], capture_output=True,
                          check=False)
    if done.returncode == SKIP_STATUS:
        return False
    if done.returncode != 0:
        raise Failure(f"scripts/qemu {backend}: {done.stderr.decode()}")
    return True


def load_script(stanza):
    path = ROOT / "tests" / "zone" / stanza.script
    spec = importlib.util.spec_from_file_location(f"zone_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def choose(alternatives):
    """Of `7.2|10.0`, the first that this machine has."""
    for version in alternatives.split("|"):
        if has_backend(version):
            return version
    raise Skip(f"no QEMU {alternatives} here")


def run_backend(stanza, builder, backend):
    """One run; raises on failure and skip."""
    where = builder.out / "test-logs" / f"{stanza.name}@{backend.replace('|', '-')}"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    version = choose(backend)
    image = builder.boot_image(stanza, where)
    command = qemu_command(stanza, version, image) + devices(stanza, where)
    gdb = tempfile.TemporaryDirectory() if stanza.gdb else None  # socket paths must be short
    if gdb:
        command += ["-S", "-gdb", f"unix:{gdb.name}/gdb,server=on,wait=off"]
    (where / "command").write_text(" ".join(command) + "\n")
    machine = Machine(command, stanza.zones, where / "console.log")
    machine.gdb = gdb and f"{gdb.name}/gdb"
    machine.hyp_elf = builder.hypervisor(stanza) / "hyp/aarch64/hyp.elf"
    limit = stanza.timeout * 2 * SLOW
    watch = threading.Timer(limit, machine.child.kill, [9])  # a script that hangs
    watch.start()
    try:
        load_script(stanza).test(machine, stanza)
        machine.check_crash()
        if machine.checks == 0:
            raise Failure("the script checked nothing")
    except Failure as failure:
        raise Failure(f"{failure}\n    log: {where}/console.log") from failure
    finally:
        watch.cancel()
        machine.finish()
        if gdb:
            gdb.cleanup()
        for zone in machine.console.raw:
            (where / f"{zone or 'machine'}.log").write_text(machine.text(zone))


def run_stanza(stanza, builder, skips):
    """(state, seconds, message), state one of PASS FAIL SKIP."""
    begin = time.monotonic()
    ran, notes = 0, []
    for backend in stanza.backends:
        try:
            run_backend(stanza, builder, backend)
            ran += 1
        except Skip as skip:
            label = f"{stanza.name}@{backend}"
            reason = next((r for p, r in skips if fnmatch.fnmatch(label, p)), None)
            if reason is None:
                return "FAIL", time.monotonic() - begin, f"{skip}, and {ALLOWED_SKIPS.name} has no"\
                    f" line for {label}"
            notes.append(f"{label}: {skip} ({reason})")
        except Failure as failure:
            return "FAIL", time.monotonic() - begin, f"on QEMU {backend}: {failure}"
        except Exception:  # pylint: disable=broad-except
            return "FAIL", time.monotonic() - begin, traceback.format_exc()
    return "PASS" if ran else "SKIP", time.monotonic() - begin, "; ".join(notes)


def select(stanzas, tier, patterns):
    if not patterns:
        return [s for s in stanzas if tier == "full" or s.tier == "quick"]
    for pattern in patterns:
        if not fnmatch.filter((s.name for s in stanzas), pattern):
            sys.exit(f"--only: no stanza of {CONFIG} is called {pattern}")
    return [s for s in stanzas if any(fnmatch.fnmatch(s.name, p) for p in patterns)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tier", choices=("quick", "full"), default="quick")
    parser.add_argument("--only", nargs="+", metavar="GLOB", default=[], help="stanzas by name")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--out", default=os.environ.get("O", "build"))
    options = parser.parse_args()
    chosen = select(read_config(), options.tier, options.only)
    if options.list:
        print("\n".join(f"{s.tier:6}{s.name}" for s in chosen))
        return 0
    builder = Builder((ROOT / options.out).absolute())
    skips = allowed_skips()
    count = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = {pool.submit(run_stanza, s, builder, skips): s for s in chosen}
        for done in concurrent.futures.as_completed(waiting):
            state, seconds, message = done.result()
            count[state] += 1
            name = waiting[done].name
            print(f"{state} {name} ({seconds:.1f} s){': ' if message else ''}{message}", flush=True)
    print(f"{count['PASS']} passed, {count['FAIL']} failed, {count['SKIP']} skipped")
    return 0 if count["FAIL"] == 0 and count["PASS"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
