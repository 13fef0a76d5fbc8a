# SPDX-License-Identifier: Apache-2.0
"""The micro-VM program `gang` as a bare zone of several vCPUs: its lines, then vCPU 1 faults while
another spins, and the zone stops. gang_test runs the same file."""
from zone.both import check_file

CHECKS = 12


def test(machine, stanza):
    zone = stanza.zones[0]
    check_file(machine, "gang")
    for _ in range(CHECKS):
        machine.expect(zone, r"^gang: [a-z' ]+: ok$", 30)
    machine.expect("hyp", r"zone reports a fault zone=bare vcpu=1 class=memory reason=\d+ level=0 "
                          r"pc=0x2\w+ address=0xdead0008 ", 20)
    machine.expect("hyp", r"zone stopped zone=bare reason=fault", 10)
    machine.check("BAD" not in machine.text(zone), "a claim is BAD")
    machine.expect_exit()
