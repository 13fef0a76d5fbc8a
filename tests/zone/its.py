# SPDX-License-Identifier: Apache-2.0
"""Messages of devices (MSI, MSI-X by an ITS): Linux reads a disk and a network card right by them,
while a bare guest attacks with commands, queues and tables, and resets with messages under way.
"""
import re

from zone.common import linux_off
from zone.dma import passed, read_disk, read_network, set_up


def begin(machine):
    machine.expect("attacker", "attack its: ready", 30)
    machine.key("attacker", "7,1,")
    machine.expect("attacker", "attack its: begins", 10)


def test(machine, stanza):
    zone = "linux0"
    begin(machine)
    set_up(machine, stanza, zone)
    read_disk(machine, zone)
    machine.key("attacker", "a")
    read_disk(machine, zone)
    read_network(machine, zone)
    passed(machine, "its", 180)
    sums = re.findall(r"attempts (\d+) faults (\d+)", machine.text("attacker"))
    machine.check(sums and sums[-1][1] == "1", f"attempts and faults: {sums}")
    for _ in range(2):
        machine.key("attacker", "r")
        machine.expect("attacker", "its: leaves messages", 10)
        begin(machine)
        machine.key("attacker", "f")
        passed(machine, "fresh", 30)
    machine.key("attacker", "r")
    machine.expect("attacker", "its: leaves messages", 10)
    begin(machine)
    machine.key("attacker", "t")
    passed(machine, "table", 30)
    read_disk(machine, zone)
    machine.key(zone, "reboot\n")
    set_up(machine, stanza, zone)
    read_disk(machine, zone)
    read_network(machine, zone)
    machine.check("ITS does not answer" not in machine.text("hyp"), "the ITS has failed")
    machine.key("attacker", "q")
    linux_off(machine, zone)
    machine.expect_exit()
