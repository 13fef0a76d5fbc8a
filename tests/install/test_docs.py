# SPDX-License-Identifier: Apache-2.0
"""docs/micro-vm.md, followed to the letter by a new user: its files, commands and what they print.

A block ```sh is run, a block ```c is the file named right above it, and the lines of a plain block
must appear, in this order, in what the commands since the last plain block printed (* as in file
names).
"""
import fnmatch
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "micro-vm.md"
BUILD = pathlib.Path(os.environ.get("O", "build"))
BLOCK = re.compile(r"(?:`([\w.]+)`:\n\n)?```(\w*)\n(.*?)```\n", re.S)
MARK = "=== part "


def blocks():
    return BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def script(home):
    """(one shell script, the expected lines after each of its parts)."""
    lines, expected = [], []
    for name, kind, text in blocks():
        if kind == "c":
            lines.append(f"cat >{name} <<'END_OF_FILE'\n{text}END_OF_FILE\n")
        elif kind == "sh":
            lines.append(text.replace("build/", f"{BUILD}/"))
        else:
            expected.append(text.splitlines())
            lines.append(f'echo "{MARK}{len(expected)}"\n')
    (home / "script").write_text("set -e\n" + "".join(lines), encoding="utf-8")
    return home / "script", expected


def find_lines(expected, output):
    """The first expected line that is missing, or None."""
    left = iter(output.splitlines())
    for want in expected:
        if not any(fnmatch.fnmatch(line.rstrip(), want) for line in left):
            return want
    return None


def test_the_page_has_the_steps():
    kinds = [kind for _, kind, _ in blocks()]
    assert kinds.count("c") == 2 and kinds.count("sh") >= 6 and kinds.count("") >= 5
    assert all(name for name, kind, _ in blocks() if kind == "c")


@pytest.mark.skipif(not os.access("/dev/kvm", os.R_OK | os.W_OK),
                    reason="no /dev/kvm: tests/uvm runs the same program and command in QEMU")
def test_each_command_does_what_the_page_says(tmp_path):
    path, expected = script(tmp_path)
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    env.update(HOME=str(tmp_path), O=str(BUILD), VITRINE_NO_SETUP="1")
    done = subprocess.run(["bash", path], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    parts = re.split(rf"^{MARK}\d+\n", done.stdout, flags=re.M)
    for number, (lines, output) in enumerate(zip(expected, parts, strict=False), 1):
        missing = find_lines(lines, output)
        assert missing is None, f"part {number} did not print '{missing}' but:\n{output[-3000:]}"
