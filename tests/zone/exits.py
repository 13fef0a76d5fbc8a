# SPDX-License-Identifier: Apache-2.0
"""Accounting of exits: Ctrl-A t counts what Linux does, by vCPU, and anew after a reset."""
from zone.common import linux_off, linux_up

CLASSES = ("hvc", "smc", "reg", "read", "write", "irq", "wait", "fault", "other")


def exits(machine, zone):
    """Counters by vCPU and class."""
    machine.skip("hyp")
    machine.send("\x01t")
    line = rf"exits zone={zone} vcpu=(\d+) " + " ".join(rf"{name}=(\d+)" for name in CLASSES)
    found = [machine.expect("hyp", line, 10) for _ in range(2)]
    machine.check([match[1] for match in found] == ["0", "1"], found)
    return [dict(zip(CLASSES, map(int, match.groups()[1:]))) for match in found]


def writes(counts):
    return sum(vcpu["write"] for vcpu in counts)


def booted(machine, counts):
    """What any boot of Linux on two vCPUs does."""
    machine.check(all(vcpu["irq"] > 10 and vcpu["reg"] > 0 for vcpu in counts), counts)
    machine.check(all(vcpu["write"] > 0 for vcpu in counts), counts)
    machine.check(counts[0]["read"] > 20, counts)  # it sets the distributor up
    machine.check(counts[0]["hvc"] + counts[0]["smc"] > 1, counts)  # version, CPU_ON
    machine.check(all(vcpu["fault"] == vcpu["wait"] == 0 for vcpu in counts), counts)


def test(machine, stanza):
    zone = stanza.zones[0]
    linux_up(machine, zone, stanza.timeout)
    first = exits(machine, zone)
    booted(machine, first)
    machine.run_ok(zone, "for i in $(seq 1000); do echo; done; sleep 1")
    second = exits(machine, zone)
    machine.check(second[0]["irq"] > first[0]["irq"], second)
    machine.check(all(second[i][name] >= first[i][name] for i in range(2) for name in CLASSES),
                  (first, second))
    machine.check(writes(second) >= writes(first) + 1000, (first, second))
    print("  " + " ".join(f"{name}={second[0][name]}" for name in CLASSES))
    machine.send("\x01r")
    linux_up(machine, zone, stanza.timeout)
    third = exits(machine, zone)
    booted(machine, third)
    machine.check(writes(third) < writes(second) - 500, (second, third))
    linux_off(machine, zone)
    machine.expect_exit()
