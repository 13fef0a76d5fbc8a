#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of docs/runtime.md: checks that they are complete, or extracts them for make.

Usage: scripts/examples.py [--root DIR] [--extract DIR]. Exit status 1, with a message per finding.
docs/tests.md says how an example is written. What must hold:
  each function and macro that guest/include/*.h offers to programs has one row in a table of the
  page, which begins with `name()`, and an example's program uses it;
  each vg_, vch_, VG_, VCH_, vt_ or VT_ name of the page is in a public header.
Extracted are the programs, runtime_test.sh (what tests/uvm/run.py runs; a wasm example only where
make has built it, as that needs the right wasm2c) and zones1.yaml and so on (plans for
tests/zone/runtime.py, each with as many examples as there can be zones).
"""
import argparse
import pathlib
import re
import sys
from dataclasses import dataclass, field

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from ctext import stripped  # noqa: E402  pylint: disable=wrong-import-position

PAGE = pathlib.Path("docs/runtime.md")
MARKER = re.compile(r"^<!-- example (\w+): ([^\n]*) -->$")
NAMED = re.compile(r"^`(\w+\.\w+)`:$")
FENCE = re.compile(r"^```(\w*)$")
MICRO_VMS = {"uvm", "wasm", "engine"}
TARGETS = MICRO_VMS | {"zone"}
OPTIONS = {"vcpus", "channel", "arch"}
HEADERS = "guest/include/*.h"
NOT_PUBLIC = re.compile(r"^/\* -{4} [^\n]*: not for programs -{4} \*/$.*?(?=^/\* -{4} |\Z)",
                        re.M | re.S)
PROTOTYPE = re.compile(r"^(?:static inline |_Noreturn )*[a-z][\w ]*?[ *](\w+)\([^;{}]*\)\s*[;{]",
                       re.M)
MACRO = re.compile(r"^#define (V\w+)\(", re.M)
NAME = re.compile(r"\b(?:v(?:g|ch|t)_[a-z]\w*|V(?:G|CH|T)_[A-Z]\w*)\b")
ROW = re.compile(r"^\| ((?:`\w+\(\)`(?:, )?)+) \|", re.M)
MAX_ZONES = 8   # of a plan
MAX_CPUS = 16


@dataclass
class Example:
    """One program of the page, with what it prints by target: uvm (all micro-VMs) or zone."""
    name: str
    targets: set
    options: dict
    line: int
    files: dict = field(default_factory=dict)
    transcripts: dict = field(default_factory=dict)


