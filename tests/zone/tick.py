# SPDX-License-Identifier: Apache-2.0
"""The counter alone: counts on, shows its histogram, powers off."""
from zone.common import check_ticks, next_tick, tick_off


def test(machine, stanza):
    zone = stanza.zones[0] if stanza.zones else ""
    next_tick(machine, zone)
    next_tick(machine, zone)
    machine.key(zone, "s")
    machine.expect(zone, r"histogram: n=\d+")
    machine.expect(zone, r"histogram: below \d+ ns: \d+")
    machine.key(zone, "p")
    machine.expect(zone, "tick: quiet")
    machine.key(zone, "p")
    machine.expect(zone, "tick: a line per second")
    next_tick(machine, zone)
    check_ticks(machine, zone)
    tick_off(machine, zone)
    machine.expect_exit()
