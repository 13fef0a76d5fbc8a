# SPDX-License-Identifier: Apache-2.0
"""The hello guest: keys, reset by itself, a fault that it reports itself."""


def test(machine, stanza):
    zone = stanza.zones[0] if stanza.zones else ""
    name = zone or "native"
    machine.expect(zone, rf"hello from {name}: (\d+) vCPU", 20)
    machine.expect(zone, "hello> ")
    machine.key(zone, "h")
    machine.expect(zone, "keys: h help, q power off")
    machine.key(zone, "r")
    machine.expect(zone, rf"hello from {name}")
    machine.expect(zone, "hello> ")
    machine.key(zone, "f")
    machine.expect(zone, "fault: data abort, vector 0, vcpu 0")
    machine.expect(zone, r"far 0x3f00000000")
    machine.expect(zone, "the zone powers off")
    machine.expect_exit()
