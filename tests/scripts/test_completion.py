# SPDX-License-Identifier: Apache-2.0
"""Tests of `vitrine completion` in bash: verbs word by word, options, zones, files."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VITRINE = (ROOT / os.environ.get("O", "build") / "bin" / "vitrine").absolute()

SCRIPT = """
source <({vitrine} completion)
vitrine() {{ printf 'ID NAME\\n0 zone0\\n1 linux1\\n'; }}
COMP_WORDS=(vitrine {words}"{last}")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_vitrine
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def complete(words, last, cwd):
    done = subprocess.run(["bash", "-c", SCRIPT.format(vitrine=VITRINE, words=words, last=last)],
                          cwd=cwd, stdout=subprocess.PIPE, text=True, check=True)
    return sorted(set(done.stdout.split()))


CASES = [
    ("", "zo", ["zone"]),
    ("", "d", ["doctor"]),
    ("zone ", "sta", ["start", "status"]),
    ("zone start ", "l", ["linux1"]),
    ("zone start linux1 ", "--t", ["--timeout"]),
    ("console ", "", ["linux1", "zone0"]),
    ("top ", "-", ["--json", "-d", "-n"]),
    ("plan check ", "my", ["my.yaml"]),
    ("plan ", "b", ["build"]),
    ("nonsense ", "", []),
]


@pytest.mark.parametrize("words,last,wanted", CASES, ids=range(len(CASES)))
def test_completion(tmp_path, words, last, wanted):
    (tmp_path / "my.yaml").write_text("")
    assert complete(words, last, tmp_path) == wanted
