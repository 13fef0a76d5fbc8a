# SPDX-License-Identifier: Apache-2.0
"""Zones that reset again and again beside a counter that never misses."""
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off


def test(machine, stanza):
    linux_up(machine, "linux0", stanza.timeout)
    machine.focus("hello")
    machine.expect("hello", "hello> ")
    begun, _ = next_tick(machine)
    for _ in range(int(stanza.args["bare"])):
        machine.key("hello", "r")
        machine.expect("hello", "hello from hello: 2 vCPU")
        machine.expect("hello", "hello> ")
    for _ in range(int(stanza.args["linux"])):
        machine.key("linux0", "reboot\n")
        linux_up(machine, "linux0", 60)
        next_tick(machine)
    starts = machine.text("hello").count("hello from hello")
    machine.check(starts == int(stanza.args["bare"]) + 1, f"hello started {starts} times")
    next_tick(machine)
    machine.check(check_ticks(machine) > begun, "tick stood still")
    machine.key("hello", "q")
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
