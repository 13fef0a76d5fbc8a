# SPDX-License-Identifier: Apache-2.0
"""Bad plans: each sample in bad/ is refused with the message that its first comment expects.

A sample's head: `# expect LINE: message`, wrapped on lines that begin with `#   `, and perhaps
`# board: OLD => NEW`, a change of QEMU's board for this sample (${board} is the changed file).
"""
import os
import re
import subprocess

import fixtures
import pytest

SAMPLES = sorted((fixtures.HERE / "bad").glob("*.yaml"))

# Rules that no plan.yaml can violate: the compiler writes these fields itself, or stops before.
# tests/unit/plan_check_test.c has samples for all of them.
ONLY_UNIT = {
    "magic", "version", "size", "ram-count", "irq-count", "log-level", "gic-version", "gic-cpus",
    "conduit", "hyp-range",
    "hyp-image", "cpu-vcpu-unique", "zone-role", "zone-reserved", "zone-console", "zone-dtb",
    "zone-boot-info", "region-kind", "irq-reserved", "image-reserved", "image-source",
    "zone-pci", "channel-reserved", "channel-align", "channel-board", "channel-hyp",
    "channel-region", "channel-overlap", "side-slot", "side-memory", "side-intid", "side-unique",
    "side-irq", "smmu", "irq-smmu", "function-window", "zone-functions",
    "function-msi", "device-unique", "zone-its", "control-slot", "control-intid", "control-irq",
    "virtio-type", "virtio-place", "virtio-intid", "virtio-unique", "virtio-irq", "virtio-side",
}


def read_head(sample):
    """(line, message, board change or None) of a sample's comments."""
    lines = sample.read_text().splitlines()
    head = lines[1]
    for line in lines[2:]:
        if not line.startswith("#   "):
            break
        head += " " + line[4:]
    match = re.fullmatch(r"# expect (\d+): (.*)", head)
    assert match, f"{sample.name}: no `# expect LINE: message`"
    board = [line[len("# board: "):] for line in lines if line.startswith("# board: ")]
    return match[1], match[2], board[0].split(" => ") if board else None


def make_board(change, where):
    """QEMU's board with one text replaced."""
    source = (fixtures.ROOT / "boards" / "qemu-virt-aarch64" / "board.dts").read_text()
    assert change[0] in source
    where.write_text(source.replace(change[0], change[1]))


def check(program, plan, files, board="none", hyp="hyp.bin"):
    return fixtures.run(program, "plan", "check", plan, "--hyp", files / hyp, "--set",
                        f"files={files}", "--set", f"board={board}")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_sample(sample, program, files, tmp_path):
    line, message, change = read_head(sample)
    board = tmp_path / "board.dts"
    if change:
        make_board(change, board)
    done = check(program, sample, files, board)
    assert done.returncode == 1, done.stderr
    for name, value in (("files", files), ("board", board), ("out", fixtures.OUT),
                        ("bad", sample.parent)):
        message = message.replace("${%s}" % name, str(value))
    found = " ".join(done.stderr.replace(f"{sample}:", "").split("\n"))
    assert f"{line}: {message}" in found, done.stderr
    assert f"{sample}:{line}: " in done.stderr
    for text in done.stderr.splitlines():
        if text.startswith(f"{sample}:") and not re.search(r": \d+ errors?$", text):
            assert "remedy: " in text


def test_every_rule_has_a_sample(program):
    done = fixtures.run(program, "plan", "rules")
    rules = {line.split()[0] for line in done.stdout.splitlines()}
    expected = " ".join(read_head(sample)[1] for sample in SAMPLES)
    covered = {rule for rule in rules if f"[{rule}]" in expected}
    assert rules - covered == ONLY_UNIT


def test_rules_have_words(program):
    done = fixtures.run(program, "plan", "rules")
    assert done.returncode == 0
    for line in done.stdout.splitlines():
        assert re.fullmatch(r"[a-z0-9-]+ +[a-z]+ .+; remedy: .+", line), line


