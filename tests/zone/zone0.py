# SPDX-License-Identifier: Apache-2.0
"""Zone0 with Debian's kernel and the `vitrine` command: it starts, stops, pauses and watches other
zones, has their consoles, and whatever happens to its programs happens to nobody else.
"""
import json
import re

import jsonschema

from harness.machine import Failure
from harness.zone0_schema import SCHEMAS
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off

ZONE0 = "zone0"


def documents(text):
    """JSON documents, one a line; a line that another zone's cut in two is one again."""
    found, begun = [], ""
    for line in text.splitlines():
        begun += line
        try:
            found.append(json.loads(begun))
            begun = ""
        except ValueError:
            pass
    if begun:
        raise Failure(f"is no JSON: {begun[:300]}")
    return found


def ask(machine, command, kind=None, timeout=30):
    """Runs a verb with --json; returns its documents, each checked."""
    kind = kind or " ".join(command.split()[:2])
    found = documents(machine.run_ok(ZONE0, f"vitrine {command} --json", timeout))
    for document in found:
        jsonschema.validate(document, SCHEMAS[kind])
    machine.check(len(found) > 0, f"{command} says nothing")
    return found


def refused(machine, command, code, text):
    """A verb that must fail with an exit code, and say why."""
    status, output = machine.run(ZONE0, f"vitrine {command}")
    machine.check(status == code, f"{command}: status {status} instead of {code}: {output}")
    machine.check(text in output, f"{command}: no '{text}' in {output}")


def state(machine, zone):
    return ask(machine, f"zone status {zone}")[0]


def look(machine, stanza):
    """What there is, as text and JSON."""
    zones = {zone["name"]: zone for zone in ask(machine, "zone list")[0]["zones"]}
    machine.check(list(zones) == ["zone0", "linux1", "worker", "tick"], f"zones {list(zones)}")
    states = [zone["state"] for zone in zones.values()]
    machine.check(states == ["running", "running", "off", "running"], f"states {states}")
    machine.check(zones["linux1"]["memory"] == 192 << 20, f"memory {zones['linux1']}")
    machine.check([zone["cpus"] for zone in zones.values()] == [[0, 4], [1], [2], [3]],
                  "CPUs")
    machine.check(zones["worker"]["starts"] == 0 and zones["tick"]["starts"] == 1, "starts")
    regions = state(machine, "linux1")["regions"]
    machine.check(len(regions) == 1 and regions[0]["pool"] == 0, f"linux1's memory: {regions}")
    machine.check(regions[0]["offset"] >= 2 << 20, "in what is device-DAX's")
    machine.check(state(machine, "tick")["regions"][0]["pool"] is None, "tick is in a pool")
    doctor = ask(machine, "doctor", "doctor")[0]["zone0"]
    machine.check(doctor["usable"] and all(c["good"] for c in doctor["checks"]), f"{doctor}")
    machine.check(any(c["name"] == "pool" for c in doctor["checks"]), "no pool")
    listed = machine.run_ok(ZONE0, "vitrine zone list")
    machine.check(re.search(r"worker +user +off +0/1 +2 +16M +0 ", listed), listed)
    machine.check("request refused" not in machine.text("hyp"), "what is right was refused")


def refusals(machine, stanza):
    refused(machine, "zone start nobody", 1, "no such zone")
    refused(machine, "zone start linux1", 8, "not in this state")
    refused(machine, "zone stop worker", 8, "not in this state")
    refused(machine, "zone resume tick", 8, "not in this state")
    refused(machine, "zone fly linux1", 2, "no such verb")
    refused(machine, "zone stop", 2, "usage: vitrine zone stop")
    refused(machine, "log --level loud", 2, "usage: vitrine log")
    refused(machine, "zone pause zone0", 9, "the plan does not allow it")
    machine.check("control request refused zone=zone0" in machine.text("hyp"), "no line of the log")


def lives(machine, stanza):
    """The worker's lives, seen by a second client that only watches."""
    count = int(stanza.args["lives"])
    machine.run_ok(ZONE0, "vitrine zone watch worker --json >/tmp/w & sleep 1")
    text = machine.run_ok(ZONE0, f"life worker {count}", 60 + 5 * count)
    machine.check(f"life: {count} good" in text, text)
    machine.run_ok(ZONE0, "sleep 1; kill %1; wait")
    seen = documents(machine.run_ok(ZONE0, "head -n 30 /tmp/w; tail -n 30 /tmp/w", 60))
    for event in seen:
        jsonschema.validate(event, SCHEMAS["zone watch"])
    machine.check(all(a["time_ns"] <= b["time_ns"] for a, b in zip(seen[:30], seen[1:30])), "times")
    for what, least in (("", 6), ("off", 1), ("running", 3), ("paused", 1)):
        found = machine.run_ok(ZONE0, f"grep -c 'state\":\"{what}' /tmp/w")
        machine.check(int(found) >= least * count, f"{found} events '{what}' of {count} lives")
    machine.run_ok(ZONE0, "! grep lost /tmp/w")
    about = state(machine, "worker")
    machine.check(about["starts"] == 2 * count and about["reason"] == "operator", f"{about}")


def pause(machine, stanza):
    """A zone that is paused says nothing, and its time stands still."""
    machine.run_ok(ZONE0, "vitrine zone start worker")
    before = next_tick(machine, "worker", 20)[0]
    machine.run_ok(ZONE0, "vitrine zone pause worker")
    machine.skip("worker")
    machine.rest(4)
    machine.check("tick" not in machine.unseen("worker"), "it says something while it is paused")
    machine.check(state(machine, "worker")["state"] == "paused", "it is not paused")
    machine.run_ok(ZONE0, "vitrine zone resume worker")
    after = next_tick(machine, "worker", 20)[0]
    machine.check(after <= before + 3, f"its time went from {before} to {after} meanwhile")
    machine.run_ok(ZONE0, "vitrine zone stop worker")


