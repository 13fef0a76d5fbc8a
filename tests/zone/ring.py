# SPDX-License-Identifier: Apache-2.0
"""The micro-VM program `ring` as a bare zone: an interrupt goes round its vCPUs, which sleep."""


def test(machine, stanza):
    zone = stanza.zones[0]
    machine.expect(zone, "^ring: done$", 40)
    machine.expect(zone, "^vitrine: main returned 0$", 10)
    machine.expect("hyp", "zone stopped zone=bare reason=power off", 10)
    machine.expect_exit()
