# SPDX-License-Identifier: Apache-2.0
"""Rules of tests/uvm/run.py: what counts as passed, and which skips are good."""
import fnmatch
import importlib.util
import pathlib

import pytest

SPEC = importlib.util.spec_from_file_location("uvm_run", pathlib.Path(__file__).with_name("run.py"))
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)

BOTH = list(run.PLATFORMS)
HEAD = "[==========] Running 1 test(s).\n[ RUN      ] test_a\n"
OK = HEAD + "[       OK ] test_a\n"
SKIP = HEAD + "skip: no such CPU\n[  SKIPPED ] test_a\n"
BAD = HEAD + "[  FAILED  ] test_a\n[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] test_a\n"
ALLOWED = [("p.test_a@native", "emulated there")]


def made(platform, status, output):
    return run.Run("p", platform, status, output)


STATES = [
    (0, OK, {"test_a": "PASS"}),
    (1, BAD, {"test_a": "FAIL"}),
    (0, SKIP, {"test_a": "SKIP"}),
    (139, OK, {"test_a": "PASS", "main": "FAIL"}),
    (0, "[==========] Running 0 test(s).\n", {"main": "FAIL"}),
    (0, "all good\n", {"main": "PASS"}),
    (77, "skip: no\n", {"main": "SKIP"}),
    (124, "", {"main": "FAIL"}),
]


@pytest.mark.parametrize("status,output,tests", STATES, ids=range(len(STATES)))
def test_states_of_one_program(status, output, tests):
    assert made("native", status, output).tests == tests


def test_reason_of_a_skip():
    summary = "[ RUN      ] test_b\n[       OK ] test_b\n[  SKIPPED ] test_a\n"  # names it again
    assert made("native", 0, SKIP + summary).reasons["test_a"] == "no such CPU"


VERDICTS = [
    (SKIP, OK, ALLOWED, (1, 0, 1)),
    (SKIP, OK, [], (1, 1, 0)),
    (SKIP, SKIP, [("p.*", "any")], (0, 2, 0)),
    (OK, OK, [], (2, 0, 0)),
    (SKIP, BAD, ALLOWED, (0, 2, 0)),
]


@pytest.mark.parametrize("native,other,skips,want", VERDICTS, ids=range(len(VERDICTS)))
def test_skips_need_a_line_and_a_pass_elsewhere(native, other, skips, want):
    runs = [made("native", 0, native), made("kvm_amd", int(other == BAD), other)]
    count, messages = run.judge(runs, skips, BOTH)
    assert (count["PASS"], count["FAIL"], count["SKIP"]) == want
    assert len(messages) == want[1] + want[2]


def test_one_platform_alone_only_needs_the_line():
    count, _ = run.judge([made("native", 0, SKIP)], ALLOWED, ["native"])
    assert count["SKIP"] == 1


def test_without_device_native_is_skipped_when_allowed(tmp_path, capsys):
    skips = run.read_skips()
    platforms, skipped, wrong = run.choose_platforms(BOTH, tmp_path / "kvm", skips)
    assert (platforms, skipped, wrong) == (BOTH[1:], 1, "")
    assert "SKIP native" in capsys.readouterr().out
    assert run.choose_platforms(BOTH, tmp_path / "kvm", [])[2].startswith("FAIL")
    assert run.choose_platforms(["native"], tmp_path / "kvm", skips)[2].startswith("FAIL")


def test_results_of_the_machine():
    text = "@@ begin a\n" + OK + "\n@@ end a 0\n@@ begin b\nhalf"
    programs = [pathlib.Path(name) for name in "abc"]
    runs = run.machine_results("kvm_amd", programs, text, "log")
    assert [r.status for r in runs] == [0, 125, 125]
    assert runs[0].tests == {"test_a": "PASS"} and runs[1].tests == {"main": "FAIL"}
    assert "never started" in runs[2].output


def test_native_run_kills_what_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "LIMIT", 0.2)
    monkeypatch.setattr(run, "limit_of", lambda seconds: seconds)
    (tmp_path / "slow.sh").write_text("sleep 5\n")
    (tmp_path / "good.sh").write_text('test "$UVM_PLATFORM" = native\n')
    runs = list(run.run_native([tmp_path / "slow.sh", tmp_path / "good.sh"], tmp_path))
    assert [r.status for r in runs] == [124, 0]


def test_shared_libraries_are_found():
    assert any("libc.so" in name for name in run.libraries("/usr/bin/env"))


def test_libraries_of_another_architecture(tmp_path):
    where = sorted({pathlib.Path(name).parent for name in run.libraries("/usr/bin/env")})
    found = [pathlib.Path(p).name for p in run.foreign_libraries("/usr/bin/env", where)]
    assert "libc.so.6" in found and any(name.startswith("ld-linux") for name in found)
    with pytest.raises(SystemExit):
        run.foreign_libraries("/usr/bin/env", [tmp_path])


def test_places_of_libraries():
    assert run.place_of("/usr/aarch64-linux-gnu/lib/libc.so.6") == "lib/libc.so.6"
    assert run.place_of("/lib/x86_64-linux-gnu/libc.so.6") == "lib/x86_64-linux-gnu/libc.so.6"
    assert run.place_of("/home/me/build/lib/libvitrine.so.0") == "lib/libvitrine.so.0"


def test_skip_file_has_reasons():
    for pattern, reason in run.read_skips():
        platform = pattern.rpartition("@")[2]
        assert fnmatch.filter(run.PLATFORMS, platform) and len(reason) > 10