@pytest.mark.parametrize("text", [
    b"\0" * 10, b"board: x\0y\n", b"\xff\xfe\xfd", b"\xef\xbb\xbfboard", b"%YAML 9.9\n---\na\n",
    b"a: !!binary |\n  gg\n", b"? [a, b]\n: c\n", b"[" * 60000, b"{a: " * 9000, b"- " * 20000,
    b"a:\n" * 15000, b"zones: [" + b"1," * 30000 + b"]", b"x" * 70000, b"&a " * 1000, b"<<: *a\n",
    b"board: &x\n  <<: {}\n", b"---\n...\n---\n", b"zones:\n- cpus: {a: b}\n", b"!<tag> {}\n",
    b"board: |\n" + b"  " + b"z" * 60000, b"'", b'"\\', b"\t", b"@", b"`a`",
])
def test_hostile_text(text, program, files, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_bytes(text)
    done = check(program, plan, files)
    assert done.returncode == 1
    assert str(plan) in done.stderr and len(done.stderr) < 40000


def test_damaged_copies(program, files, tmp_path):
    """A good plan with each line removed or doubled is refused or accepted, never a crash."""
    lines = (fixtures.HERE / "good" / "three.yaml").read_text().splitlines(keepends=True)
    plan = tmp_path / "plan.yaml"
    for i in range(len(lines)):
        for change in (lines[:i] + lines[i + 1:], lines[:i] + [lines[i]] * 2 + lines[i + 1:]):
            plan.write_text("".join(change))
            assert check(program, plan, files).returncode in (0, 1)


def test_hypervisor_file(program, files):
    plan = fixtures.HERE / "good" / "three.yaml"
    for hyp, message in (("hyp.old", "remedy: build both from one source"),
                         ("hyp.damaged", "is damaged"), ("empty", "is no Vitrine hypervisor"),
                         ("Image", "is no Vitrine hypervisor"), ("none", "No such file")):
        done = check(program, plan, files, hyp=hyp)
        assert done.returncode == 1 and message in done.stderr


def test_missing_driver(program, files):
    """A hypervisor that was built without what the plan needs."""
    plan = fixtures.HERE / "good" / "functions.yaml"
    done = check(program, plan, files, hyp="hyp.reduced")
    assert done.returncode == 1
    for driver in ("smmuv3", "pci"):
        assert f"needs the driver '{driver}'" in done.stderr
    assert "'gicv3'" not in done.stderr
    assert check(program, plan, files).returncode == 0


def test_pool_of_functions(program, files, tmp_path):
    """All that boot.c asks for is counted before: 6 regions, DMA, the ITS and its CPUs."""
    text = (fixtures.HERE / "good" / "functions.yaml").read_text()
    plan = tmp_path / "plan.yaml"
    for size, status in (("1620K", 1), ("1624K", 0)):
        plan.write_text(text.replace("zones:", f"hypervisor: {{ memory: {size} }}\nzones:", 1))
        done = check(program, plan, files)
        assert done.returncode == status, done.stderr
        assert status == 0 or "4 CPUs and 2 zones need 1624K" in done.stderr


@pytest.mark.parametrize("args", [
    (), ("plan",), ("plan", "fly"), ("plan", "check"), ("plan", "check", "a", "b"),
    ("plan", "check", "a", "--set"), ("plan", "check", "a", "--set", "x"), ("plan", "build", "a"),
    ("plan", "show", "a", "-o", "b"), ("plan", "rules", "a"), ("x" * 500,), ("--hyp",),
])
def test_usage(args, program):
    done = fixtures.run(program, *args)
    assert done.returncode == 2 and done.stderr


def test_no_write(program, files, tmp_path):
    (tmp_path / "file").write_text("")
    done = fixtures.run(program, "plan", "build", fixtures.HERE / "good" / "three.yaml", "-o",
                        tmp_path / "file" / "out", "--hyp", files / "hyp.bin", "--set",
                        f"files={files}")
    assert done.returncode == 3 and "can't be made" in done.stderr


def test_broken_pipe_of_dtc(program, files, tmp_path):
    """Without dtc in the path a .dts is refused with a message."""
    make_board(("model", "model"), tmp_path / "board.dts")
    plan = tmp_path / "plan.yaml"
    text = (fixtures.HERE / "good" / "three.yaml").read_text()
    plan.write_text(text.replace("qemu-virt-aarch64", "board.dts"))
    env = dict(os.environ, PATH="/nonexistent")
    done = subprocess.run([program, "plan", "check", plan, "--hyp", files / "hyp.bin", "--set",
                           f"files={files}"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "dtc" in done.stderr
