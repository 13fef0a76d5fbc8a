# SPDX-License-Identifier: Apache-2.0
"""A guest that checks by itself and says how many claims held."""
import re


def test(machine, stanza):
    zone = stanza.zones[0] if stanza.zones else ""
    guest = stanza.args["guest"]
    found = machine.expect(zone, rf"{guest}: (\d+) ok, (\d+) failed", stanza.timeout)
    failed = re.findall(r"^\s*(FAIL .*)$", machine.text(zone), re.M)
    machine.check(found.group(2) == "0" and not failed, f"{found.group(0)}: {failed}")
    machine.check(int(found.group(1)) >= int(stanza.args["least"]),
                  f"{found.group(0)}: fewer claims than the {stanza.args['least']} there should be")
    if "key" in stanza.args:
        machine.key(zone, stanza.args["key"])
    machine.expect_exit()
