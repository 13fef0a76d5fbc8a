# SPDX-License-Identifier: Apache-2.0
"""The micro-VM program `irq` as a bare zone: what its main claims, each a line, and no failure."""
CLAIMS = ("clocks", "once", "periodic", "masked", "asleep though masked", "none lost",
          "none early", "stopped", "floor", "priorities", "nested", "sent",
          "refused", "preserved", "stack of handlers", "between vCPUs")


def test(machine, stanza):
    zone = stanza.zones[0]
    for claim in CLAIMS:
        machine.expect(zone, f"^irq: {claim}$", 30)
    machine.expect(zone, "^vitrine: main returned 0$", 30)
    machine.expect_exit()
