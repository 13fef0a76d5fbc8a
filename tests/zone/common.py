# SPDX-License-Identifier: Apache-2.0
"""What several zone tests do: wait for a Linux, read the counter, power zones off."""
import re

from harness.machine import Failure

INIT = r"vitrine-init: (\S+) cpus=(\d+) mem=(\d+)\n"
TICK = r"^tick (\d+): n=(\d+) missed=(\d+) overrun=(\d+) late min/avg/max (\d+)/(\d+)/(\d+) ns$"
LATE_MAX_NS = 2_000_000_000  # an emulator's host may stop a vCPU for long, but not for that long


def linux_up(machine, zone, timeout=60):
    """Waits for a Linux zone's shell; returns what its init said (release, cpus, kB)."""
    found = machine.expect(zone, INIT, timeout)
    machine.focus(zone)  # others' prompts are held back until their line is complete
    machine.expect(zone, re.escape(zone) + r":/# ", 20)
    return found.group(1), int(found.group(2)), int(found.group(3))


def linux_off(machine, zone):
    machine.skip("hyp")
    machine.key(zone, "poweroff\n")
    machine.expect("hyp", rf"zone stopped.*{zone}", 20)


def next_tick(machine, zone="tick", timeout=15):
    """Waits for the counter's next line, checks it, and returns (second, count)."""
    found = machine.expect(zone, TICK, timeout)
    second, count, missed, _, _, _, late = (int(g) for g in found.groups())
    machine.check(missed == 0, f"{zone} missed {missed} ticks: {found.group(0)}")
    machine.check(count >= second * 1000, f"{zone} counted wrong: {found.group(0)}")
    machine.check(late < LATE_MAX_NS, f"{zone} was stopped: {found.group(0)}")
    return second, count


def check_ticks(machine, zone="tick"):
    """All lines of the counter so far: no second left out, nothing missed, never restarted."""
    lines = re.findall(TICK, machine.text(zone), re.M)
    machine.check(len(lines) > 0, f"{zone} said nothing")
    before = 0
    for line in lines:
        second, _, missed = int(line[0]), int(line[1]), int(line[2])
        if missed != 0:
            raise Failure(f"{zone} missed {missed} ticks in second {second}")
        # A machine that stands still makes two seconds' ticks come at once: one line for both.
        if not before < second:
            raise Failure(f"{zone} went from second {before} to {second}: it restarted")
        before = second
    machine.check(machine.text(zone).count("tick: 1 kHz") == 1, f"{zone} restarted")
    return before


def tick_off(machine, zone="tick"):
    machine.key(zone, "q")
    machine.expect(zone, "tick: power off", 10)
