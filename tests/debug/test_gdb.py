# SPDX-License-Identifier: Apache-2.0
"""Debian's GDB and micro-VMs on this machine's KVM: what it prints, what the guest then does."""
import re
import signal
import socket
import subprocess
import time

import pytest

from session import BUILD, GUESTS, Target, gdb, needs_kvm

pytestmark = needs_kvm


def test_entry_and_breakpoint(tmp_path):
    done = gdb(tmp_path, """
        info registers rip
        break debug_tick
        continue
        print n
        backtrace
        continue 3
        print n
        delete
        continue""", "--call", "count", "5")
    done.has("<vg_entry>", "Breakpoint 1, debug_tick (n=n@entry=1)", "$1 = 1",
             "#1", "in count (turns=5)", "Breakpoint 1, debug_tick (n=n@entry=4)", "$2 = 4",
             "exited normally")
    assert (done.status, done.out) == (0, "5\n")


def test_pie_is_found_where_it_lies(tmp_path):
    done = gdb(tmp_path, "break debug_tick\ncontinue\nbacktrace 2\ndelete\ncontinue",
               "--call", "count", "2", guest="debug-pie.elf")
    done.has("Breakpoint 1, debug_tick (n=n@entry=1)", "in count (turns=2)", "exited normally")


def test_condition_is_evaluated_in_the_target(tmp_path):
    done = gdb(tmp_path, """
        break debug_tick if n == 90
        show breakpoint condition-evaluation
        continue
        print debug_counter
        monitor stats
        delete
        continue""", "--call", "count", "100")
    done.has("(currently target)", "debug_tick (n=n@entry=90)", "$1 = 89", "breakpoint hits: 90",
             "exited normally")


def test_dprintf_by_the_agent(tmp_path):
    done = gdb(tmp_path, """
        set dprintf-style agent
        dprintf debug_tick, "tick %d of %x\\n", n, 255
        continue""", "--call", "count", "3")
    assert re.findall(r"tick (\d) of ff", done.said) == ["1", "2", "3"], done.said
    assert done.out == "3\n"


def test_calls_of_functions(tmp_path):
    done = gdb(tmp_path, """
        break debug_tick
        continue
        print debug_add(3, 4)
        print debug_scale(2.5, 3.0f)
        print debug_swap(debug_pair)
        print debug_nest(5)
        delete
        continue""", "--call", "count", "2")
    done.has("$1 = 7", "$2 = 7.5", "$3 = {a = 1, b = 7}", "$4 = 6", "exited normally")
    assert done.out == "2\n"


def test_return_of_a_value(tmp_path):
    done = gdb(tmp_path, """
        break debug_scale
        continue
        return 5.0
        continue""", "--call", "values")
    done.has("Breakpoint 1, debug_scale", "exited normally")
    assert done.out == "11\n" # debug_add(1, 1) + 5 + debug_array[3]


def test_steps(tmp_path):
    done = gdb(tmp_path, """
        break debug_nest
        continue
        delete
        next
        stepi
        finish
        continue""", "--call", "nest", "3")
    done.has("Breakpoint 1, debug_nest (depth=3)", "Value returned is $1 = 4",
             "exited normally")


def test_a_step_is_not_seen_in_saved_flags(tmp_path):
    done = gdb(tmp_path, """
        break debug_flags
        continue
        stepi
        stepi
        print/x $rax & 0x100
        delete
        continue""", "--call", "flags")
    done.has("debug_flags ()", "$1 = 0x0", "exited normally")
    assert int(done.out) & 0x100 == 0


def test_watchpoint(tmp_path):
    done = gdb(tmp_path, """
        break debug_tick if n == 5
        continue
        delete
        watch debug_counter
        continue
        continue
        delete
        continue""", "--call", "count", "9")
    done.has("Old value = 4", "New value = 5", "Old value = 5", "New value = 6",
             "exited normally")


def test_registers_and_memory(tmp_path):
    done = gdb(tmp_path, """
        break values
        continue
        set var debug_array[3] = 100
        set $xmm3 = $xmm0
        set $xmm3.v2_double[0] = 1.25
        print $xmm3.v2_double[0]
        print $fctrl
        print $mxcsr
        print/x $cs
        set $r15 = 0x1234
        print/x $r15
        x/2dw &debug_array[2]
        find /w &debug_array, +64, 100
        info mem
        delete
        continue""", "--call", "values")
    done.has("$1 = 1.25", "$2 = 895", "$3 = 8064", "$4 = 0x23", "$5 = 0x1234",
             "3\t100", "1 pattern found", "exited normally")
    assert done.out == "116\n" # debug_add(1, 1) + debug_scale(7, 2) + 100


def test_fault_is_a_stop_and_can_be_mended(tmp_path):
    done = gdb(tmp_path, """
        continue
        print/x $rdi
        set var $rdi = &debug_array
        signal 0""", "--call", "crash", "0xdead0000")
    done.has("SIGSEGV", "debug_load (from=0xdead0000)", "$1 = 0xdead0000", "exited normally")
    assert (done.status, done.out) == (0, f"{(2 << 32) + 1}\n")


def test_fault_with_its_signal_ends_the_call(tmp_path):
    done = gdb(tmp_path, "continue\ncontinue", "--call", "crash", "0xdead0000")
    done.has("SIGSEGV", "exited with code 04")
    assert done.status == 4 and "address 0xdead0000" in done.err


