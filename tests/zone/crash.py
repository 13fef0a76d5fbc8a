# SPDX-License-Identifier: Apache-2.0
"""Breaks the hypervisor from outside, by QEMU's debug stub, and reads its crash record.

No guest can do this; the record must be whole all the same: the day it is needed, it is all there
is. `assert`: a broken invariant; `stack`: the CPU's stack pointer runs into its guard; `boot`: a
broken invariant before there is a console.
"""
import os
import re
import subprocess

from harness.machine import CRASH

BREAK = {
    # The name of a zone serves as the text, so that the record can be recognized.
    "assert": ["set $x0 = (long)the_plan->zone[0].name", "set $pc = arch_crash"],
    "boot": ["set $x0 = 0", "set $pc = arch_crash"],
    # Just above the guard of the CPU's own slot: the next call runs into it.
    "stack": ["set $sp = ((long)$sp & ~0xffffL) + 0x4010"],
}


# Functions that are never inlined. The first: before there are CPUs, stacks, and a console.
WHERE = {"boot": "pool_take"}


def break_it(machine, how):
    for _ in range(100):  # until QEMU listens
        if os.path.exists(machine.gdb):
            break
        machine.rest(0.1)
    lines = ["set pagination off", "set confirm off", "set architecture aarch64",
             f"target remote {machine.gdb}", f"hbreak {WHERE.get(how, 'fast_sync')}", "continue",
             "delete",
             *BREAK[how], "detach"]
    command = ["gdb-multiarch", "-nx", "-batch"]
    for line in lines:
        command += ["-ex", line]
    done = subprocess.run([*command, str(machine.hyp_elf)], capture_output=True, text=True,
                          timeout=60, check=False)
    machine.check("hit Breakpoint 1" in done.stdout and "rror" not in done.stderr,
                  f"gdb: {done.stdout}{done.stderr}")


def test(machine, stanza):
    how = stanza.args["how"]
    break_it(machine, how)
    hyp = machine.console.text  # expect() would fail on a crash, which is what is wanted here
    for _ in range(20):
        machine.rest(0.5)
        if "The machine is stopped" in hyp("hyp"):
            break
    record = hyp("hyp")
    machine.check(CRASH.search(record), f"no crash record: {record}")
    machine.check(f"EL2 crash: {'data abort in EL2' if how == 'stack' else 'BRK'}" in record,
                  f"wrong class: {record}")
    if how == "assert":
        machine.check(stanza.zones[0] in record, f"the reason is missing: {record}")
    for register in ("x00=", "x30=", "sp=", "pc=", "esr=", "far=", "hpfar="):
        machine.check(register in record, f"no {register}: {record}")
    trace = re.findall(r"^  ([0-9a-f]{16})$", record.split("backtrace:")[1], re.M)
    names = subprocess.run(["addr2line", "-i", "-f", "-e", str(machine.hyp_elf), *trace],
                           capture_output=True, text=True, check=False).stdout
    machine.check("run_cpu" in names or "boot_main" in names, f"backtrace {trace}: {names}")
    # Nothing runs on: neither zones nor the console.
    machine.rest(1)
    before = len(machine.text("hyp")), {z: len(machine.text(z)) for z in stanza.zones}
    machine.rest(2)
    after = len(machine.text("hyp")), {z: len(machine.text(z)) for z in stanza.zones}
    machine.check(before == after, "something still runs after the crash")
    machine.console.raw.clear()  # the runner looks for crashes too
