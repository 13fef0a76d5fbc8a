# SPDX-License-Identifier: Apache-2.0
"""Dependencies of objects hold for every way in which make is called."""
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / os.environ.get("O", "build")


def test_dependencies_by_both_names():
    """Tests call make with an absolute O; what they compile must not be stale for others."""
    found = (OUT / "pic" / "host" / "watch.d").read_text(encoding="utf-8")
    targets = set(found.split(":", 1)[0].replace("\\\n", " ").split())
    item = OUT / "pic" / "host" / "watch.o"
    names = {str(item)}
    if item.is_relative_to(ROOT):
        names.add(str(item.relative_to(ROOT)))
    assert targets == names
