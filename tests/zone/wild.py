# SPDX-License-Identifier: Apache-2.0
"""Guests that break themselves: the neighbours go on, and the operator starts the zone again."""
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off


def break_and_mend(machine, key):
    """However it ends, spinning in its own faults or stopped, it must come back by a reset."""
    machine.key("wild", key)
    machine.expect("wild", r"wild: \w+ nowhere", 10)
    machine.rest(1)
    next_tick(machine)
    machine.skip("hyp")
    machine.send("\x01z")
    state = machine.expect("hyp", r"zone.*\bwild\b.*\b(running|off)\b").group(1)
    machine.send("\x01r" if state == "running" else "\x01s")
    machine.expect("wild", "wild: ready", 10)


def test(machine, stanza):
    linux_up(machine, "linux0", stanza.timeout)
    machine.expect("wild", "wild: ready")
    for key in "vjts":
        break_and_mend(machine, key)
        machine.run_ok("linux0", "true")
    # A fault that the guest reports itself, as the hello example does.
    machine.key("hello", "f")
    machine.expect("hello", "fault: data abort")
    machine.expect("hello", "the zone powers off")
    machine.run_ok("linux0", "true")
    next_tick(machine)
    # The operator stops and starts a zone.
    machine.skip("hyp")
    machine.focus("wild")
    machine.send("\x01k")
    machine.expect("hyp", r"zone stopped.*wild")
    machine.send("\x01s")
    machine.expect("wild", "wild: ready", 10)
    machine.key("wild", "q")
    check_ticks(machine)
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
