# SPDX-License-Identifier: Apache-2.0
"""The regs guest as an attacker: every encoding of a register, beside a job and a counter."""
import re

from zone.attack import BOUND, Job
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off


def sweep_over(machine, runs):
    machine.pump(0)
    machine.check_crash()
    return len(re.findall(r"^regs: \d+ ok", machine.text("attacker"), re.M)) == runs


def test(machine, stanza):
    linux_up(machine, "linux0", stanza.timeout)
    machine.expect("attacker", r"regs: \d+ ok", stanza.timeout)  # once, while Linux was booting
    next_tick(machine)
    machine.check(re.search(r"zone stopped.*attacker", machine.text("hyp")), "it still runs")
    job = Job(machine, "linux0")
    job.run()
    alone = job.run()
    machine.focus("attacker")
    machine.send("\x01s")
    machine.expect("attacker", "regs: begins", 20)
    rounds = []
    while not sweep_over(machine, 2):
        rounds.append(job.run())
    machine.expect("attacker", rf"regs: {stanza.args['claims']} ok, 0 failed", 20)
    cpu = sum(r[0] for r in rounds) / len(rounds)
    with open(machine.log.with_name("attack.log"), "w", encoding="utf-8") as log:
        log.write(f"job alone: cpu {alone[0]:.2f} s, mean of {len(rounds)} under attack "
                  f"{cpu:.2f} s\n")
    machine.check(cpu <= BOUND * alone[0], f"{cpu:.2f} s of CPU instead of {alone[0]:.2f} s")
    next_tick(machine)
    check_ticks(machine)
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
