# SPDX-License-Identifier: Apache-2.0
"""The demo of zone0, as its tour shows it: disk and network of zone0's server, which is killed."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
from tour_zone0 import STEPS  # noqa: E402  pylint: disable=wrong-import-position


def test(machine, stanza):
    for step in STEPS:
        print(f"  {step.__name__}", flush=True)
        step(machine)
