# SPDX-License-Identifier: Apache-2.0
"""One Linux: CPU count, memory, hotplug, timers, reboot, power off."""
from zone.common import linux_off, linux_up

SYS = "/sys/devices/system/cpu"
UNITS = {"M": 1 << 10, "G": 1 << 20}  # in kB


def up(machine, stanza, zone):
    release, cpus, memory = linux_up(machine, zone, stanza.timeout)
    size = stanza.settings["size"]
    given = int(size[:-1]) * UNITS[size[-1]]
    machine.check(release.startswith(stanza.kernel + "."), f"kernel {release}")
    machine.check(cpus == int(stanza.args["vcpus"]), f"{cpus} CPUs")
    # What the kernel itself takes: its image, page structures (1/64) and more.
    machine.check(given - given // 16 - 70 * 1024 <= memory <= given, f"{memory} of {given} kB")


def hotplug(machine, zone, cpus):
    """Each CPU but the first off and on again, with work on it in between."""
    for cpu in range(1, cpus):
        machine.run_ok(zone, f"echo 0 > {SYS}/cpu{cpu}/online")
        machine.check(machine.run_ok(zone, "nproc").strip() == str(cpus - 1), "CPU is not off")
        machine.run_ok(zone, f"echo 1 > {SYS}/cpu{cpu}/online")
        machine.check(machine.run_ok(zone, "nproc").strip() == str(cpus), "CPU is not on")
        machine.run_ok(zone, f"taskset {1 << cpu:x} sleep 0.1")


def interrupts(machine, zone, cpus):
    """Each CPU has had timer interrupts."""
    line = machine.run_ok(zone, "grep arch_timer /proc/interrupts").split(":", 1)[1].split()
    counts = [int(word) for word in line[:cpus]]
    machine.check(all(count > 0 for count in counts), f"timer interrupts: {counts}")


def test(machine, stanza):
    zone = stanza.zones[0]
    cpus = int(stanza.args["vcpus"])
    up(machine, stanza, zone)
    interrupts(machine, zone, cpus)
    if int(stanza.args["hotplug"]):
        hotplug(machine, zone, cpus)
    for _ in range(int(stanza.args["reboots"])):
        machine.key(zone, "reboot\n")
        up(machine, stanza, zone)
    machine.check(machine.run_ok(zone, "dmesg | grep -c 'PSCIv1.1' ").strip() != "0", "no PSCI 1.1")
    machine.check("WARNING:" not in machine.run(zone, "dmesg | grep WARNING:")[1], "kernel warning")
    linux_off(machine, zone)
    machine.expect_exit()
