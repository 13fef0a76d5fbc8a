# SPDX-License-Identifier: Apache-2.0
"""Core files of micro-VMs as GDB sees them: registers, backtrace, memory, vectors."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("O", "build")).absolute()
QUESTIONS = ["info registers rip rax", "bt", "p items[1].value", "x/s &age_text", "p $xmm0",
             "p $ymm0.v4_int64[0]", "info threads", "info auxv"]


@pytest.fixture(name="asked", scope="module", params=["guest.elf", "guest-pie.elf"])
def fixture_asked(request, tmp_path_factory):
    """What GDB says of the core of a guest that crashed."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        pytest.skip("no /dev/kvm: tests/uvm/cli_test.sh makes such cores in QEMU")
    where = tmp_path_factory.mktemp("core")
    guest = BUILD / "examples/micro-vm" / request.param
    done = subprocess.run([BUILD / "bin/vitrine", "run", guest, "--call", "sum_list", "true",
                           "--core", where], capture_output=True, text=True, check=False)
    assert done.returncode == 4, done.stderr
    core, = where.iterdir()
    command = ["gdb-multiarch", "-batch", "-nx"]
    for question in QUESTIONS:
        command += ["-ex", question]
    done = subprocess.run([*command, guest, core], capture_output=True, text=True, timeout=120,
                          check=False)
    return done.stdout, done.stderr, core


def test_gdb_has_nothing_to_complain_of(asked):
    assert "warning" not in asked[1].lower(), asked[1]


def test_signal_and_registers(asked):
    assert "SIGSEGV" in asked[0]
    assert "<sum_from" in asked[0] and re.search(r"^rax +0xdead0000 ", asked[0], re.M)


def test_backtrace_has_functions_and_lines(asked):
    assert "#0 " in asked[0] and "sum_from (" in asked[0]
    assert "in sum_list (" in asked[0] and "examples/micro-vm/guest.c:" in asked[0]


def test_memory(asked):
    assert "$1 = 2" in asked[0]
    assert '"asking the host for the time"' in asked[0]


def test_vectors(asked):
    assert "v4_float" in asked[0] and "$3 = " in asked[0]


def test_the_runtime_is_a_thread_too(asked):
    assert "LWP 1" in asked[0] and "LWP 2" in asked[0]


def test_zero_pages_are_not_in_it(asked):
    assert asked[2].stat().st_size < 1 << 20  # of 16 MiB
