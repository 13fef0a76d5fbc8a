# SPDX-License-Identifier: Apache-2.0
"""A channel between two bare guests, beside one that does its worst to the PCI bus."""
import re

from zone.common import check_ticks, next_tick, tick_off

RESULT = r"perf: (\w+) messages (\d+) bad (\d+) bytes (\d+) us (\d+) ns/message (\d+) " \
         r"least (\d+) kB/s (\d+)\n"


def measure(machine):
    machine.key("ask", "m")
    for what, count in (("verify", 1000), ("push", 2000)):
        found = machine.expect("ask", RESULT, 60)
        machine.check(found.group(1) == what, found.group(0))
        machine.check(found.group(2) == str(count) and found.group(3) == "0", found.group(0))
        print(f"  {found.group(0).strip()}")


def test(machine, stanza):
    machine.expect("echo", "echo: ready, side 1", 20)
    machine.expect("ask", "perf: keys", 20)
    measure(machine)
    # Each claim of the hostile guest, then its storm of doorbells, registers and configuration.
    found = machine.expect("pci", r"pci: (\d+) ok, (\d+) failed", stanza.timeout)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text("pci"), re.M)
    machine.check(found.group(2) == "0" and not failed, f"{found.group(0)}: {failed}")
    machine.check(int(found.group(1)) >= 20, f"{found.group(0)}: too few claims")
    machine.expect("pci", "pci: storm", 10)
    machine.key("ask", "r")
    machine.expect("ask", "perf: keys", 20)
    measure(machine)
    next_tick(machine)
    # The peer itself storms: whoever shares a channel with it still runs.
    machine.key("echo", "f")
    machine.expect("echo", "echo: storm", 10)
    next_tick(machine)
    machine.key("echo", "x")
    machine.expect("echo", "echo: calm", 10)
    machine.key("echo", "r")
    machine.expect("echo", "echo: ready, side 1", 10)
    measure(machine)
    machine.focus("pci")
    machine.send("\x01k")
    check_ticks(machine)
    machine.key("ask", "q")
    machine.key("echo", "q")
    tick_off(machine)
    machine.expect_exit()
