# SPDX-License-Identifier: Apache-2.0
"""Self-test of scripts/examples.py: a good page has no finding, each bad sample has its own."""
import configparser
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
from examples import Page, plan  # noqa: E402  pylint: disable=wrong-import-position

HEADER = """/* ---- Time ---- */
uint64_t vg_now(void);
_Noreturn void vg_off(void);
static inline bool vg_is_late(uint64_t at)
{
    return vg_now() > at;
}
/* ---- What the macros use: not for programs ---- */
void vg_inner(void);
#define VG_INNER(x) x
/* ---- Macros ---- */
#define VG_LATE(x) vg_is_late(x)
"""
PAGE = """# Time, of `clock.h`
| `vg_now()` | the time |
| `vg_is_late()`, `VG_LATE()` | whether it is late |
| `vg_off()` | ends it |

<!-- example clock: uvm zone vcpus=2 -->
```c
int x = VG_LATE(vg_now());
```

`clock_host.c`:

```c
bool y = vg_is_late(7) || vg_off();
```

```
$ ./clock_host
7
```

```
on the console
[type q]
```
"""


def findings(tmp_path, old="", new="", page=PAGE):
    (tmp_path / "guest/include").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "guest/include/clock.h").write_text(HEADER)
    assert old in page
    (tmp_path / "docs/runtime.md").write_text(page.replace(old, new, 1))
    done = subprocess.run([sys.executable, ROOT / "scripts/examples.py", "--root", tmp_path],
                          capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == bool(done.stderr)
    return done.stderr


def test_good(tmp_path):
    assert findings(tmp_path) == ""
    example, = Page(tmp_path).examples.values()
    assert example.transcripts["zone"] == "on the console\n[type q]\n"
    assert "cpus: [0, 1]" in plan([example])


@pytest.mark.parametrize("old, new, message", [
    ("| `vg_off()` | ends it |\n", "", "1: vg_off of clock.h has no row"),
    (" || vg_off()", " /* vg_off() */", "4: vg_off is used by no example"),
    ("`vg_off()` |", "`vg_off()`, `vg_now()` |", "4: vg_now stands in line 2 already"),
    ("`vg_off()` |", "`vg_off()`, `vg_inner()` |", "4: vg_inner is no function for programs"),
    (", of `clock.h`", "", "1: clock.h is not mentioned"),
    ("ends it", "as vg_of()", "4: vg_of is in no public header"),
    ("clock: uvm zone", "clock: xen zone", "an unknown target"),
    ("$ ./clock_host", "./clock_host", "needs one block each"),
    ("<!-- example clock: uvm zone vcpus=2 -->\n", "", "a C block without an example"),
    ("```c\nint x = VG_LATE(vg_now());\n```\n", "", "a program is missing"),
    ("vcpus=2", "channel=data:other", "there is no example other"),
])
def test_bad(tmp_path, old, new, message):
    assert message in findings(tmp_path, old, new)


def test_channel_peers_share_a_machine(tmp_path):
    text = "".join(f"<!-- example e{n}: zone{' channel=data:e9' if n == 0 else ''} -->\n"
                   f"```c\n```\n```\nx\n```\n" for n in range(10))
    findings(tmp_path, page=text)
    first, second = Page(tmp_path).batches()
    assert [e.name for e in first[:2]] == ["e0", "e9"] and len(first) == 8 and len(second) == 2
    assert "peers: [e0, e9]" in plan(first)


def test_each_machine_has_its_stanza():
    config = configparser.ConfigParser(interpolation=None)
    config.read(ROOT / "tests/tests.cfg")
    plans = {s["plan"] for s in config.values() if s.get("script") == "runtime.py"}
    count = len(Page(ROOT).batches())
    assert plans == {f"${{bin}}/docs/runtime/zones{n + 1}.yaml" for n in range(count)}


def test_format(tmp_path):
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=False)
    if "version 14." not in version.stdout:
        pytest.skip("clang-format is not version 14")
    Page(ROOT).extract(tmp_path)
    done = subprocess.run(["clang-format", f"--style=file:{ROOT}/.clang-format", "--dry-run",
                           "-Werror", *tmp_path.glob("*.c")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
