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


def stanza_of(patch):
    return next(line.split(": ")[1] for line in patch.read_text().splitlines()
                if line.startswith("stanza: "))


@pytest.mark.parametrize("patch", PATCHES, ids=lambda p: p.stem)
def test_break_applies(patch):
    """To the hypervisor, and to nothing that judges it."""
    assert stanza_of(patch) in CONFIG.sections()
    changed = [line[6:] for line in patch.read_text().splitlines() if line.startswith("+++ b/")]
    assert changed and all(name.startswith("hyp/") for name in changed)
    subprocess.run(["git", "apply", "--check", "-C1", str(patch)], cwd=ROOT, check=True)


def test_every_attack_has_a_break():
    broken = {stanza_of(patch) for patch in PATCHES}
    attacks = {name for name in CONFIG.sections() if name.startswith("attack-")
               and CONFIG[name]["tier"] == "quick"}
    assert attacks and attacks <= broken
