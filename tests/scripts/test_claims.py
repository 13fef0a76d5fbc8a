# SPDX-License-Identifier: Apache-2.0
"""Self-test of scripts/claims.py: good pages have no finding, each bad sample has its own."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

FILES = {
    "hyp/arch.h": "void arch_go(int x);\nextern const struct reg arch_regs[]; /* arch_old() */\n",
    "hyp/core/wall.c": "struct lock lock_here;\nstatic struct lock gate;\n"
                       "static int table[] = { 1 };\n\nint wall(void)\n{\n    return 0;\n}\n",
    "tests/tests.cfg": "[DEFAULT]\ntier = quick\n[boots]\nset = elf=tests/guest/probe.elf\n"
                       "[attack-gate]\nset = elf=tests/attack/gate.elf\n",
    "tests/unit/wall_test.c": "static void test_runs(void **state)\n{\n}\n"
                              "static void test_forgotten(void **state)\n{\n}\n"
                              "int main(void)\n{\n    cmocka_unit_test(test_runs);\n}\n",
    "tests/guest/probe/main.c": "static void test_in_guest(void)\n{\n}\n",
    "tests/guest/lost/main.c": "static void test_in_guest(void)\n{\n}\n",
    "tests/attack/gate/main.c": "static void test_gate(void)\n{\n}\n",
    "tests/attack/breaks/gate.patch": "stanza: attack-gate\n",
    "tests/plan/test_bad.py": "def test_sample():\n    pass\n",
    "docs/isolation.md": """# Walls
| claim | held by | shown by |
|---|---|---|
| it hold | `wall@hyp/core/wall.c`, `table@hyp/core/wall.c` | `unit wall.test_runs`,`stanza boots` |
| so does this | `wall@hyp/core/wall.c` | `guest probe.test_in_guest`, `pytest bad.test_sample` |
| attacked | `wall@hyp/core/wall.c` | `attack gate.test_gate`, `break gate` |
| one day | `wall@hyp/core/wall.c` | `planned: issue 3` |
""",
    "docs/porting.md": """
| function | must hold | shown by |
|---|---|---|
| `arch_go` | much | `unit wall.test_runs` |
| `arch_regs` | much | `build no float` |
""",
    "docs/locking.md": "| lock | of |\n|---|---|\n| `wall.gate` (`other.name`) | x |\n"
                       "| `wall.lock_here` | x |\n",
}


def run(tmp_path, file=None, old="", new=""):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == file:
            assert old in text
            text = text.replace(old, new, 1)
        path.write_text(text)
    done = subprocess.run([sys.executable, ROOT / "scripts" / "claims.py", "--root", tmp_path],
                          capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def test_good(tmp_path):
    assert run(tmp_path) == ""


ISOLATION = "docs/isolation.md"


@pytest.mark.parametrize("file, old, new, message", [
    (ISOLATION, "`planned: issue 3`", "", "no test shows this claim"),
    (ISOLATION, "`planned: issue 3`", "-", "no test shows this claim"),
    (ISOLATION, "`planned: issue 3`", "planned", "is no known kind of test"),
    (ISOLATION, "`planned: issue 3`", "planned: some day", "is no known kind of test"),
    (ISOLATION, "| `wall@hyp/core/wall.c` | `planned", "| wall | `planned", "names nothing"),
    (ISOLATION, "`wall@hyp/core/wall.c` |", "`wal@hyp/core/wall.c` |", "does not define wal"),
    (ISOLATION, "`wall@hyp/core/wall.c` |", "`wall@hyp/core/w.c` |", "there is no such file"),
    (ISOLATION, "wall.test_runs", "wall.test_runs_not", "there is no such unit test"),
    (ISOLATION, "unit wall.test_runs", "uvm wall.test_runs", "there is no such unit test"),
    (ISOLATION, "wall.test_runs", "wall.test_forgotten", "does not run it"),
    (ISOLATION, "stanza boots", "stanza boats", "there is no such stanza"),
    (ISOLATION, "probe.test_in_guest", "probe.test_other", "no such test in the guest"),
    (ISOLATION, "probe.test_in_guest", "lost.test_in_guest", "no stanza boots the guest"),
    (ISOLATION, "attack gate.test_gate", "attack gate.test_get", "no such test in the guest"),
    (ISOLATION, "attack gate.test_gate", "guest gate.test_gate", "no such test in the guest"),
    (ISOLATION, "`break gate`", "`break gait`", "there is no such break"),
    (ISOLATION, ", `break gate`", "", "no claim names the break gate"),
    (ISOLATION, "bad.test_sample", "bad.test_simple", "there is no such Python test"),
    (ISOLATION, "| it hold |", "| it | hold |", "4 cells instead of 3"),
    (ISOLATION, "| held by |", "| by |", "makes no claim"),
    ("docs/porting.md", "| `arch_go` |", "| go |", "arch_go of hyp/arch.h has no row"),
    ("docs/porting.md", "`arch_regs`", "`arch_rags`", "arch_rags is not in hyp/arch.h"),
    ("docs/porting.md", "`arch_regs`", "`arch_go`, `arch_regs`", "stands in line 4 already"),
    ("docs/porting.md", "`unit wall.test_runs`", "", "no test shows it"),
    ("docs/locking.md", "`wall.gate`", "`wall.gat`", "the lock wall.gate has no row"),
    ("docs/locking.md", "`wall.gate`", "`wall.gat`", "there is no lock wall.gat"),
])
def test_bad_sample_has_its_finding(tmp_path, file, old, new, message):
    assert message in run(tmp_path, file, old, new)