def test_own_int3_is_the_guests(tmp_path):
    done = gdb(tmp_path, "continue\nx/i $pc-1\ncontinue", "--call", "own")
    done.has("SIGTRAP", "int3", "exited normally")
    assert done.out == "5\n"


def test_kill_ends_the_call(tmp_path):
    done = gdb(tmp_path, "break debug_tick\ncontinue\nkill", "--call", "count", "5")
    done.has("Breakpoint 1", "killed")
    assert done.status == 130 and done.out == ""


def test_target_description(tmp_path):
    done = gdb(tmp_path, """
        info auxv
        maint print xml-tdesc
        monitor help
        monitor caps
        monitor map
        info threads
        detach""", "--call", "count", "1")
    done.has('name="org.gnu.gdb.i386.core"', 'name="org.gnu.gdb.i386.sse"',
             'name="org.gnu.gdb.i386.avx"', "how breakpoints and the like work",
             "back end: kvm", "text", '* 1    Thread 1 "vCPU 0"')
    assert "internal-error" not in done.said


# ---- Coming and going ----

def test_attach_interrupt_detach(tmp_path):
    target = Target(tmp_path, "--call", "spin", wait=False)
    time.sleep(0.3)
    said = target.gdb("backtrace 1\nprint debug_counter > 0\ndetach")
    assert "spin" in said and "$1 = 1" in said, said
    time.sleep(0.1)
    assert target.process.poll() is None
    said = target.gdb("set var debug_go_on = 1\ndetach")
    assert target.end()[0] == 0, said


def test_ctrl_c(tmp_path):
    target = Target(tmp_path, "--call", "spin")
    process = subprocess.Popen(
        ["gdb-multiarch", "-nx", "-q", "-ex", "set confirm off", "-ex",
         f"target remote {target.socket}", "-ex", "continue", "-ex", "backtrace 1", "-ex",
         "set var debug_go_on = 1", "-ex", "continue", "-ex", "quit", str(target.guest)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[0]
    assert "SIGINT" in said and "spin" in said and "exited normally" in said, said
    assert target.end()[0] == 0


def test_second_client_is_refused(tmp_path):
    target = Target(tmp_path, "--call", "count", "3")
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(target.socket))
        first.sendall(b"$?#3f")
        assert b"T05" in first.recv(4096)
        assert "Another debugger is attached" in target.gdb("info threads")
    assert target.end()[:2] == (0, "3\n") # the first has vanished: the guest runs on


def test_client_vanishes_with_breakpoints(tmp_path):
    target = Target(tmp_path, "--call", "hash", "5")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(target.socket))
        place = subprocess.run(["nm", GUESTS / "debug.elf"], capture_output=True, text=True,
                               check=True).stdout
        tick = re.search(r"^0*([0-9a-f]+) T debug_tick$", place, re.M).group(1)
        packets = [f"Z0,{tick},1", "vCont;c"]
        for packet in packets:
            client.sendall(f"${packet}#{sum(packet.encode()) % 256:02x}".encode())
            assert client.recv(4096)
        time.sleep(0.2)
    status, out, _ = target.end()
    plain = Target(tmp_path, "--call", "hash", "5", wait=False).end()[1]
    assert (status, out) == (0, plain)


def test_attaching_often_changes_nothing(tmp_path):
    plain = Target(tmp_path, "--call", "hash", "200000", wait=False).end()[1]
    target = Target(tmp_path, "--call", "hash", "200000", wait=False)
    for _ in range(3):
        if target.process.poll() is None:
            target.gdb("break debug_tick\ncontinue\nstepi\ndetach")
    assert target.end()[:2] == (0, plain)


def test_tcp_is_of_this_machine_only(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    target = Target.__new__(Target)
    target.guest = GUESTS / "debug.elf"
    target.socket = f"127.0.0.1:{port}"
    target.process = subprocess.Popen(
        [BUILD / "bin/vitrine", "run", target.guest, "--call", "count", "2",
         f"--gdb=tcp:{port}", "--gdb-wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True)
    time.sleep(0.5)
    said = target.gdb("break debug_tick\ncontinue\ndelete\ncontinue")
    assert "Breakpoint 1, debug_tick" in said, said
    assert target.end()[:2] == (0, "2\n")


# ---- Several vCPUs ----

def test_vcpus_are_threads(tmp_path):
    done = gdb(tmp_path, """
        break debug_turn if vcpu == 3
        continue
        info threads
        thread apply all print $cs
        delete
        continue""", "--call", "together", "4", "100", options=("--vcpus", "4"))
    done.has('"vCPU 3" hit Breakpoint 1, debug_turn (vcpu=3)', '"vCPU 0"', "exited normally")
    assert done.out == "400\n"


def test_scheduler_locking(tmp_path):
    done = gdb(tmp_path, """
        break debug_turn if vcpu == 2
        continue
        delete
        set scheduler-locking on
        print ran[0]
        next
        next
        next
        print ran[0] == $1
        set scheduler-locking off
        continue""", "--call", "together", "4", "1000", options=("--vcpus", "4"))
    done.has("debug_turn (vcpu=2)", "$2 = 1", "exited normally")
    assert done.out == "4000\n"


@pytest.mark.parametrize("turns", [300])
def test_breakpoint_storm_loses_none(tmp_path, turns):
    done = gdb(tmp_path, f"""
        break debug_turn if vcpu > 100
        continue
        """, "--call", "together", "4", str(turns), options=("--vcpus", "4"))
    done.has("exited normally")
    assert done.out == f"{4 * turns}\n"
