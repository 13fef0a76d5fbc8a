# SPDX-License-Identifier: Apache-2.0
"""Examples of docs/runtime.md, a zone each: they print what the page shows, and power off."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from examples import Page  # noqa: E402  pylint: disable=wrong-import-position

TYPED = re.compile(r"^\[type (\S+)\]$")


def pattern(line):
    """A line of the page as one of the console: * stands for anything."""
    return "^" + re.escape(line).replace(r"\*", ".*") + r"\r?$"


def test(machine, stanza):
    page = Page(ROOT)
    for zone in machine.zones:
        for line in page.examples[zone].transcripts["zone"].splitlines():
            typed = TYPED.match(line)
            if typed:
                machine.key(zone, typed.group(1))
            else:
                machine.expect(zone, pattern(line), stanza.timeout)
    machine.expect_exit()
