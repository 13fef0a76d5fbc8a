#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo without a terminal: shows and checks each step, then powers everything off.

Usage: scripts/tour.py LOG QEMU ARGS...; exit status 0: all steps held.
"""
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))
# pylint: disable=wrong-import-position
from harness.machine import Failure, Machine  # noqa: E402
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off  # noqa: E402

ZONES = ["linux0", "linux1", "tick"]
CPUS = {"linux0": 2, "linux1": 1}
BOOT_S = 60
RESET_S = 45


def new_tick(machine):
    """The counter's next line from now on."""
    machine.skip("tick")
    return next_tick(machine)


def boot(machine):
    """All three zones come alive."""
    said = []
    for zone, cpus in CPUS.items():
        release, found, memory = linux_up(machine, zone, BOOT_S)
        machine.check(found == cpus, f"{zone} has {found} CPUs instead of {cpus}")
        said.append(f"{zone}: Linux {release}, {found} CPU, {memory // 1024} MiB")
    second, count = new_tick(machine)
    return said + [f"tick: {count} ticks in {second} s, none missed"]


def look(machine):
    """Each Linux says who it is."""
    said = []
    for zone, cpus in CPUS.items():
        name = machine.run_ok(zone, "uname -a").strip()
        machine.check(name.startswith(f"Linux {zone} "), f"{zone} calls itself {name}")
        count = machine.run_ok(zone, "nproc").strip()
        machine.check(count == str(cpus), f"{zone}: nproc says {count}")
        said.append(f"{zone}: {name}; nproc: {count}")
    return said


def reset(machine):
    """linux1 reboots, and nobody else notices."""
    before, _ = new_tick(machine)
    machine.run_ok("linux0", "echo still-here > /tmp/mark")
    machine.key("linux1", "reboot\n")
    linux_up(machine, "linux1", RESET_S)
    after, count = new_tick(machine)
    machine.check(after > before, "tick stood still")
    mark = machine.run_ok("linux0", "cat /tmp/mark").strip()
    machine.check(mark == "still-here", "linux0 lost its memory")
    return [f"linux1: rebooted; tick went from second {before} to {after}: {count} ticks, none "
            "missed; linux0: still has its file"]


def power_off(machine):
    """Each zone powers itself off; the machine goes with the last."""
    linux_off(machine, "linux1")
    linux_off(machine, "linux0")
    next_tick(machine)
    last = check_ticks(machine)
    tick_off(machine)
    machine.expect_exit()
    return [f"linux1, linux0, then tick after {last} s: off; QEMU has ended"]


STEPS = (boot, look, reset, power_off)


def run(title, zones, steps):
    """Goes through the steps; the command line is LOG QEMU ARGS..."""
    log, command = sys.argv[1], sys.argv[2:]
    machine = Machine(command, zones, log)
    begun = time.monotonic()
    print(f"Vitrine demo: {title} (console: {log})")
    try:
        for number, step in enumerate(steps, 1):
            start = time.monotonic()
            said = step(machine)
            print(f"{number}. {step.__doc__} ({time.monotonic() - start:.1f} s)")
            print("".join(f"     {line}\n" for line in said), end="", flush=True)
    except Failure as failure:
        print(f"{number}. {step.__doc__}\nFAILED: {failure}\nconsole: {log}", file=sys.stderr)
        return 1
    finally:
        machine.finish()
    print(f"All {machine.checks} checks held, in {time.monotonic() - begun:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(run("three zones on one machine", ZONES, STEPS))
