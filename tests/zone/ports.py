# SPDX-License-Identifier: Apache-2.0
"""Network cards whose driver needs I/O ports (the old e1000), one in each of two Linux zones: each
has its own ports, sends and receives, and does again after a restart of its zone.
"""
import re

from zone.common import linux_off, linux_up
from zone.dma import read_network

PORTS = {"linux0": 0x0, "linux1": 0x2000}
WINDOW = 0x2000


def set_up(machine, stanza, zone):
    linux_up(machine, zone, stanza.timeout)
    machine.run_ok(zone, "insmod /lib/e1000.ko")
    machine.run_ok(zone, "ifconfig eth0 10.0.2.15 up")
    bar = machine.run_ok(zone, "hexdump -s20 -n4 /sys/bus/pci/devices/*/config")
    port = int(re.search(r"0000014 ([0-9a-f]{4}) 0000", bar).group(1), 16)
    machine.check(port & 3 == 1 and 0 <= port - 1 - PORTS[zone] < WINDOW, f"{zone}: BAR {bar}")


def test(machine, stanza):
    for zone in PORTS:
        set_up(machine, stanza, zone)
    for zone in PORTS:
        read_network(machine, zone)
    machine.key("linux1", "reboot\n")
    set_up(machine, stanza, "linux1")
    for zone in PORTS:
        read_network(machine, zone)
    machine.check("address=" not in machine.text("hyp"), "the SMMU blocked a card")
    for zone in reversed(PORTS):
        linux_off(machine, zone)
    machine.expect_exit()
