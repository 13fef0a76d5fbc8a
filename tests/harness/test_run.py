# SPDX-License-Identifier: Apache-2.0
"""The runner's own rules: nothing passes that did not run, and the configuration is sound."""
import importlib.util
import pathlib

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
SPEC = importlib.util.spec_from_file_location("run", TESTS / "run.py")
run = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(run)


def stanza(*backends):
    found = run.read_config()[0]
    found.backends = list(backends)
    return found


@pytest.fixture(name="no_qemu")
def fixture_no_qemu(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "has_backend", lambda version: False)
    return run.Builder(tmp_path)


def test_ran_nowhere_fails(no_qemu):
    state, _, message = run.run_stanza(stanza("10.0"), no_qemu, run.allowed_skips())
    assert state == "FAIL" and "allowed-skips" in message


def test_allowed_skip_is_no_pass(no_qemu):
    state, _, message = run.run_stanza(stanza("7.2"), no_qemu, run.allowed_skips())
    assert state == "SKIP" and "Debian 13" in message


def test_no_alternative_left_fails(no_qemu):
    assert run.run_stanza(stanza("7.2|10.0"), no_qemu, run.allowed_skips())[0] == "FAIL"


def test_first_alternative_is_taken(monkeypatch):
    monkeypatch.setattr(run, "has_backend", lambda version: version == "10.0")
    assert run.choose("7.2|10.0") == "10.0"


def test_a_script_that_checks_nothing_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "has_backend", lambda version: True)
    monkeypatch.setattr(run, "qemu_command", lambda *_: ["/bin/true"])
    monkeypatch.setattr(run.Builder, "boot_image", lambda *_: "none")
    monkeypatch.setattr(run.Builder, "hypervisor", lambda *_: tmp_path)
    monkeypatch.setattr(run, "load_script", lambda _: type("M", (), {"test": lambda *_: None}))
    state, _, message = run.run_stanza(stanza("7.2"), run.Builder(tmp_path), [])
    assert state == "FAIL" and "checked nothing" in message


def test_a_name_of_no_stanza_fails():
    stanzas = run.read_config()
    assert [s.name for s in run.select(stanzas, "quick", ["smp", "gic-O?"])] == ["gic-O0", "smp"]
    with pytest.raises(SystemExit, match="gicv9"):
        run.select(stanzas, "quick", ["smp", "gicv9"])


def is_generated(one):
    """Whether its plan is made by the build, or an example's."""
    return one.plan.startswith(("${bin}/", "../"))


@pytest.mark.parametrize("one", run.read_config(), ids=lambda s: s.name)
def test_stanza_is_sound(one):
    assert (TESTS / "zone" / one.script).is_file()
    assert one.native or is_generated(one) or (TESTS / "zone" / "plans" / one.plan).is_file()
    assert set("|".join(one.backends).split("|")) <= {"7.2", "10.0"}
    assert one.timeout > 0


def test_every_script_and_plan_is_used():
    stanzas = run.read_config()
    scripts = {p.name for p in (TESTS / "zone").glob("*.py")} - {"__init__.py", "common.py"}
    assert scripts == {s.script for s in stanzas}
    plans = {p.name for p in (TESTS / "zone" / "plans").glob("*.yaml")}
    assert plans == {s.plan for s in stanzas if s.plan and not is_generated(s)}
