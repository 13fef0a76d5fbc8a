# SPDX-License-Identifier: Apache-2.0
"""A QEMU that runs a boot image, driven through its console; one object per run."""
import os
import pathlib
import re
import time

import pexpect

from harness.console import Console, MACHINE, search

# What must never be seen, in any test.
PANIC = re.compile(r"Kernel panic - not syncing.*")
CRASH = re.compile(r"(EL2|hyp|hypervisor) (crash|panic)|assertion failed", re.I)
LINE_MAX = 70  # of a shell command: with the prompt, no more than the guest's terminal is wide
SLOW_MAX = 4


def slow():
    """Factor on all time-outs: as asked for, else by how many want each of the host's CPUs now."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return float(os.environ.get("VITRINE_SLOW") or min(max(load, 1), SLOW_MAX))


SLOW = slow()


class Failure(AssertionError):
    """A test's claim does not hold."""


def answer_pattern(mark):
    """Output and status of a command after its echo, whose end of line may have been a cut."""
    return rf"(?s).*\"<\$\?>{mark}\"\n?(.*?)<(\d+)>{mark}"


class Machine:
    """`zones` are names in plan order: their digit after Ctrl-A is index + 1."""

    def __init__(self, command, zones, log):
        self.zones = zones
        self.console = Console()
        self.checks = 0
        self.log = log
        self._seen = {}  # zone -> how much of its text expect() has consumed
        self._focus = None
        self._serial = 0
        self._out = open(log, "w", encoding="utf-8", errors="replace")  # closed by finish()
        self.child = pexpect.spawn(command[0], command[1:], echo=False, encoding="utf-8",
                                   codec_errors="replace", timeout=None, dimensions=(50, 400))
        self.child.logfile_read = self._out
        self.child.delaybeforesend = None

    # --- reading ---------------------------------------------------------------------------------

    def pump(self, seconds):
        """Takes in what arrives within that time; False: QEMU has ended."""
        try:
            self.console.feed(self.child.read_nonblocking(65536, timeout=max(seconds, 0)))
        except pexpect.TIMEOUT:
            pass
        except pexpect.EOF:
            return False
        return True

    def text(self, zone):
        return self.console.text(zone)

    def unseen(self, zone):
        return self.console.raw.get(zone, "")[self._seen.get(zone, 0):]

    def expect(self, zone, pattern, timeout=30):
        """Waits until the zone has written pattern (after the last match); returns the match."""
        self.checks += 1
        end = time.monotonic() + timeout * SLOW
        alive = True
        while True:
            found, at = search(re.compile(pattern, re.M), self.unseen(zone))
            if found:
                self._seen[zone] = self._seen.get(zone, 0) + at
                return found
            self.check_crash()
            left = end - time.monotonic()
            if left <= 0 or not alive:
                why = f"not within {timeout * SLOW:.0f} s" if alive else "QEMU ended before"
                raise Failure(f"zone '{zone}': /{pattern}/ {why}; it wrote: "
                              f"...{self.unseen(zone)[-600:]!r}")
            alive = self.pump(min(left, 1))

    def rest(self, seconds):
        """Lets the machine run."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and self.pump(left):
            pass

    def skip(self, zone):
        """What the zone has written so far is not looked at by the next expect()."""
        self.pump(0)
        self._seen[zone] = len(self.text(zone))

    def check(self, condition, message):
        self.checks += 1
        if not condition:
            raise Failure(message)

    def check_crash(self):
        for zone in (MACHINE, "hyp"):
            found = CRASH.search(self.text(zone))
            if found:
                self.rest(1)
                raise Failure("the hypervisor crashed: " + self.text(zone)[found.start():][:2000])
        for zone in self.console.zones():
            found = PANIC.search(self.text(zone))
            if found:
                raise Failure(f"zone '{zone}': {found.group(0)}")

    # --- writing ---------------------------------------------------------------------------------

    def send(self, text):
        self.child.send(text)

    def focus(self, zone):
        """Gives the zone the input; 'hyp': nobody."""
        if self._focus != zone and self.zones:
            self.skip("hyp")
            self.child.send("\x01" + str(0 if zone == "hyp" else self.zones.index(zone) + 1))
            self.expect("hyp", rf"input: {zone}\b", 10)
            self._focus = zone

    def key(self, zone, keys):
        self.focus(zone)
        self.send(keys)

    def run(self, zone, command, timeout=30):
        """Runs a shell command in a Linux zone: (exit status, output)."""
        self._serial += 1
        mark = f"m{self._serial}"
        line = f"{command}; echo \"<$?>{mark}\""
        if len(line) > LINE_MAX:
            raise Failure(f"the shell would wrap its echo: {line}")
        self.key(zone, line + "\n")
        # The echo holds $? and is no match; it comes twice when typed before the prompt is there.
        found = self.expect(zone, answer_pattern(mark), timeout)
        return int(found.group(2)), found.group(1)

    def run_ok(self, zone, command, timeout=30):
        status, output = self.run(zone, command, timeout)
        self.check(status == 0, f"zone '{zone}': {command}: status {status}: {output}")
        return output

    def cpu_seconds(self, cpu):
        """CPU time that the host has spent on one emulated CPU (QEMU with debug-threads=on)."""
        for task in pathlib.Path(f"/proc/{self.child.pid}/task").iterdir():
            try:
                if (task / "comm").read_text().startswith(f"CPU {cpu}/"):
                    return int((task / "schedstat").read_text().split()[0]) / 1e9
            except OSError:
                pass  # a thread of QEMU's that has ended meanwhile
        raise Failure(f"QEMU has no thread for CPU {cpu}")

    # --- end -------------------------------------------------------------------------------------

    def expect_exit(self, timeout=20):
        """QEMU must end by itself, with status 0."""
        self.checks += 1
        end = time.monotonic() + timeout * SLOW
        while self.pump(0.5):
            if time.monotonic() > end:
                raise Failure(f"QEMU still runs {timeout * SLOW:.0f} s after the power-off")
        self.child.close()
        self.check(self.child.exitstatus == 0, f"QEMU's exit status is {self.child.exitstatus}, "
                                               f"signal {self.child.signalstatus}")

    def finish(self):
        """Ends QEMU if it still runs."""
        if self.child.isalive():
            self.pump(0)
            self.child.close(force=True)
        self._out.close()
