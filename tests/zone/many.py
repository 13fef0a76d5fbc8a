# SPDX-License-Identifier: Apache-2.0
"""Eight zones on sixteen CPUs: the most that a plan can have."""
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off


def test(machine, stanza):
    for zone, count in (("linux0", 4), ("linux1", 4), ("linux2", 1)):
        _, cpus, _ = linux_up(machine, zone, stanza.timeout / 2)
        machine.check(cpus == count, f"{zone} has {cpus} CPUs")
    found = machine.expect("smp", r"smp: (\d+) ok, (\d+) failed", stanza.timeout / 2)
    machine.check(found.group(2) == "0", found.group(0))
    machine.expect("hello", "hello from hello: 1 vCPU")
    next_tick(machine)
    machine.key("linux1", "reboot\n")
    linux_up(machine, "linux1", stanza.timeout / 2)
    for zone in ("linux0", "linux1", "linux2"):
        machine.run_ok(zone, "true", 60)
    check_ticks(machine)
    for zone in ("linux0", "linux1", "linux2"):
        linux_off(machine, zone)
    machine.key("smp", "q")
    machine.key("hello", "q")
    machine.expect("wild", "wild: ready")
    machine.key("wild", "q")
    machine.focus("flood")
    machine.send("\x01k")
    tick_off(machine)
    machine.expect_exit(60)
