#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Checks docs/isolation.md, docs/porting.md and docs/locking.md against sources and tests.

Usage: scripts/claims.py [--root DIR]. Exit status 1, with a message per finding.
isolation.md  each row of a table whose heading has "held by" and "shown by": what holds a claim
              exists (NAME@FILE), and so does what shows it; a claim with neither a test nor
              "planned: issue N" is a finding, and so is a break that no claim names.
porting.md    each prototype and table of hyp/arch.h has a row that begins with it, and no other
              arch_ name has one; what shows it, as above.
locking.md    each lock of hyp/ has a row that begins with it (file.field, or file.variable).

What shows a claim, separated by commas:
  unit NAME.TEST     function TEST of tests/unit/NAME_test.c, which its main() runs
  uvm NAME.TEST      the same of tests/uvm/NAME_test.c, or of NAME_test.sh
  guest NAME.TEST    function TEST of tests/guest/NAME/, and a stanza that boots NAME
  attack NAME.TEST   the same of tests/attack/NAME/
  break NAME         tests/attack/breaks/NAME.patch, which takes the check out and must be found out
  stanza NAME        of tests/tests.cfg
  pytest FILE.TEST   function TEST of tests/*/test_FILE.py
  build TEXT         what the build itself refuses (a _Static_assert, an .org)
  planned: issue N   not shown yet
"""
import argparse
import configparser
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ctext import Source  # noqa: E402  pylint: disable=wrong-import-position

PLANNED = re.compile(r"planned: issue \d+")
PLACE = re.compile(r"(\w+)@([\w./-]+)")


def cells(line):
    """Cells of a table's row."""
    return [c.strip() for c in line.strip().strip("|").split("|")]


def tables(text):
    """(heading cells, [(line number, cells)]) of each table."""
    found, rows, heading = [], None, None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            rows = heading = None
        elif heading is None:
            heading = [c.lower() for c in cells(line)]
        elif rows is None:
            rows = []
            found.append((heading, rows))
        else:
            rows.append((number, cells(line)))
    return found


class Checker:
    """The tree that the pages speak of, and what is wrong with them."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.findings = []
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.root / "tests" / "tests.cfg")
        self.stanzas = {name: dict(config[name]) for name in config.sections()}

    def add(self, page, line, message):
        self.findings.append(f"{page}:{line}: {message}")

    # --- what shows a claim; each returns what is wrong, or None ---

    def show_unit(self, place, folder="unit"):
        unit, _, test = place.partition(".")
        source = Source.of(self.root, f"tests/{folder}/{unit}_test.c")
        if source is None or source.function(test) is None:
            return "there is no such unit test"
        runs = re.search(rf"cmocka_unit_test\w*\({re.escape(test)}\b", source.text)
        return None if runs else "its main() does not run it"

    def show_uvm(self, place):
        name, _, test = place.partition(".")
        shell = self.root / "tests" / "uvm" / f"{name}_test.sh"
        if not shell.is_file():
            return self.show_unit(place, "uvm")
        found = re.search(rf"^{re.escape(test)}\(\)", shell.read_text(), re.M)
        return None if found else "there is no such test"

    def show_guest(self, place, folder="guest"):
        guest, _, test = place.partition(".")
        files = sorted((self.root / "tests" / folder / guest).glob("*.c"))
        if not any(Source.of(self.root, f).function(test) for f in files):
            return "there is no such test in the guest"
        booted = any(f"{folder}/{guest}.elf" in s.get("set", "") for s in self.stanzas.values())
        return None if booted else "no stanza boots the guest"

    def show_attack(self, place):
        return self.show_guest(place, "attack")

    def show_break(self, name):
        patch = self.root / "tests" / "attack" / "breaks" / f"{name}.patch"
        return None if patch.is_file() else "there is no such break"

    def show_stanza(self, name):
        return None if name in self.stanzas else "there is no such stanza"

    def show_pytest(self, place):
        file, _, test = place.partition(".")
        found = any(re.search(rf"^def {re.escape(test)}\(", p.read_text(), re.M)
                    for p in self.root.glob(f"tests/*/test_{file}.py"))
        return None if found else "there is no such Python test"

    def check_shown(self, page, line, text):
        """Whether anything shows it; `-` and nothing do not."""
        count = 0
        for item in (i.strip().strip("`") for i in text.split(",")):
            kind, _, rest = item.partition(" ")
            if item in ("", "-"):
                continue
            if PLANNED.fullmatch(item) or (kind == "build" and rest):
                count += 1
                continue
            show = getattr(self, f"show_{kind}", None)
            wrong = show(rest) if show else "is no known kind of test"
            if wrong:
                self.add(page, line, f"{item}: {wrong}")
            count += 1
        return count > 0

    # --- pages ---

    def read(self, page):
        path = self.root / page
        if not path.is_file():
            self.add(page, 1, "there is no such page")
            return ""
        return path.read_text()

    def check_held(self, page, line, text):
        places = PLACE.findall(text)
        if not places:
            self.add(page, line, "names nothing that holds the claim")
        for name, file in places:
            source = Source.of(self.root, file)
            if source is None:
                self.add(page, line, f"{file}: there is no such file")
            elif not source.defines(name):
                self.add(page, line, f"{file} does not define {name}")

    def isolation(self, page="docs/isolation.md"):
        claims = 0
        for heading, rows in tables(self.read(page)):
            if "held by" not in heading or "shown by" not in heading:
                continue
            for line, row in rows:
                if len(row) != len(heading):
                    self.add(page, line, f"has {len(row)} cells instead of {len(heading)}")
                    continue
                claims += 1
                self.check_held(page, line, row[heading.index("held by")])
                if not self.check_shown(page, line, row[heading.index("shown by")]):
                    self.add(page, line, "no test shows this claim, and none is planned")
        if claims == 0:
            self.add(page, 1, "makes no claim")
        for path in sorted(self.root.glob("tests/attack/breaks/*.patch")):
            if f"`break {path.stem}`" not in self.read(page):
                self.add(page, 1, f"no claim names the break {path.stem}")

    def porting(self, page="docs/porting.md"):
        source = Source.of(self.root, "hyp/arch.h")
        text = source.text if source else ""
        contract = set(re.findall(r"\b(arch_\w+)\s*\([^;{}]*\)[^;{}()]*;", text))
        contract |= set(re.findall(r"^extern\b[^;]*?\b(arch_\w+)\s*(?:\[\s*\])?;", text, re.M))
        listed = {}
        for heading, rows in tables(self.read(page)):
            for line, row in rows:
                names = re.findall(r"`(arch_\w+)`", row[0])
                for name in names:
                    if name in listed:
                        self.add(page, line, f"{name} stands in line {listed[name]} already")
                    listed[name] = line
                if names and "shown by" in heading and len(row) == len(heading):
                    if not self.check_shown(page, line, row[heading.index("shown by")]):
                        self.add(page, line, f"{row[0]}: no test shows it, and none is planned")
        for name in sorted(contract - set(listed)):
            self.add(page, 1, f"{name} of hyp/arch.h has no row")
        for name in sorted(set(listed) - contract):
            self.add(page, listed[name], f"{name} is not in hyp/arch.h")
        if not contract:
            self.add(page, 1, "hyp/arch.h has no prototypes")

    def locking(self, page="docs/locking.md"):
        listed = {m for _, rows in tables(self.read(page)) for _, row in rows
                  for m in re.findall(r"^`(\w+\.\w+)`", row[0])}
        locks = set()
        for path in sorted((self.root / "hyp").rglob("*.[ch]")):
            text = Source.of(self.root, path.relative_to(self.root)).text
            locks |= {f"{path.stem}.{name}"
                      for name in re.findall(r"\bstruct lock (\w+)\s*;", text)}
        for name in sorted(locks - listed):
            self.add(page, 1, f"the lock {name} has no row")
        for name in sorted(listed - locks):
            self.add(page, 1, f"there is no lock {name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    checker = Checker(parser.parse_args().root)
    checker.isolation()
    checker.porting()
    checker.locking()
    print("".join(f"{f}\n" for f in checker.findings), end="", file=sys.stderr)
    return 1 if checker.findings else 0


if __name__ == "__main__":
    sys.exit(main())
