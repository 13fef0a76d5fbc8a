# SPDX-License-Identifier: Apache-2.0
"""A zone's fault goes to its supervisor, which resumes it, ends it, or does not answer."""
import re

from zone.both import lines

ENDS = {"r": "power off", "w": "power off", "t": "fault", "n": "fault"}


def test(machine, stanza):
    key = stanza.args["key"]
    machine.expect("supervisor", "supervisor: ready", 20)
    machine.key("supervisor", key)
    for text in lines()[:-1]:
        machine.expect("bare", "^" + re.escape(text) + "$", 20)
    if key in "rw":
        machine.expect("bare", "^" + re.escape(lines()[-1]) + "$", 20)
        machine.expect("bare", "^vitrine: main returned 0$", 20)
    machine.expect("hyp", f"zone stopped zone=bare reason={ENDS[key]}", 20)
    found = machine.expect("supervisor", r"supervisor: (\d+) ok, (\d+) failed", 20)
    machine.check(found.group(2) == "0", machine.text("supervisor"))
    reports = machine.text("hyp").count("zone reports a fault zone=bare")
    machine.check(reports == 1, f"{reports} reports")  # perhaps before the key
    machine.expect_exit()
