# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/fuzz: a target that fails, or executes no input, never counts as good."""
import pathlib
import subprocess

import pytest

FUZZ = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "fuzz"

REPLAY = 'for f in "$@"; do [ -f "$f" ] && echo "Executed $f in 0 ms"; done; exit 0'
BROKEN = REPLAY.replace("exit 0", "exit 77")
FUZZED = "echo 'stat::number_of_executed_units: 12'"


def run_fuzz(tmp_path, mode, body, inputs):
    corpus = tmp_path / "tests" / "fuzz" / "corpus" / "one"
    corpus.mkdir(parents=True)
    for number in range(inputs):
        (corpus / str(number)).write_bytes(b"x")
    target = tmp_path / "one"
    target.write_text(f"#!/bin/bash\n{body}\n", encoding="utf-8")
    target.chmod(0o755)
    command = [str(FUZZ), mode, str(tmp_path), "one"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


CASES = [
    ("replay", REPLAY, 3, 0, "one (3)"),
    ("replay", REPLAY, 0, 1, "fuzz: 0 passed, 1 failed"),
    ("replay", "exit 0", 3, 1, "executed 0 inputs"),
    ("replay", BROKEN, 3, 1, "fuzz: 0 passed, 1 failed"),
    ("5", FUZZED, 1, 0, "one (12)"),
    ("5", FUZZED + "; exit 77", 1, 1, "fuzz: 0 passed, 1 failed"),
    ("5", "exit 0", 1, 1, "fuzz: 0 passed, 1 failed"),
]


@pytest.mark.parametrize("mode,body,inputs,status,text", CASES, ids=range(len(CASES)))
def test_status_and_counts(tmp_path, mode, body, inputs, status, text):
    got, out = run_fuzz(tmp_path, mode, body, inputs)
    assert got == status and text in out
