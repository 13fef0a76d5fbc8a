# SPDX-License-Identifier: Apache-2.0
"""What the plan tests share: the compiler with sanitizers, and small fake boot files."""
import os
import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / os.environ.get("O", "build")
HERE = pathlib.Path(__file__).resolve().parent

HYP_MAGIC = 0x3450594852545F56
PLAN_VERSION = 7
PAGE = 0x1000


def compiler():
    """Path of `vitrine` built with ASan and UBSan; its directory has the same boards beside it."""
    target = OUT / "bin-san" / "vitrine"
    if "MAKELEVEL" in os.environ and target.exists():
        return target  # make has just built it, perhaps with settings of the user's
    env = dict(os.environ, VITRINE_NO_SETUP="1")
    env.pop("MAKEFLAGS", None)
    boards = [OUT / "boards" / f"{path.parent.name}.dtb"
              for path in sorted(ROOT.glob("boards/*/board.dts"))]
    subprocess.run(["make", "-s", f"O={OUT}", str(target), *map(str, boards)], cwd=ROOT, env=env,
                   check=True)
    return target


def image(size=PAGE * 16, memory=0x2000000, text_offset=0):
    """An arm64 Linux Image that only has a header."""
    data = bytearray(size)
    struct.pack_into("<QQ", data, 8, text_offset, memory)
    data[56:60] = b"ARM\x64"
    return bytes(data)


def elf(*segments, entry=None):
    """A static AArch64 program of (address, file bytes, memory size) segments."""
    offset = PAGE
    headers, body = b"", b""
    for address, data, memory in segments:
        headers += struct.pack("<IIQQQQQQ", 1, 5, offset + len(body), address, address, len(data),
                               memory, PAGE)
        body += data
    start = segments[0][0] if entry is None else entry
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 2, 183, 1, start, 64, 0, 0, 64, 56, len(segments), 64, 0, 0)
    return (head + headers).ljust(offset, b"\0") + body


def plan_size():
    """sizeof(struct plan), from the compiler of the host."""
    source = '#include <stdio.h>\n#include "abi/plan.h"\n' \
             'int main(void) { printf("%zu", sizeof(struct plan)); }\n'
    program = OUT / "plan_size"
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", f"-I{ROOT}", "-x", "c", "-", "-o", program], input=source.encode(),
                   check=True)
    return int(subprocess.run([program], capture_output=True, check=True).stdout)


def hypervisor(size, version=PLAN_VERSION, file_bytes=0x8000 - 100, image_size=0x8000,
               drivers=2**64 - 1):
    """A fake hyp.bin: Image header, then struct plan_hyp_header."""
    data = bytearray(image(file_bytes))
    struct.pack_into("<QII11Q", data, 64, HYP_MAGIC, version, size, image_size, drivers,
                     0x40000, 0x10000, 0x20000, 0x6000, 0x1000, 0x10000, 0x80000, 0x10000, 0x10000)
    return bytes(data)


def write_files(where):
    """Boot files that the samples name as ${files}/..."""
    where.mkdir(parents=True, exist_ok=True)
    code = b"\x00\x00\x00\x14" * 16
    files = {
        "Image": image(),
        "Image.dtb": b"x" * 200,
        "Image.gz": b"\x1f\x8b" + bytes(100),
        "Image.damaged": image(memory=1 << 60),
        "Image.large": image(memory=0x8000000),
        "Image.offset": image(text_offset=0x80000),
        "initrd": bytes(range(256)) * 100,
        "empty": b"",
        "program.elf": elf((0x40200000, code, 0x4000), (0x40210000, b"data" * 8, 0x1000)),
        "high.elf": elf((0x401FE0000, code, 0x1000)),
        "top.elf": elf((0x40200000, code, 0x1000), (0x40FF0000, code, 0x1000)),
        "overlap.elf": elf((0x40200000, code, 0x4000), (0x40200010, code, 0x1000)),
        "noentry.elf": elf((0x40200000, code, 0x4000), entry=0x1000),
        "odd.elf": elf((0x40200000, code, 0x4000), entry=0x40200002),
        "damaged.elf": elf((0x40200000, code, 0x4000))[:-8],
        "wrap.elf": elf((0xFFFFFFFFFFFFF000, code, 0x4000)),
        "empty.elf": elf((0x40200000, b"", 0)),
        "many.elf": elf(*[(0x40200000 + PAGE * i, code, 64) for i in range(17)]),
        "pieces.elf": elf(*[(0x40200000 + PAGE * i, bytes([i]) * 64, 64) for i in range(16)]),
        "hyp.bin": hypervisor(plan_size()),
        "hyp.old": hypervisor(plan_size(), version=99),
        "hyp.reduced": hypervisor(plan_size(), drivers=1),
        "hyp.damaged": hypervisor(plan_size(), image_size=0x1000),
    }
    for name, data in files.items():
        (where / name).write_bytes(data)


def run(program, *args):
    """Exit code and messages; a sanitizer's report is a failure of its own."""
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:exitcode=99",
               UBSAN_OPTIONS="print_stacktrace=1")
    done = subprocess.run([str(program), *map(str, args)], capture_output=True, text=True, env=env,
                          timeout=60, check=False)
    assert done.returncode in (0, 1, 2, 3), done.stderr
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done
