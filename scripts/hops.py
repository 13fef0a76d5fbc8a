#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that docs/trap.md tells the truth: each path in it, call by call, against the sources.

Usage: scripts/hops.py [--root DIR] [FILE]. A path is a fenced block that begins with ```hops NAME:
one line per function, `function file [how]`, indented by two spaces below its caller. `how`:
  (nothing)            its caller calls it by name, siblings in this order
  table NAME           its caller calls through a const table NAME of the caller's file or its own
  table NAME@FILE      the same, the table being in FILE
  added FUNCTION@FILE  its caller calls through an object that FUNCTION in FILE has filled with it
  macro NAME           the function is made by macro NAME of its file
  eret                 the caller ends with an eret: what the machine enters next
  leaf ...             (before any of these) side work that returns at once; its file is not hopped
Exit status 1, with a message per finding, when a name or a call does not exist or when a path hops
more than one assembly file or more than six C files.
"""
import argparse
import pathlib
import re
import sys
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ctext import Source, calls, names  # noqa: E402  pylint: disable=wrong-import-position

ASM_MAX = 1
C_MAX = 6
BLOCK = re.compile(r"^```hops (\S+)\n(.*?)^```$", re.M | re.S)
LINE = re.compile(r"^( *)(\w+) +(\S+\.[chS])(?: +(\S.*))?$")


@dataclass
class Hop:
    line: int
    depth: int
    function: str
    file: str
    how: str
    leaf: bool
    caller: "Hop" = None

    def where(self):
        return f"{self.function}@{self.file}"


def parse(text, first, errors):
    """Hops of one block with their callers."""
    hops, stack = [], []
    for number, line in enumerate(text.splitlines(), first):
        match = LINE.match(line)
        if not match or len(match.group(1)) % 2 != 0:
            errors.append((number, f"not a hop: {line!r}"))
            continue
        words = (match.group(4) or "").split()
        leaf = words[:1] == ["leaf"]
        hop = Hop(number, len(match.group(1)) // 2, match.group(2), match.group(3),
                  " ".join(words[leaf:]), leaf)
        del stack[hop.depth:]
        if len(stack) != hop.depth or (hop.depth == 0) != (not hops):
            errors.append((number, f"{hop.function}: no caller stands above it"))
            continue
        hop.caller = stack[-1] if stack else None
        if hop.caller and hop.caller.leaf and not hop.leaf:
            errors.append((number, f"{hop.function}: below the leaf {hop.caller.function}"))
        stack.append(hop)
        hops.append(hop)
    return hops


def split(place, default):
    """NAME@FILE, or NAME in the default file."""
    name, _, file = place.partition("@")
    return name, file or default


def edge(root, hop, body):
    """What is wrong with the call of a hop from its caller's body, or None."""
    kind, _, rest = hop.how.partition(" ")
    if kind == "table":
        for file in (hop.caller.file, hop.file) if "@" not in rest else (None,):
            name, file = split(rest, file)
            source = Source.of(root, file)
            table = source.table(name) if source else None
            if table is not None:
                return None if names(table, hop.function) >= 0 else f"is not in table {name}"
        return f"there is no table {rest}"
    if kind == "added":
        name, file = split(rest, hop.file)
        source = Source.of(root, file)
        other = source.function(name) if source else None
        return None if other and names(other, hop.function) >= 0 else f"{rest} does not name it"
    if kind == "eret":
        return None if names(body, "eret") >= 0 else f"{hop.caller.where()} has no eret"
    asm = hop.file.endswith(".S") or hop.caller.file.endswith(".S")
    found = names if asm else calls
    return None if found(body, hop.function) >= 0 else f"{hop.caller.where()} does not call it"


def check_hop(root, hop, errors):
    source = Source.of(root, hop.file)
    if source is None:
        errors.append((hop.line, f"{hop.file}: no such file"))
        return
    kind, _, rest = hop.how.partition(" ")
    if kind not in ("", "table", "added", "macro", "eret"):
        errors.append((hop.line, f"{hop.function}: unknown way {hop.how!r}"))
        return
    defined = names(source.text, rest) >= 0 if kind == "macro" else \
        source.function(hop.function) is not None
    if not defined:
        errors.append((hop.line, f"{hop.file} does not define {rest or hop.function}"))
    if hop.caller is None:
        return
    caller = Source.of(root, hop.caller.file)
    body = caller.function(hop.caller.function) if caller else None
    if body is not None:
        wrong = edge(root, hop, body)
        if wrong:
            errors.append((hop.line, f"{hop.where()}: {wrong}"))


def check_order(root, hops, errors):
    """Direct calls of one caller stand in the caller's order."""
    for caller in hops:
        source = Source.of(root, caller.file)
        body = source.function(caller.function) if source and not source.is_asm else None
        at = 0
        for hop in (h for h in hops if h.caller is caller and h.how == "" and body):
            next_at = calls(body, hop.function, at)
            if next_at < 0 <= calls(body, hop.function):
                errors.append((hop.line, f"{hop.where()}: {caller.function} calls it earlier"))
            at = max(at, next_at)


def check_path(root, text, first, errors):
    """Returns the hopped files, assembly and C."""
    hops = parse(text, first, errors)
    for hop in hops:
        check_hop(root, hop, errors)
    check_order(root, hops, errors)
    files = dict.fromkeys(h.file for h in hops if not h.leaf)
    asm = [f for f in files if f.endswith(".S")]
    code = [f for f in files if not f.endswith(".S")]
    if len(asm) > ASM_MAX or len(code) > C_MAX or not hops:
        errors.append((first, f"hops {len(asm)} assembly and {len(code)} C files, at most "
                       f"{ASM_MAX} and {C_MAX}"))
    return asm, code


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    parser.add_argument("file", nargs="?", default="docs/trap.md")
    options = parser.parse_args()
    text = (options.root / options.file).read_text()
    errors, paths = [], 0
    for block in BLOCK.finditer(text):
        paths += 1
        first = text.count("\n", 0, block.start(2)) + 1
        check_path(options.root, block.group(2), first, errors)
    if paths == 0:
        errors.append((1, "has no path: a block that begins with ```hops NAME"))
    for line, message in errors:
        print(f"{options.file}:{line}: {message}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
