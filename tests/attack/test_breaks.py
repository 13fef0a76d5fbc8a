# SPDX-License-Identifier: Apache-2.0
"""The patches that breaks.py takes checks out with: they apply, and every attack has one."""
import configparser
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests" / "attack" / "breaks").glob("*.patch"))
CONFIG = configparser.ConfigParser(interpolation=None)
CONFIG.read(ROOT / "tests" / "tests.cfg")


def shown_by(patch):
    """("stanza" or "unit", name)"""
    return next(tuple(line.split(": ")) for line in patch.read_text().splitlines()
                if line.startswith(("stanza: ", "unit: ")))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda p: p.stem)
def test_break_applies(patch):
    """To the hypervisor, and to nothing that judges it."""
    kind, name = shown_by(patch)
    assert name in CONFIG.sections() if kind == "stanza" else \
        (ROOT / "tests" / "unit" / f"{name}_test.c").is_file()
    changed = [line[6:] for line in patch.read_text().splitlines() if line.startswith("+++ b/")]
    assert changed and all(name.startswith(("hyp/", "lib/")) for name in changed)
    subprocess.run(["git", "apply", "--check", "-C1", str(patch)], cwd=ROOT, check=True)


def test_every_attack_has_a_break():
    broken = {name for kind, name in map(shown_by, PATCHES) if kind == "stanza"}
    attacks = {name for name in CONFIG.sections() if name.startswith("attack-")
               and CONFIG[name]["tier"] == "quick"}
    assert attacks and attacks <= broken
