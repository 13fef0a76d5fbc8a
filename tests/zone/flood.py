# SPDX-License-Identifier: Apache-2.0
"""A zone that floods its console: others are heard, answer soon, and can be chosen."""
import time

from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off

ANSWER_S = 10  # for a shell's answer, on an emulator


def test(machine, stanza):
    machine.expect("flood", "flood 0123456789", 30)
    linux_up(machine, "linux0", stanza.timeout)
    for _ in range(3):
        next_tick(machine)
        begun = time.monotonic()
        machine.run_ok("linux0", "echo alive", ANSWER_S)
        machine.check(time.monotonic() - begun < ANSWER_S, "linux0 answers too late")
    # With the flood in focus, too; it is the operator who ends it.
    machine.focus("flood")
    next_tick(machine)
    machine.skip("hyp")
    machine.send("\x01?")
    machine.expect("hyp", r"Ctrl-A \?", ANSWER_S)
    machine.send("\x01k")
    machine.expect("hyp", r"zone stopped.*flood", ANSWER_S)
    machine.run_ok("linux0", "echo alive", ANSWER_S)
    check_ticks(machine)
    linux_off(machine, "linux0")
    tick_off(machine)
    machine.expect_exit()
