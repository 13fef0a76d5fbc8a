# SPDX-License-Identifier: Apache-2.0
"""Debian's LLDB and micro-VMs on this machine's KVM."""
from session import lldb, needs_kvm, needs_lldb

pytestmark = [needs_kvm, needs_lldb]


def test_breakpoint_and_values(tmp_path):
    done = lldb(tmp_path, """
        breakpoint set -n debug_tick
        continue
        thread backtrace -c 2
        frame variable n
        register read rip cs mxcsr xmm0
        thread step-inst
        memory region $pc
        memory read -f x -s 4 -c 2 &debug_array
        process status
        breakpoint delete -f
        continue""", "--call", "count", "2")
    done.has("stop reason = breakpoint 1.1", "debug_tick", "(uint64_t) n = 1", "rip = ",
             "cs = 0x", "stop reason = instruction step into", "r-x", "text",
             "0x00000001 0x00000002", "exited with status = 0")
    assert (done.status, done.out) == (0, "2\n")


def test_fault(tmp_path):
    done = lldb(tmp_path, "continue", "--call", "crash", "0xdead0000",
                crash=("register read rdi", "process kill"))
    done.has("stop reason = signal SIGSEGV", "debug_load", "rdi = 0x00000000dead0000")
    assert done.status == 130


def test_vcpus(tmp_path):
    done = lldb(tmp_path, """
        breakpoint set -n debug_turn
        continue
        thread list
        breakpoint delete -f
        process detach""", "--call", "together", "3", "50", options=("--vcpus", "3"))
    done.has("stop reason = breakpoint", "thread #1", "vCPU 0")
    assert done.out == "150\n"
