# SPDX-License-Identifier: Apache-2.0
"""The smp guest: all its claims, again after SYSTEM_RESET2 and a reset of busy vCPUs."""
import re


def claims(machine, zone, stanza):
    vcpus = int(stanza.args["vcpus"])
    machine.expect(zone, rf"smp: vCPUs {vcpus}\b", 30)
    found = machine.expect(zone, r"smp: (\d+) ok, (\d+) failed", stanza.timeout)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text(zone), re.M)
    machine.check(found.group(2) == "0" and not failed, f"{found.group(0)}: {failed}")
    machine.check(int(found.group(1)) >= 8 * vcpus, f"{found.group(0)}: too few claims")


def test(machine, stanza):
    zone = stanza.zones[0]
    claims(machine, zone, stanza)
    machine.key(zone, "r")
    claims(machine, zone, stanza)
    machine.key(zone, "b")
    machine.expect(zone, "smp: all spin")
    claims(machine, zone, stanza)
    machine.check("came back" not in machine.text(zone), "SYSTEM_RESET2 returned")
    machine.key(zone, "q")
    machine.expect_exit()
