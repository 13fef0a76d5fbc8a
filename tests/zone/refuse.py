# SPDX-License-Identifier: Apache-2.0
"""A machine on which the hypervisor cannot start says why."""


def test(machine, stanza):
    machine.expect("", rf"cannot start: .*{stanza.args['words']}", 20)
