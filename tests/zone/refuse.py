# SPDX-License-Identifier: Apache-2.0
"""A machine on which the hypervisor cannot start says why."""


def test(machine, stanza):
    if "log" in stanza.args:  # what it says before that
        machine.expect("", stanza.args["log"], 20)
    machine.expect("", rf"cannot start: .*{stanza.args['words']}", 20)
