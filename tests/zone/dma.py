# SPDX-License-Identifier: Apache-2.0
"""Devices of the machine behind the SMMU: Linux reads a disk and a network card right, while a bare
guest with a DMA engine reaches for everything else, floods, and resets with a transfer under way.
"""
import hashlib
import re

from zone.common import linux_off, linux_up

BLOCKED = ["42000000", "50000000", "43000000", "8000000", "9000000", "70000000"]


def expected(machine):
    return hashlib.sha256(machine.log.with_name("disk").read_bytes()).hexdigest()


def read_disk(machine, zone):
    machine.run_ok(zone, "echo 3 > /proc/sys/vm/drop_caches")
    found = machine.run_ok(zone, "sha256sum /dev/vda", 60).split()[0]
    machine.check(found == expected(machine), f"the disk reads as {found}")


def read_network(machine, zone):
    machine.run_ok(zone, "tftp -g -r disk -l /t 10.0.2.2", 90)
    found = machine.run_ok(zone, "sha256sum /t; rm /t").split()[0]
    machine.check(found == expected(machine), f"the network reads as {found}")


def set_up(machine, stanza, zone):
    linux_up(machine, zone, stanza.timeout)
    # A busy host makes the kernel complain between the words.
    found = re.findall(r"0000:\S+", machine.run_ok(zone, "ls /sys/bus/pci/devices"))
    wanted = stanza.args.get("functions", "0000:00:02.0 0000:00:03.0").split()
    machine.check(found == wanted, f"functions {found}")
    for pair in stanza.overlay:
        machine.run_ok(zone, f"insmod /{pair.split('=')[0]}")
    machine.run_ok(zone, "ifconfig eth0 10.0.2.15 up")
    machine.run_ok(zone, "ls -l /dev/vda")
    lines = machine.run_ok(zone, "cat /proc/interrupts")
    for name in ("virtio0-req.0", "eth0-rx-0"):
        machine.check(re.search(rf"ITS-\S+ +\d+ +Edge +{name}", lines), f"no message for {name}")


def passed(machine, name, timeout):
    found = machine.expect("attacker", rf"{name}: (\d+) ok, (\d+) failed", timeout)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text("attacker"), re.M)
    machine.check(found.group(2) == "0", f"{found.group(0)}: {failed}")


def test(machine, stanza):
    zone = "linux0"
    machine.expect("attacker", "dma: ready")
    set_up(machine, stanza, zone)
    read_disk(machine, zone)
    read_network(machine, zone)
    machine.key("attacker", "a")
    passed(machine, "dma", 60)
    for address in BLOCKED:
        for access in ("read", "write"):
            machine.check(re.search(rf"DMA blocked zone=attacker address=0x{address} "
                                    rf"access={access}", machine.text("hyp")),
                          f"no line about the {access} at 0x{address}")
    machine.check("zone=linux0 address" not in machine.text("hyp"), "linux0 was blocked")
    machine.key("attacker", "m")
    machine.expect("attacker", "dma: has moved", 10)
    read_disk(machine, zone)
    read_network(machine, zone)
    for _ in range(2):
        machine.key("attacker", "r")
        machine.expect("attacker", "dma: leaves a transfer running", 10)
        machine.expect("attacker", "dma: ready", 20)
        machine.key("attacker", "f")
        passed(machine, "fresh", 20)
    machine.key("attacker", "l")
    passed(machine, "flood", 60)
    machine.check("devices are cut off zone=attacker" in machine.text("hyp"), "not cut off")
    machine.key("attacker", "r")
    machine.expect("attacker", "dma: ready", 20)
    machine.key("attacker", "f")
    passed(machine, "fresh", 20)
    read_disk(machine, zone)
    read_network(machine, zone)
    machine.key(zone, "reboot\n")
    set_up(machine, stanza, zone)
    read_disk(machine, zone)
    read_network(machine, zone)
    machine.key("attacker", "q")
    linux_off(machine, zone)
    machine.expect_exit()