class Page:
    """The page, read once; findings are messages about it."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.text = (self.root / PAGE).read_text(encoding="utf-8")
        self.examples = {}
        self.findings = []
        self._read()

    def add(self, line, message):
        self.findings.append(f"{PAGE}:{line}: {message}")

    def _begin(self, line, name, words):
        targets = {w for w in words if "=" not in w}
        options = dict(w.split("=", 1) for w in words if "=" in w)
        if not targets or targets - TARGETS or set(options) - OPTIONS or name in self.examples:
            self.add(line, f"{name}: a second of that name, or an unknown target or option")
        self.examples[name] = Example(name, targets, options, line)
        return self.examples[name]

    def _block(self, example, line, name, block):
        """Takes in a fenced block."""
        kind, text = block
        if example is None:
            if kind == "c":
                self.add(line, "a C block without an example above it")
        elif kind in ("c", "wat"):
            example.files[name or f"{example.name}.{kind}"] = text
        elif kind == "":
            example.transcripts["uvm" if "\n$ " in f"\n{text}" else "zone"] = text

    def _read(self):
        example, name, fence = None, "", None
        for number, line in enumerate(self.text.splitlines(), 1):
            found = FENCE.match(line)
            if fence is None and found:
                fence = (number, found.group(1), [])
            elif fence is not None and line != "```":
                fence[2].append(line + "\n")
            elif fence is not None:
                self._block(example, fence[0], name, (fence[1], "".join(fence[2])))
                fence, name = None, ""
            elif MARKER.match(line):
                example = self._begin(number, MARKER.match(line).group(1),
                                      MARKER.match(line).group(2).split())
            elif line.startswith("#"):
                example = None
            elif NAMED.match(line):
                name = NAMED.match(line).group(1)

    # --- what must hold ---

    def public(self):
        """Functions and macros for programs -> header."""
        names = {}
        for path in sorted(self.root.glob(HEADERS)):
            text = NOT_PUBLIC.sub("", path.read_text(encoding="utf-8"))
            text = stripped(text)
            found = PROTOTYPE.findall(text) + MACRO.findall(text)
            names.update({name: path.name for name in found if not name.endswith("_")})
        return names

    def check_examples(self):
        for e in self.examples.values():
            wanted = {"uvm" if t in MICRO_VMS else t for t in e.targets}
            is_wasm = f"{e.name}.wat" in e.files
            if f"{e.name}.c" not in e.files or is_wasm != ("wasm" in e.targets):
                self.add(e.line, f"{e.name}: a program is missing")
            if set(e.transcripts) != wanted:
                self.add(e.line, f"{e.name}: needs one block each of what it prints: {wanted}")
            peer = e.options.get("channel", "").partition(":")[2]
            if peer and "zone" not in getattr(self.examples.get(peer), "targets", ()):
                self.add(e.line, f"{e.name}: there is no example {peer}")

    def check_names(self):
        used = stripped("".join(t for e in self.examples.values() for t in e.files.values()))
        rows = {}
        for row in ROW.finditer(self.text):
            line = self.text.count("\n", 0, row.start()) + 1
            for name in re.findall(r"\w+", row.group(1)):
                if name in rows:
                    self.add(line, f"{name} stands in line {rows[name]} already")
                rows[name] = line
        public = self.public()
        for name, header in sorted(public.items()):
            if name not in rows:
                self.add(1, f"{name} of {header} has no row")
            if not re.search(rf"\b{name}\s*\(", used):
                self.add(rows.get(name, 1), f"{name} is used by no example")
        for name in sorted(set(rows) - set(public)):
            self.add(rows[name], f"{name} is no function for programs")
        for path in sorted(self.root.glob(HEADERS)):
            if f"`{path.name}`" not in self.text:
                self.add(1, f"{path.name} is not mentioned")
        known = set()
        for path in [p for g in (HEADERS, "host/include/*.h", "abi/*.h")
                     for p in self.root.glob(g)]:
            known.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
        for number, line in enumerate(self.text.splitlines(), 1):
            for name in set(NAME.findall(line)) - known:
                self.add(number, f"{name} is in no public header")

    # --- extraction ---

    def batches(self):
        """Lists of zone examples that run in one machine; those with a channel together."""
        groups = []
        peers = {e.options["channel"].partition(":")[2] for e in self.examples.values()
                 if "channel" in e.options}
        for e in self.examples.values():
            if "zone" in e.targets and e.name not in peers:
                peer = e.options.get("channel", "").partition(":")[2]
                groups.append([e] + ([self.examples[peer]] if peer else []))
        batches = []
        for group in groups:
            both = (batches[-1] if batches else []) + group
            if batches and len(both) <= MAX_ZONES and sum(map(vcpus, both)) <= MAX_CPUS:
                batches[-1] = both
            else:
                batches.append(list(group))
        return batches

    def extract(self, where):
        for e in self.examples.values():
            for name, text in e.files.items():
                write(where / name, text)
        script = (self.root / "tests/runtime/transcript.sh").read_text(encoding="utf-8")
        for e in self.examples.values():
            if "uvm" in e.transcripts:
                script += f"[ ! -e {e.name}.elf ] || " if "wasm" in e.targets else ""
                script += "" if is_portable(e) else '[ "$UVM_PLATFORM" = kvm_arm64 ] || '
                script += f"example {e.name} <<'END'\n{e.transcripts['uvm']}END\n"
        write(where / "runtime_test.sh", script + "exit $failed\n")
        for number, batch in enumerate(self.batches(), 1):
            write(where / f"zones{number}.yaml", plan(batch))


def is_portable(example):
    """Whether it is for both architectures: the runtime of WebAssembly is for x86_64 alone."""
    return "uvm" in example.targets and "arch" not in example.options


def vcpus(example):
    return int(example.options.get("vcpus", "1"))


def plan(batch):
    """A plan of one zone for each example; names in ${} are those of tests/run.py."""
    lines = ["board: ${board}", "machine: { cpus: ${cpus}, memory: ${memory} }", "zones:"]
    cpu = 0
    for e in batch:
        cpus = list(range(cpu, cpu + vcpus(e)))
        cpu += len(cpus)
        is_uvm = "uvm" in e.targets
        lines += [f"  - name: {e.name}", "    role: user", f"    cpus: {cpus}",
                  f"    memory: [{{ size: 16M, ipa: {'0x0' if is_uvm else '0x40000000'} }}]",
                  f"    boot: {{ elf: ${{bin}}/docs/runtime/{'uvm/aarch64' if is_uvm else 'zone'}/"
                  f"{e.name}.elf }}"]
    channels = [(e.name, *e.options["channel"].split(":")) for e in batch if "channel" in e.options]
    lines += ["channels:"] if channels else []
    lines += [f"  - {{ name: {name}, peers: [{one}, {other}], size: 4K }}"
              for one, name, other in channels]
    return "\n".join(lines) + "\n"


def write(path, text):
    """Only what changed, so that make builds no more than that."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    parser.add_argument("--extract", type=pathlib.Path, metavar="DIR")
    options = parser.parse_args()
    page = Page(options.root)
    page.check_examples()
    if options.extract and not page.findings:
        page.extract(options.extract)
    elif not options.extract:
        page.check_names()
    print("".join(f"{f}\n" for f in page.findings), end="", file=sys.stderr)
    return 1 if page.findings else 0


if __name__ == "__main__":
    sys.exit(main())
