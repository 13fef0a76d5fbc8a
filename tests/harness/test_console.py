# SPDX-License-Identifier: Apache-2.0
"""The console's taking apart must not depend on how the bytes arrive."""
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from harness.console import Console, search  # noqa: E402  pylint: disable=wrong-import-position
from harness.machine import answer_pattern  # noqa: E402  pylint: disable=wrong-import-position

SAMPLE = (
    "[hyp] ready\r\n\x1b[36m[linux0] \x1b[0mfirst\r\nno prefix [x] y\r\n"
    "\x1b[32m[tick]\x1b[0m tick 1: n=1000\r\n[tick] \r\n[linux0] linux0:/# ls\x1b[6n\r\n[linux0] # "
)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 1000])
def test_any_chunks(step):
    console = Console()
    for at in range(0, len(SAMPLE), step):
        console.feed(SAMPLE[at:at + step])
    assert console.text("hyp") == "ready\n"
    assert console.text("linux0") == "first\nlinux0:/# ls\n# "
    assert console.text("tick") == "tick 1: n=1000\n\n"
    assert console.text("") == "no prefix [x] y\n"
    assert console.zones() == ["linux0", "tick"]


def test_prompt_is_seen_at_once():
    console = Console()
    console.feed("[hello] hello> ")
    assert console.text("hello") == "hello> "


def test_cut_line_is_found_whole_or_as_two():
    console = Console()
    console.feed("[a] begin\r\n[b] other\r\n[a] end\r\n[a] next\r\n")
    found, end = search(re.compile("beginend"), console.raw["a"])
    assert found and console.raw["a"][end:] == "\nnext\n"
    found, end = search(re.compile("begin$", re.M), console.raw["a"])
    assert found and end == len("begin")
    assert search(re.compile("endnext"), console.raw["a"]) == (None, 0)
    assert console.text("b") == "other\n"


def test_answer_after_an_echo_that_was_cut():
    raw = 'linux0:/# echo alive; echo "<\v$\v?>m3"\valive\n<0>m3\vlinux0:/# '
    found, _ = search(re.compile(answer_pattern("m3"), re.M), raw)
    assert found.group(1) == "alive\n" and found.group(2) == "0"
