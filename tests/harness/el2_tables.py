# SPDX-License-Identifier: Apache-2.0
"""Runs inside gdb at QEMU's debug stub: prints every leaf of EL2's own tables, as one line
`leaf VA SIZE PA ATTRIBUTES` in hexadecimal, attributes with the address taken out."""
import struct

import gdb  # pylint: disable=import-error

ADDRESS = 0x0000FFFFFFFFF000
SHIFTS = (30, 21, 12)  # of levels 1 to 3, 39-bit addresses


def table(at):
    """512 entries at a physical address."""
    return struct.unpack("<512Q", bytes(gdb.selected_inferior().read_memory(at, 4096)))


def walk(at, level, base):
    for index, entry in enumerate(table(at)):
        va = base + (index << SHIFTS[level])
        if entry & 1 == 0:
            continue
        if entry & 2 and level < 2:
            walk(entry & ADDRESS, level + 1, va)
        else:
            print(f"leaf {va:x} {1 << SHIFTS[level]:x} {entry & ADDRESS:x} {entry & ~ADDRESS:x}")


gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
walk(int(gdb.parse_and_eval("$TTBR0_EL2")) & ADDRESS, 0, 0)
