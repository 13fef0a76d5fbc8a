# SPDX-License-Identifier: Apache-2.0
"""A bare zone0 starts, pauses, resets and stops a worker; a counter beside it misses nothing."""
import re

from zone.common import LATE_MAX_NS, TICK, check_ticks, next_tick, tick_off


def test(machine, stanza):
    next_tick(machine)
    found = machine.expect("zone0", r"control: (\d+) ok, (\d+) failed", stanza.timeout)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text("zone0"), re.M)
    machine.check(found.group(2) == "0", f"{found.group(0)}: {failed}")
    machine.check(int(found.group(1)) >= 45, found.group(0))
    machine.expect("hyp", "zone stopped zone=zone0 reason=operator", 20)
    lines = re.findall(TICK, machine.text("worker"), re.M)
    machine.check(len(lines) >= 2, "the worker said nothing")
    late = [line for line in lines if line[2] != "0" or int(line[-1]) >= LATE_MAX_NS]
    machine.check(not late, f"virtual time did not stand still: {late}")
    next_tick(machine)
    check_ticks(machine)
    tick_off(machine)
    machine.expect_exit()