def console(machine, stanza):
    """Linux's console from zone0: scroll-back, input, Ctrl-C for the zone, leaving."""
    machine.run_ok(ZONE0, "vitrine console --once --back all linux1 >/tmp/c")
    machine.run_ok(ZONE0, "grep vitrine-init: /tmp/c")
    for turn in (1, 2):
        machine.key(ZONE0, "vitrine console linux1\n")
        machine.expect(ZONE0, r"console of linux1; Ctrl-\] leaves", 20)
        machine.send("\n")
        machine.expect(ZONE0, r"linux1:\S* # |linux1:\S*# ", 20)
        machine.send(f"echo turn-$(({turn} + 40))\n")
        machine.expect(ZONE0, f"^turn-{turn + 40}", 20)
        machine.send("sleep 1000\n")
        machine.rest(1)
        machine.send("\x03")
        machine.expect(ZONE0, r"linux1:\S*# ", 20)
        machine.send("echo status-$?\n")
        machine.expect(ZONE0, "^status-130", 20)
        machine.send("\x1d")
        machine.expect(ZONE0, r"vitrine: left", 20)
        machine.run_ok(ZONE0, "true")
    text = machine.run_ok(ZONE0, "echo 'echo $((6*7))-piped' | vitrine console linux1")
    machine.check("42-piped" in text, text)


def clients(machine, stanza):
    """Programs that are killed, or end by Ctrl-C, in the middle of everything."""
    count = int(stanza.args["kills"])
    text = machine.run_ok(ZONE0, f"kill9 {count}", 60 + 2 * count)
    machine.check(f"kill9: {count} good" in text, text)
    machine.key(ZONE0, "vitrine zone watch\n")
    machine.rest(1)
    machine.send("\x03")
    machine.run_ok(ZONE0, "true")
    machine.key(ZONE0, "vitrine zone start worker; vitrine top\n")
    machine.expect(ZONE0, "vitrine top: 4 zones, 4 running; q ends", 30)
    machine.expect(ZONE0, r"worker +0 +2 +running +on ", 30)
    machine.send("q")
    machine.run_ok(ZONE0, "vitrine zone stop worker")


def counts(machine, stanza):
    """Statistics grow, and the log has what happened."""
    vcpus = ask(machine, "stat", "stat")[0]["vcpus"]
    machine.check(len(vcpus) == 5 and sum(vcpus[0]["exits"].values()) > 100, f"{vcpus}")
    top = ask(machine, "top -n 2 -d 0.5", "top")
    machine.check(len(top) == 2, f"{len(top)} pictures")
    machine.check(any(v["exits_per_second"] > 0 for v in top[1]["vcpus"]), f"{top[1]}")
    log = "\n".join(line.get("text", "") for line in ask(machine, "log", "log", 60))
    machine.check("zone stopped" in log and "worker" in log, log[-1000:])
    level = machine.run_ok(ZONE0, "vitrine log --level '?'").strip()
    machine.check(level == "info", f"level {level}")


def linux(machine, stanza):
    """A Linux is reset, stopped and started; its own power-off shows with its reason."""
    machine.run_ok(ZONE0, "vitrine zone reset linux1")
    linux_up(machine, "linux1", stanza.timeout)
    machine.run_ok(ZONE0, "vitrine zone stop linux1")
    machine.check(state(machine, "linux1")["reason"] == "operator", "reason of a stop")
    machine.run_ok(ZONE0, "vitrine zone start linux1")
    linux_up(machine, "linux1", stanza.timeout)
    linux_off(machine, "linux1")
    about = state(machine, "linux1")
    machine.check(about["state"] == "off" and about["reason"] == "power-off", f"{about}")


def garbage(machine, stanza):
    """A program that sends random bytes gets answers; nobody but its victim notices."""
    before = {zone["name"]: zone for zone in ask(machine, "zone list")[0]["zones"]}
    second = next_tick(machine)[0]
    count = int(stanza.args["garbage"])
    text = machine.run_ok(ZONE0, f"garble 12345 {count} worker", 60 + count // 50)
    machine.check(f"garble: {2 * count} requests" in text and "then done" in text, text)
    after = {zone["name"]: zone for zone in ask(machine, "zone list")[0]["zones"]}
    for name in ("zone0", "linux1", "tick"):
        machine.check(before[name] == after[name], f"{before[name]} became {after[name]}")
    machine.check(next_tick(machine)[0] > second, "tick stood still")
    if after["worker"]["state"] == "paused":
        machine.run_ok(ZONE0, "vitrine zone resume worker")
    if after["worker"]["state"] != "off":
        machine.run_ok(ZONE0, "vitrine zone stop worker")
    machine.run_ok("linux1", "true")


STEPS = (look, refusals, lives, pause, console, clients, counts, garbage, linux)


def test(machine, stanza):
    linux_up(machine, ZONE0, stanza.timeout)
    machine.expect("linux1", r"vitrine-init: ", stanza.timeout)
    for step in STEPS:
        print(f"  {step.__name__}", flush=True)
        step(machine, stanza)
    check_ticks(machine)
    linux_off(machine, ZONE0)
    tick_off(machine)
    machine.expect_exit()
