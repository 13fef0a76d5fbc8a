#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what libvitrine promises in bytes: exported symbols with versions, public types' layout.

Usage: scripts/abi.py LIBRARY [--check FILE | --update FILE]
The types are those that host/include/vitrine.h declares, read from what the compiler says of them.
--check: exit status 1 and the difference when FILE says otherwise. A line that goes away or changes
breaks programs; new lines are for a new minor version.
"""
import argparse
import difflib
import pathlib
import re
import subprocess
import sys
import tempfile

from elftools.elf.elffile import ELFFile

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEADER = ROOT / "host" / "include" / "vitrine.h"
PUBLIC = re.compile(r"^(vt|fault|call)_")


def symbols(library):
    """Lines `symbol NAME@@VERSION`."""
    listed = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", library],
                            capture_output=True, text=True, check=True).stdout
    words = [line.split() for line in listed.splitlines()]
    return sorted(f"symbol {w[-1]}" for w in words if w[-2] in "TWDBR")


def compiled(where):
    """Debug information of a file that only includes the header."""
    obj = pathlib.Path(where) / "types.o"
    subprocess.run(["gcc", "-std=c11", "-gdwarf-4", "-fno-eliminate-unused-debug-types",
                    f"-I{ROOT}", "-c", "-x", "c", HEADER, "-o", obj], check=True)
    return obj


def name_of(die):
    value = die.attributes.get("DW_AT_name")
    return value.value.decode() if value else ""


def members(die, at=0):
    """(name, offset) of a struct's members; unnamed ones are looked into."""
    for child in die.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        place = child.attributes.get("DW_AT_data_member_location")
        offset = at + (place.value if place else 0)
        if name_of(child):
            yield name_of(child), offset
        else:
            yield from members(child.get_DIE_from_attribute("DW_AT_type"), offset)


def describe(die):
    """Lines of one type."""
    if die.tag == "DW_TAG_enumeration_type":
        for child in die.iter_children():
            yield f"enum {name_of(die)} {name_of(child)} = " \
                  f"{child.attributes['DW_AT_const_value'].value}"
        return
    yield f"struct {name_of(die)} size {die.attributes['DW_AT_byte_size'].value}"
    for name, offset in members(die):
        yield f"struct {name_of(die)} +{offset} {name}"


def types():
    """Lines of all public types that the header defines."""
    with tempfile.TemporaryDirectory() as where, open(compiled(where), "rb") as file:
        dies = [die for unit in ELFFile(file).get_dwarf_info().iter_CUs()
                for die in unit.iter_DIEs()
                if die.tag in ("DW_TAG_structure_type", "DW_TAG_enumeration_type")
                and PUBLIC.match(name_of(die)) and "DW_AT_declaration" not in die.attributes]
        return [line for die in sorted(dies, key=name_of) for line in describe(die)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library")
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--update", type=pathlib.Path)
    options = parser.parse_args()
    lines = ["# SPDX-License-Identifier: Apache-2.0",
             "# What programs rely on; scripts/abi.py compares it with the library.",
             *symbols(options.library), *types()]
    if options.update:
        options.update.write_text("\n".join(lines) + "\n")
    elif options.check:
        known = options.check.read_text().splitlines()
        if known != lines:
            print("\n".join(difflib.unified_diff(known, lines, str(options.check), "built",
                                                 lineterm="", n=0)))
            return 1
    else:
        print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
