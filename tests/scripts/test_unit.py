# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/unit: only a binary that ran tests and passed them all counts as good."""
import pathlib
import subprocess

import pytest

UNIT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "unit"

PASS = "echo '[ RUN      ] test_a'; echo '[       OK ] test_a'"
FAIL = "echo '[  FAILED  ] test_b'; echo '[  FAILED  ] test_b'; exit 1"


def run_unit(tmp_path, *bodies):
    binaries = []
    for number, body in enumerate(bodies):
        binary = tmp_path / f"t{number}"
        binary.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        binary.chmod(0o755)
        binaries.append(str(binary))
    done = subprocess.run([str(UNIT), *binaries], stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


CASES = [
    ((PASS, PASS), 0, "unit: 2 passed, 0 failed, 0 skipped"),
    ((PASS, FAIL), 1, "unit: 1 passed, 1 failed, 0 skipped"),
    ((PASS, "exit 0"), 1, "ran no test"),
    ((PASS + "; kill -SEGV $$",), 1, "exit status 139"),
    ((), 1, "unit: 0 passed, 0 failed, 0 skipped"),
]


@pytest.mark.parametrize("bodies,status,text", CASES, ids=range(len(CASES)))
def test_status_and_counts(tmp_path, bodies, status, text):
    got, out = run_unit(tmp_path, *bodies)
    assert got == status and text in out
