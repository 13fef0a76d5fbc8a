#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo of zone0 without a terminal: zone0 boots alone, starts a Linux with disk and network and
a counter, has their consoles, pauses one, kills the server of devices, and stops all; each step is
shown and checked.

Usage: scripts/tour_zone0.py LOG QEMU ARGS...; exit status 0: all steps held.
"""
import sys

from tour import run
from zone.common import linux_off, linux_up, next_tick

ZONES = ["zone0", "linux1", "tick"]
BOOT_S = 90


def lines(text):
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def boot(machine):
    """Zone0 comes alive, alone."""
    release, cpus, memory = linux_up(machine, "zone0", BOOT_S)
    said = machine.run_ok("zone0", "vitrine zone list")
    machine.check(said.count(" off ") == 2, said)
    return [f"zone0: Linux {release}, {cpus} CPU, {memory // 1024} MiB", *lines(said)]


def start(machine):
    """Zone0 serves devices, and starts a Linux that has them and a counter."""
    machine.run_ok("zone0", "devices")
    said = lines(machine.run_ok("zone0", "vitrine zone start linux1 tick"))
    machine.check(said == ["linux1: running", "tick: running"], said)
    machine.expect("linux1", r"vitrine-init: ", BOOT_S)
    next_tick(machine)
    return said


def console(machine):
    """linux1's console, in zone0's terminal."""
    machine.key("zone0", "vitrine console linux1\n")
    machine.expect("zone0", "leaves", 20)
    machine.send("\n")
    machine.expect("zone0", r"linux1:\S*# ", 20)
    machine.send("uname -a\n")
    found = machine.expect("zone0", r"^Linux linux1 .*", 20).group(0)
    machine.send("\x1d")
    machine.expect("zone0", "vitrine: left", 20)
    return [found.strip()]


def use(machine):
    """linux1 writes to its disk and reaches zone0 by its network card."""
    machine.run_ok("linux1", "dd if=/dev/urandom of=/mnt/file bs=1M count=8; sync", 60)
    said = lines(machine.run_ok("linux1", "mount | grep /mnt; md5sum /mnt/file"))
    return said + lines(machine.run_ok("linux1", "ping -c 2 10.9.0.1", 60))[-2:]


def kill(machine):
    """The server is killed, another takes its place, and linux1 goes on."""
    before = machine.run_ok("linux1", "md5sum /mnt/file")
    machine.run_ok("zone0", "killall -9 vitrine")
    machine.run_ok("linux1", "echo 3 >/proc/sys/vm/drop_caches")
    after = machine.run_ok("linux1", "md5sum /mnt/file", 60)
    machine.check(before == after, f"{before} became {after}")
    machine.run_ok("linux1", "ping -c 2 10.9.0.1", 60)
    machine.run_ok("linux1", "cp /mnt/file /mnt/copy; sync; umount /mnt", 60)
    log = machine.run_ok("zone0", "cat /tmp/devices.log")
    machine.check(log.count("linux1.disk: served") == 2, log)
    return ["linux1: " + after.strip(), "its disk was written, its network answers"]


def pause(machine):
    """The counter pauses: for it, no time goes by."""
    machine.run_ok("zone0", "vitrine zone pause tick")
    machine.skip("tick")
    machine.rest(3)
    machine.check("tick" not in machine.unseen("tick"), "it counts on")
    machine.run_ok("zone0", "vitrine zone resume tick")
    second, count = next_tick(machine)
    return [f"tick: silent for 3 s, then {count} ticks in its {second} s, none missed"]


def look(machine):
    """What they do."""
    said = machine.run_ok("zone0", "vitrine top -n 1 -d 1")
    machine.check("vitrine top: 3 zones, 3 running" in said, said)
    return lines(said)


def stop(machine):
    """One powers itself off, one is stopped; then zone0 goes, and the machine with it."""
    linux_off(machine, "linux1")
    machine.run_ok("zone0", "vitrine zone stop tick")
    said = machine.run_ok("zone0", "vitrine zone list")
    # On a busy host the server may need more than 100 ms to let go of linux1's memory.
    machine.check(("power-off" in said or " device" in said) and "operator" in said, said)
    linux_off(machine, "zone0")
    machine.expect_exit()
    return lines(said)


STEPS = (boot, start, console, use, kill, pause, look, stop)

if __name__ == "__main__":
    sys.exit(run("zone0 and the zones that it starts", ZONES, STEPS))
