# SPDX-License-Identifier: Apache-2.0
"""EL2's own tables on the running machine, read by QEMU's debug stub while guests run: nothing is
writable and executable, stacks have guard pages, and no memory of a zone is mapped."""
import os
import pathlib
import re
import subprocess

from harness.machine import Failure

READ_ONLY, EXECUTE_NEVER = 1 << 7, 1 << 54

# hyp/arch/aarch64/layout.h
VA_IMAGE, VA_STACKS, VA_DEVICES, VA_WINDOWS, VA_POOL, VA_BLOBS = (
    0x4000000000, 0x4000200000, 0x4000400000, 0x4004000000, 0x4008000000, 0x4040000000)
STACK_SLOT = 0x10000
STACK_PAGES = {0x4000, 0x5000, 0x6000, 0x7000, 0xC000}  # of a slot: stack, emergency stack


def gdb(machine, *commands):
    lines = ["set pagination off", "set confirm off", "set architecture aarch64",
             f"target remote {machine.gdb}", *commands, "detach"]
    command = ["gdb-multiarch", "-nx", "-batch"]
    for line in lines:
        command += ["-ex", line]
    done = subprocess.run([*command, str(machine.hyp_elf)], capture_output=True, text=True,
                          timeout=120, check=False)
    if "rror" in done.stderr:
        raise Failure(f"gdb: {done.stdout}{done.stderr}")
    return done.stdout


def leaves(machine):
    script = pathlib.Path(__file__).resolve().parents[1] / "harness" / "el2_tables.py"
    text = gdb(machine, f"source {script}")
    return [tuple(int(word, 16) for word in found)
            for found in re.findall(r"^leaf (\w+) (\w+) (\w+) (\w+)$", text, re.M)]


def memory_of(machine, zone):
    """[(first, last)] of the machine's addresses, as the plan's compiler says."""
    vitrine = machine.hyp_elf.parents[2] / "bin" / "vitrine"
    text = subprocess.run([vitrine, "plan", "show", machine.log.with_name("plan.yaml")],
                          cwd=pathlib.Path(__file__).resolve().parents[2], capture_output=True,
                          text=True, check=True).stdout
    found = re.findall(rf"^ *0x(\w+)\.\.0x(\w+) +\S+ +{zone} +memory", text, re.M)
    machine.check(found, f"zone '{zone}' has no memory: {text}")
    return [(int(first, 16), int(last, 16)) for first, last in found]


def check_stacks(machine, found, cpus):
    mapped = {va - VA_STACKS for va, _, _, _ in found if VA_STACKS <= va < VA_DEVICES}
    wanted = {cpu * STACK_SLOT + page for cpu in range(cpus) for page in STACK_PAGES}
    machine.check(mapped == wanted, f"stacks and guards: {sorted(map(hex, mapped ^ wanted))}")


def test(machine, stanza):
    for _ in range(100):
        if os.path.exists(machine.gdb):
            break
        machine.rest(0.1)
    gdb(machine)  # go
    machine.expect("bare", "hello> ", 30)
    found = leaves(machine)
    machine.check(len(found) > 20, f"only {len(found)} leaves")
    text = [leaf for leaf in found if not leaf[3] & EXECUTE_NEVER]
    machine.check(text, "no code")
    machine.check(all(leaf[3] & READ_ONLY for leaf in text), f"writable and executable: {text}")
    machine.check(all(VA_IMAGE <= leaf[0] < VA_STACKS for leaf in text), f"code outside: {text}")
    check_stacks(machine, found, stanza.cpus)
    windows = [leaf for leaf in found if VA_WINDOWS <= leaf[0] < VA_POOL]
    machine.check(not windows, f"a window is open: {windows}")
    image = [leaf for leaf in found if leaf[0] >= VA_BLOBS]
    machine.check(image and all(leaf[3] & READ_ONLY for leaf in image),
                  f"boot image and plan can be written: {image}")
    for first, last in memory_of(machine, "bare"):
        zone = [leaf for leaf in found if leaf[2] <= last and first < leaf[2] + leaf[1]]
        machine.check(not zone, f"memory of the zone is mapped: {zone}")
    machine.key("bare", "q")
    machine.expect_exit()
