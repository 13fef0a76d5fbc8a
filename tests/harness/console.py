# SPDX-License-Identifier: Apache-2.0
"""Takes the machine's one console apart into what each zone wrote; knows nothing of processes.

The hypervisor writes lines `[name] text`, coloured; the zone in focus comes byte by byte, and its
line may be cut by another zone's line and go on afterwards. Whether a line was cut or complete
cannot be told from outside, so that such an end of line is kept as CUT and is read either way.
"""
import re

# Colour and cursor sequences, also when only their beginning has arrived.
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78DEHMc]")
ANSI_BEGUN = re.compile(r"\x1b(\[[0-9;?]*)?$")
PREFIX = re.compile(r"^\[([a-z0-9_-]{1,23})\] ?")
PREFIX_BEGUN = re.compile(r"^(\[[a-z0-9_-]{0,23}\]?)?$")
CUT = "\v"  # end of line, or a cut in it
MACHINE = ""  # what carries no prefix: QEMU's own words, or a guest that runs without hypervisor


class Console:
    """feed() text as it arrives; raw[zone] is what the zone has written so far, with CUTs."""

    def __init__(self):
        self.raw = {MACHINE: ""}
        self._line = ""  # of the current line, what was not given to a zone yet
        self._zone = None  # owner of the current line, None: not known yet
        self._last = None  # owner of the line before

    def feed(self, data):
        data = self._line + data.replace("\r", "").replace("\0", "")
        self._line = ""
        begun = ANSI_BEGUN.search(data)
        if begun:
            self._line = data[begun.start():]
            data = data[:begun.start()]
        parts = ANSI.sub("", data).split("\n")
        for part in parts[:-1]:
            self._give(part, whole=True)
        self._give(parts[-1], whole=False)

    def _give(self, part, whole):
        if self._zone is None:
            prefix = PREFIX.match(part)
            # Not all of the prefix is there, or its blank is not.
            if not whole and (PREFIX_BEGUN.match(part) if prefix is None
                              else part == prefix.group(0) and part[-1] == "]"):
                self._line = part + self._line
                return
            self._zone = prefix.group(1) if prefix else MACHINE
            part = part[prefix.end():] if prefix else part
            self._mark_cut()
        self.raw[self._zone] = self.raw.get(self._zone, "") + part + ("\n" if whole else "")
        if whole:
            self._last = self._zone
            self._zone = None

    def _mark_cut(self):
        before = self.raw.get(self._last, "")
        if self._last != self._zone and before.endswith("\n"):
            self.raw[self._last] = before[:-1] + CUT

    def text(self, zone):
        return self.raw.get(zone, "").replace(CUT, "\n")

    def zones(self):
        return [zone for zone in self.raw if zone not in (MACHINE, "hyp")]


def search(pattern, raw):
    """Finds pattern in raw text, its CUTs as ends of lines or as nothing: (match, raw end)."""
    found = pattern.search(raw.replace(CUT, "\n"))
    if found or CUT not in raw:
        return found, found.end() if found else 0
    found = pattern.search(raw.replace(CUT, ""))
    if not found:
        return None, 0
    left, end = found.end(), 0
    while left > 0 or raw[end:end + 1] == CUT:
        left -= raw[end] != CUT
        end += 1
    return found, end
