# SPDX-License-Identifier: Apache-2.0
"""The demo's three zones at once: all alive, focus, help, reset of one, power off of each."""
from zone.common import check_ticks, linux_off, linux_up, next_tick, tick_off


def test(machine, stanza):
    cpus = {"linux0": "2", "linux1": "1"}
    for zone in cpus:
        release, _, _ = linux_up(machine, zone, stanza.timeout)
        machine.check(release.startswith(stanza.kernel + "."), f"{zone} runs {release}")
    for zone, count in cpus.items():
        machine.check(machine.run_ok(zone, "nproc").strip() == count, f"{zone}: CPU count")
        machine.check(machine.run_ok(zone, "hostname").strip() == zone, f"{zone}: name")
    begun, _ = next_tick(machine)

    machine.skip("hyp")
    machine.send("\x01?")
    machine.expect("hyp", r"Ctrl-A \?")
    machine.expect("hyp", r"zone.*linux0.*running")

    machine.key("linux1", "reboot\n")
    linux_up(machine, "linux1", stanza.timeout)
    machine.run_ok("linux0", "true")

    # The operator's reset, of a zone that is at its prompt.
    machine.focus("linux1")
    machine.send("\x01r")
    linux_up(machine, "linux1", stanza.timeout)

    now, _ = next_tick(machine)
    machine.check(now > begun, "tick stood still")
    linux_off(machine, "linux1")
    next_tick(machine)
    linux_off(machine, "linux0")
    next_tick(machine)
    check_ticks(machine)
    tick_off(machine)
    machine.expect_exit()
