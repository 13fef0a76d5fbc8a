# SPDX-License-Identifier: Apache-2.0
"""The guest runtime as built: what its ring-0 code is made of, and the shape of its images."""
import os
import pathlib
import re
import struct
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
OUT = ROOT / os.environ.get("O", "build")
SUPER = OUT / "x86_64-super" / "guest"
SUPER_A64 = OUT / "uvm-aarch64-super" / "guest"
GUESTS = sorted((OUT / "tests" / "uvm" / "guest").rglob("*.elf"))

# Ring 0 may be emulated: these the emulators have. No FP, vectors, BMI, popcnt, lzcnt, int n.
CONDITION = "(?:n?[abceglopsz]|n?[abgl]e|np|pe|po)"
PLAIN = re.compile(
    rf"""(?:lock\ |rep\ |cs\ |data16\ |ds\ )*
    (?:mov(?:abs|[sz][bwl][wlq]|[bwlq]|slq)?|(?:add|sub|adc|sbb|and|or|xor|cmp|test|inc|dec|neg|not
    |imul|mul|idiv|div|sh[lr]|sa[lr]|ro[lr]|lea|push|pop|call|bt[src]?|xchg|xadd|cmpxchg|nop)[bwlq]?
    |ret|leave|jmp|j{CONDITION}|set{CONDITION}|cmov{CONDITION}|cltq|cqto|cltd|cwtl|bsf|bsr|bswap
    |movs[bwlq]?|stos[bwlq]?|out|iretq|rdmsr|wrmsr|cld|xchg|ud2)""",
    re.X,
)
REGISTER = re.compile(r"%(?:[xyz]mm|st\b|mm\d|k\d)")
# Executed only where the host says that ring 0 can.
GUARDED = {
    "xsave64": ("vg_fp_get", "hw_xsave"),
    "xrstor64": ("vg_fp_put", "hw_xrstor"),
    "rdfsbase": ("vg_exception", "take_bases", "rd_fsbase"),
    "rdgsbase": ("vg_exception", "take_bases", "rd_gsbase"),
}


def instructions(path, arch="x86_64"):
    """(function, instruction) of each; the filler between vectors is left out."""
    text = subprocess.run(
        [f"{arch}-linux-gnu-objdump", "-d", "--no-show-raw-insn", path],
        check=True, capture_output=True, text=True,
    ).stdout
    function = ""
    for line in text.splitlines():
        if match := re.match(r"[0-9a-f]+ <(.*)>:", line):
            function = match[1]
        elif match := re.match(r"\s*[0-9a-f]+:\t(.*)", line):
            if not (function == "vg_vectors" and match[1].strip() == "int3"):
                yield function, match[1].split("#")[0].strip()


def is_plain(function, instruction):
    words = instruction.split()
    name = words[0]
    if name in GUARDED:
        return function in GUARDED[name]
    end = 1
    while words[end - 1] in ("lock", "rep", "cs", "data16", "ds") and end < len(words):
        end += 1
    return bool(PLAIN.fullmatch(" ".join(words[:end]))) and not REGISTER.search(instruction)


@pytest.mark.parametrize("path", sorted(SUPER.rglob("*.o")), ids=lambda p: p.name)
def test_ring_0_has_plain_instructions_only(path):
    assert [i for i in instructions(path) if not is_plain(*i)] == []


def test_ring_0_check_finds_what_it_must():
    for bad in ("pxor %xmm0,%xmm0", "lzcnt %eax,%eax", "popcnt %eax,%eax", "fld1", "int $0x80",
                "vmcall", "syscall", "shlx %rax,%rbx,%rcx", "mov %eax,%xmm0", "xsave64 (%rax)",
                "andn %eax,%eax,%eax", "movups (%rax),%xmm1", "ldmxcsr (%rax)", "tzcnt %eax,%eax"):
        assert not is_plain("f", bad), bad
    for good in ("lock xadd %eax,(%rcx)", "movzbl (%rax),%ecx", "cs nopw 0x0(%rax,%rax,1)",
                 "jne 1f <x>", "setae %al", "cmovns %rax,%rbx", "rep stos %rax,%es:(%rdi)"):
        assert is_plain("f", good), good


# EL1 leaves the program's floating point and vectors where they are.
VECTOR = re.compile(r"(?<![\w.])[vqdshb][0-9]{1,2}(?!\w)(?! <)(?=[^<>]*$)")


@pytest.mark.parametrize("path", sorted(SUPER_A64.rglob("*.o")), ids=lambda p: p.name)
def test_el1_has_no_vectors(path):
    found = list(instructions(path, "aarch64"))
    assert [i for i in found if VECTOR.search(i[1].split("//")[0])] == []


def test_vector_check_finds_what_it_must():
    for bad in ("fmov d0, x1", "ldr q31, [x0]", "movi v0.4s, #0x0"):
        assert VECTOR.search(bad), bad
    for good in ("b 1c <d0>", "ldp x29, x30, [sp]", "cbz x2, d8 <f+0xd8>", "mrs x0, fpcr"):
        assert not VECTOR.search(good), good


# ---- Images ----

PT_LOAD, PT_NOTE, PT_TLS, SUPERVISOR, PAGE = 1, 4, 7, 0x00100000, 4096
X86_64, AARCH64 = 62, 183


def segments(path):
    """(type, flags, offset, address, size in file, size in memory)"""
    data = path.read_bytes()
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for i in range(count):
        kind, flags, at, gva, _, in_file, in_mem, _ = struct.unpack_from(
            "<IIQQQQQQ", data, offset + i * size)
        yield kind, flags, at, gva, in_file, in_mem


@pytest.mark.parametrize("path", GUESTS, ids=lambda p: p.name)
def test_image_keeps_its_parts_apart(path):
    pages = set()
    loads = [s for s in segments(path) if s[0] == PT_LOAD]
    for _, flags, at, gva, in_file, in_mem in loads:
        assert flags & 3 != 3, "writable and executable"
        assert in_file <= in_mem and at % PAGE == gva % PAGE
        own = set(range(gva // PAGE, (gva + in_mem + PAGE - 1) // PAGE))
        assert not own & pages, "two segments on a page"
        pages |= own
    levels = {(flags & SUPERVISOR != 0, flags & 7) for _, flags, *_ in loads}
    assert levels == {(level, perm) for level in (False, True) for perm in (4, 5, 6)}
    assert PT_TLS not in {s[0] for s in segments(path)}


@pytest.mark.parametrize("path", GUESTS, ids=lambda p: p.name)
def test_image_has_its_note(path):
    kind, _, at, gva, size, _ = next(s for s in segments(path) if s[0] == PT_NOTE)
    data = path.read_bytes()[at:at + size]
    assert struct.unpack_from("<III8s", data) == (8, size - 20, 1, b"Vitrine\0")
    version, length, entry, vectors, stride, count, *_ = struct.unpack_from("<IIqqII", data, 20)
    arch, = struct.unpack_from("<H", path.read_bytes(), 18)
    assert (version, length) == (1, 64)
    assert (count, stride) == {X86_64: (256, 32), AARCH64: (16, 128)}[arch]
    loads = {gva_ + i for k, flags, _, gva_, _, mem in segments(path)
             if k == PT_LOAD and flags == SUPERVISOR | 5 for i in (0, mem)}
    assert min(loads) <= gva + 28 + entry < max(loads)
    assert min(loads) <= gva + 36 + vectors <= max(loads) - stride * count
