# SPDX-License-Identifier: Apache-2.0
"""A channel between Linux and a bare guest: messages, interrupts, peers that come and go."""
import re

from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off

RESULT = r"channel: (\w+) messages (\d+) bad (\d+) bytes (\d+) us (\d+) ns/message (\d+) " \
         r"least (\d+) kB/s (\d+)"


def measure(machine, what, count):
    """One run of the Linux program; returns its numbers."""
    text = machine.run_ok("linux1", f"channel {what} data {count}", 60)
    found = re.search(RESULT, text)
    machine.check(found and found.group(1) == what, text)
    machine.check(found.group(2) == str(count) and found.group(3) == "0", text)
    return [int(group) for group in found.groups()[1:]]


def interrupts(machine):
    """Interrupts of the channel's function so far, as Linux counts them."""
    text = machine.run_ok("linux1", "grep uio_pci_generic /proc/interrupts || echo 0: 0")
    return sum(int(word) for line in text.splitlines() for word in line.split()[1:3]
               if word.isdigit())


def listed(machine):
    text = machine.run_ok("linux1", "channel list")
    return {line.split()[1]: line for line in text.splitlines() if " side " in line}


def peers(machine):
    """Linux hears of each stop and start of its peer, and messages work after them."""
    for starts in (2, 3):
        machine.focus("linux1")
        machine.send("channel watch data 2 &\n")
        machine.expect("linux1", "channel: watching", 10)
        machine.key("echo", "r")
        machine.expect("linux1", r"channel: peer down starts %d" % (starts - 1), 20)
        machine.expect("linux1", rf"channel: peer up starts {starts}", 20)
        machine.focus("linux1")
        machine.send("\n")
        machine.run_ok("linux1", "wait")
        machine.expect("echo", "echo: ready", 10)
        measure(machine, "verify", 20)


def reboot(machine):
    """The bare guest hears of Linux's stop and start; the memory is still there."""
    machine.skip("echo")
    machine.key("linux1", "reboot\n")
    machine.expect("echo", "echo: peer is down, starts 1", 20)
    machine.expect("echo", "echo: peer is up, starts 2", 20)
    linux_up(machine, "linux1")
    measure(machine, "verify", 50)


def test(machine, stanza):
    linux_up(machine, "linux1", stanza.timeout)
    machine.expect("echo", "echo: ready, side 1", 20)
    channels = listed(machine)
    machine.check(set(channels) == {"data", "quiet"}, channels)
    machine.check("side 0 size 65536 notify 1 peer up starts 1" in channels["data"], channels)
    machine.check("side 1 size 4096 notify 0 peer up starts 1" in channels["quiet"], channels)
    before = interrupts(machine)
    count = int(stanza.args["messages"])
    trip = measure(machine, "verify", count)
    print(f"  round trip of {trip[2] // count} bytes: mean {trip[4]} ns, least {trip[5]} ns")
    machine.check(interrupts(machine) > before, "no interrupt came")
    push = measure(machine, "push", count)
    print(f"  throughput Linux to bare: {push[6]} kB/s")
    machine.expect("echo", rf"echo: {count} messages, (\d+) bytes, (\d+) us, bad 0", 10)
    complaint = machine.run("linux1", "dmesg | grep -i -e WARNING: -e 'pci.*can.t'")[1]
    machine.check("WARNING" not in complaint and "pci 0" not in complaint, complaint)
    peers(machine)
    reboot(machine)
    next_tick(machine)
    # A peer that has gone for good.
    machine.skip("hyp")
    machine.key("echo", "q")
    machine.expect("hyp", "zone stopped.*echo", 10)
    machine.check("peer down starts 3" in listed(machine)["data"], "the peer's end was not seen")
    check_ticks(machine)
    linux_off(machine, "linux1")
    tick_off(machine)
    machine.expect_exit()
