# SPDX-License-Identifier: Apache-2.0
"""Tests of scripts/guests: each form in which Debian ships a kernel becomes a raw arm64 Image."""
import gzip
import lzma
import pathlib
import struct
import subprocess

import pytest

GUESTS = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "guests"

IMAGE = b"\x4d\x5a".ljust(56, b"\0") + b"ARM\x64" + b"code\n" * 100


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


def zboot(kind, payload):
    header = b"MZ\0\0zimg" + struct.pack("<II", 128, len(payload)) + bytes(8)
    return (header + kind.encode()).ljust(128, b"\0") + payload + b"trailer"


def unpack(tmp_path, data):
    (tmp_path / "in").write_bytes(data)
    script = f'. "{GUESTS}"; unpack_kernel "$1" "$2"'
    return subprocess.run(["bash", "-c", script, "test", tmp_path / "in", tmp_path / "out"],
                          stderr=subprocess.PIPE, text=True, check=False)


FORMS = {
    "raw": IMAGE,
    "gzip": gzip.compress(IMAGE),
    "zboot-gzip": zboot("gzip", gzip.compress(IMAGE)),
    "zboot-zstd": zboot("zstd", zstd(IMAGE)),
    "zboot-xz": zboot("xz", lzma.compress(IMAGE)),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_becomes_the_image(tmp_path, form):
    done = unpack(tmp_path, FORMS[form])
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes() == IMAGE


BAD = {
    "empty": (b"", "no kernel format"),
    "text": (b"not a kernel at all, but long enough to hold a header of an Image\n", "no kernel"),
    "gzip-of-text": (gzip.compress(b"text" * 50), "holds no arm64 Image"),
    "zboot-lz4": (zboot("lz4", b"x"), "lz4 compression"),
}


@pytest.mark.parametrize("form", BAD)
def test_what_is_no_kernel_is_refused(tmp_path, form):
    data, message = BAD[form]
    done = unpack(tmp_path, data)
    assert done.returncode != 0 and message in done.stderr
