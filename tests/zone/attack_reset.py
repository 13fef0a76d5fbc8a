# SPDX-License-Identifier: Apache-2.0
"""A zone that resets itself without end: what is left of the life before, the job beside it, the
log, the operator's last word."""
import re

from zone.attack import BOUND, Job
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off

LINES = 40  # about resets, in ten seconds: a budget of 16, and a reserve


def test(machine, stanza):
    linux_up(machine, "linux0", stanza.timeout)
    next_tick(machine)
    job = Job(machine, "linux0")
    job.run()
    before = machine.text("attacker").count("again")
    begun, _ = next_tick(machine)
    rounds = [job.run() for _ in range(3)]
    machine.rest(2)
    ended, _ = next_tick(machine)
    lives = machine.text("attacker").count("again") - before
    machine.check(lives >= int(stanza.args["resets"]), f"only {lives} resets")
    left = re.findall(r"attack reset: .* left .*", machine.text("attacker"))
    machine.check(not left, f"of a life before: {left[:3]}")
    lines = re.findall(r"zone=attacker", machine.text("hyp"))
    machine.check(len(lines) <= LINES * (1 + ended / 10), f"{len(lines)} lines of the log")
    machine.focus("attacker")
    machine.skip("hyp")
    machine.send("\x01k")
    machine.expect("hyp", r"zone stopped.*attacker.*operator", 20)
    alone = job.run()
    cpu = sum(r[0] for r in rounds) / len(rounds)
    with open(machine.log.with_name("attack.log"), "w", encoding="utf-8") as log:
        log.write(f"resets {lives} in {ended - begun} s\n"
                  f"job alone: cpu {alone[0]:.2f} s, under attack {cpu:.2f} s\n")
    machine.check(cpu <= BOUND * alone[0], f"{cpu:.2f} s of CPU instead of {alone[0]:.2f} s")
    check_ticks(machine)
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
