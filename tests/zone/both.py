# SPDX-License-Identifier: Apache-2.0
"""The micro-VM program `both` as a bare zone: the lines of tests/uvm/guest/both.expect, from the
very file that the micro-VM tests run."""
import hashlib
import os
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).parents[2]
EXPECT = ROOT / "tests" / "uvm" / "guest" / "both.expect"
GUEST = pathlib.Path("tests") / "uvm" / "guest" / "aarch64"
PT_LOAD = 1


def segments(elf):
    """The bytes that each PT_LOAD of an ELF file has in it."""
    offset, = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for i in range(count):
        kind, _, at, _, _, in_file, _, _ = struct.unpack_from("<IIQQQQQQ", elf, offset + i * size)
        if kind == PT_LOAD and in_file:
            yield elf[at:at + in_file]


def check_file(machine, name="both"):
    """The zone's image is the file whose sha256 the build wrote down for the micro-VM tests."""
    where = ROOT / os.environ.get("O", "build") / GUEST
    elf = (where / f"{name}.elf").read_bytes()
    image = (pathlib.Path(machine.log).parent / "boot.img").read_bytes()
    said = (where / f"{name}.sha256").read_text().split()[0]
    machine.check(hashlib.sha256(elf).hexdigest() == said, f"{name}.elf is not {said}")
    machine.check(all(part in image for part in segments(elf)), "the zone runs another file")


def lines():
    return EXPECT.read_text().splitlines()


def test(machine, stanza):
    zone = stanza.zones[0]
    check_file(machine)
    for line in lines()[:-1]:  # the last one comes only if the fault before it is answered
        machine.expect(zone, "^" + re.escape(line) + "$", 20)
    machine.expect("hyp", r"zone reports a fault zone=bare vcpu=0 class=debug reason=\d+ level=0 "
                          r"pc=0x2\w+ address=0x0 code=0xf2000001 count=1", 10)
    machine.expect("hyp", r"zone stopped zone=bare reason=fault", 10)
    machine.check("BAD" not in machine.text(zone), "a claim is BAD")
    machine.expect_exit()
