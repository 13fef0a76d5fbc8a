# SPDX-License-Identifier: Apache-2.0
"""Self-test of scripts/hops.py: a true path passes, each untrue one fails with its own message."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

ENTRY_S = """
.macro to_exit
        b leave
.endm
vectors: to_exit
enter:  eret
leave:  ret
"""

LOOP_C = """
static int helper(int x)
{
    return x; /* other() */
}

void loop(void)
{
    enter();
    decode();
    helper(1);
}
"""

DECODE_C = """
static void one(void)
{
    leaf_fn();
}

static void (*const kinds[4])(void) = {
    [1] = one,
};

void decode(void)
{
    kinds[1]();
}
"""

LEAF_C = "void leaf_fn(void)\n{\n}\n"

GOOD = """loop            loop.c
  enter         entry.S
    vectors     entry.S    eret
      leave     entry.S
  decode        decode.c
    one         decode.c   table kinds
      leaf_fn   leaf.c     leaf
  helper        loop.c
"""


def run(tmp_path, path):
    for name, text in (("entry.S", ENTRY_S), ("loop.c", LOOP_C), ("decode.c", DECODE_C),
                       ("leaf.c", LEAF_C)):
        (tmp_path / name).write_text(text)
    for i in range(7):
        (tmp_path / f"many{i}.c").write_text(f"void many{i}(void)\n{{\n    many{i + 1}();\n}}\n")
    (tmp_path / "trap.md").write_text(f"# Text\n\n```hops p\n{path}```\n")
    done = subprocess.run([sys.executable, ROOT / "scripts" / "hops.py", "--root", tmp_path,
                           "trap.md"], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def test_good(tmp_path):
    assert run(tmp_path, GOOD) == ""


@pytest.mark.parametrize("old, new, message", [
    ("loop            loop.c", "loup            loop.c", "loop.c does not define loup"),
    ("loop.c\n  enter", "lop.c\n  enter", "lop.c: no such file"),
    ("  helper        loop.c", "  leaf_fn       leaf.c", "loop@loop.c does not call it"),
    ("table kinds", "table others", "there is no table others"),
    ("    one         decode.c   table", "    decode      decode.c   table", "is not in table"),
    ("decode.c   table kinds", "decode.c", "decode@decode.c does not call it"),
    ("entry.S    eret", "entry.S    jump", "unknown way 'jump'"),
    ("    vectors", "        vectors", "no caller stands above it"),
    ("  helper        loop.c\n", "", None),
    ("    vectors     entry.S    eret\n      leave     entry.S\n", "", None),
    ("leaf.c     leaf", "leaf.c     leaf\n        helper  loop.c", "below the leaf leaf_fn"),
])
def test_samples(tmp_path, old, new, message):
    assert old in GOOD
    said = run(tmp_path, GOOD.replace(old, new, 1))
    assert said == "" if message is None else message in said


def test_order(tmp_path):
    lines = GOOD.splitlines(keepends=True)
    said = run(tmp_path, lines[0] + "  helper        loop.c\n" + "".join(lines[1:-1]))
    assert "loop calls it earlier" in said


def test_too_many_files(tmp_path):
    path = "".join(f"{'  ' * i}many{i} many{i}.c\n" for i in range(7))
    assert "hops 0 assembly and 7 C files" in run(tmp_path, path)
    assert run(tmp_path, path.replace("many6.c", "many6.c leaf")) == ""


def test_comment_is_no_call(tmp_path):
    said = run(tmp_path, "helper loop.c\n  other leaf.c\n")
    assert "does not call it" in said


def test_no_path(tmp_path):
    (tmp_path / "trap.md").write_text("nothing\n")
    done = subprocess.run([sys.executable, ROOT / "scripts" / "hops.py", "--root", tmp_path,
                           "trap.md"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "has no path" in done.stderr
