# SPDX-License-Identifier: Apache-2.0
"""A guest under `vitrine run --gdb-wait`, and debuggers of Debian's that are run against it."""
import os
import pathlib
import shutil
import subprocess
import time
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("O", "build")).absolute()
GUESTS = BUILD / "tests/uvm/guest"
LIMIT = 60

needs_kvm = pytest.mark.skipif(not os.access("/dev/kvm", os.R_OK | os.W_OK) or
                               os.uname().machine != "x86_64",
                               reason="no /dev/kvm of an x86_64 machine")


@dataclass
class Done:
    """What a debugger said, and how the guest's program ended."""
    said: str
    status: int
    out: str
    err: str

    def has(self, *texts):
        """All of them are there, in this order."""
        at = 0
        for text in texts:
            found = self.said.find(text, at)
            assert found >= 0, f"no {text!r} behind {self.said[:at][-200:]!r} in:\n{self.said}"
            at = found + len(text)


class Target:
    """A process with the guest, stopped before its first instruction unless wait is False."""

    def __init__(self, where, *calls, guest="debug.elf", options=(), wait=True):
        self.socket = where / "gdb"
        self.guest = GUESTS / guest
        command = [BUILD / "bin/vitrine", "run", self.guest, *calls, *options,
                   f"--gdb={self.socket}", *(["--gdb-wait"] if wait else [])]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(200):
            if self.socket.exists() or self.process.poll() is not None:
                return
            time.sleep(0.02)
        raise AssertionError("no socket")

    def end(self):
        """(exit status, output, messages) once it has ended."""
        try:
            out, err = self.process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError("the guest's program does not end: " + err) from None
        return self.process.returncode, out, err

    def gdb(self, commands, program="gdb-multiarch"):
        """What GDB prints; the guest's program goes on."""
        lines = ["set confirm off", "set pagination off", "set width 0",
                 f"target remote {self.socket}", *commands.strip().splitlines()]
        words = [program, "-nx", "-q", "-batch"]
        for line in lines:
            words += ["-ex", line.strip()]
        done = subprocess.run(words + [str(self.guest)], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                              check=False, env=dict(os.environ, DEBUGINFOD_URLS=""))
        return done.stdout

    def lldb(self, commands, crash=()):
        """`crash`: commands for when it stops by a signal, as LLDB's batch mode has it."""
        words = ["lldb", "--no-use-colors", "-b", "-x"]
        for line in [f"process connect unix-connect://{self.socket}",
                     *commands.strip().splitlines()]:
            words += ["-o", line.strip()]
        for line in crash:
            words += ["-k", line]
        done = subprocess.run(words + [str(self.guest)], stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT,
                              check=False)
        return done.stdout


def gdb(where, commands, *calls, **more):
    """One session from the first instruction to the end of the guest's program."""
    target = Target(where, *calls, **more)
    said = target.gdb(commands)
    return Done(said, *target.end())


def lldb(where, commands, *calls, crash=(), **more):
    target = Target(where, *calls, **more)
    said = target.lldb(commands, crash)
    return Done(said, *target.end())


needs_lldb = pytest.mark.skipif(shutil.which("lldb") is None, reason="no lldb")
