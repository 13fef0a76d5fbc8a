#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Enforces the shape of the code: sizes, nesting, parameters, guards, headings, pages
of docs/ that are named; changes nothing.

Usage: scripts/shape.py [--root DIR] [FILE...]; without files, all that git knows or would add.
Each finding is one line, file:line: message; the exit status is 1 when there is any.
"""
import argparse
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

FUNCTION_MAX = 60
FUNCTION_P95 = 40
FILE_MAX = 500
FILE_MAX_CORE = 400
ASM_MAX = 150
PARAMS_MAX = 4
PARAMS_MAX_API = 5  # of libvitrine's calls and of its users' callbacks
DEPTH_MAX = 4
INCLUDES_MAX = 12
COLUMNS = 100

CORE = ("hyp/", "lib/")  # smaller files, and the 95th percentile of function lengths
API = ("host/", "examples/micro-vm/", "tests/uvm/", "tests/fuzz/uvm_", "bench/uvm/")
NO_GOTO = ("hyp/", "lib/", "gdb/")
NO_IF = ("hyp/core/",)
C_SUFFIXES = (".c", ".h")
HEADED = C_SUFFIXES + (".S", ".py", ".sh", ".bash", ".mk", ".lds", ".dts", ".dtsi", ".yaml", ".yml")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b")
ASM_HEADER = re.compile(r"^\s*\.macro\b", re.M)  # a header of macros for assembly
PAGE = re.compile(r"\bdocs/[\w-]+\.md\b")
CONTROL = ("if", "for", "while", "switch")
PAREN_WORDS = ("__attribute__", "__asm__", "_Alignas", "__aligned__")


@dataclass
class Function:
    name: str
    line: int
    lines: int
    params: int
    depth: int = 0


@dataclass
class Report:
    findings: list = field(default_factory=list)
    core_lengths: list = field(default_factory=list)

    def add(self, path, line, message):
        self.findings.append(f"{path}:{line}: {message}")


def blank(match):
    """The matched text with everything but its newlines removed."""
    return "\n" * match.group(0).count("\n") or " "


LEXEME = re.compile(
    r"/\*.*?\*/|//[^\n]*"  # comments
    r'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',  # strings and characters
    re.S,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M | re.S)


def strip_lexemes(text):
    """Comments become blank, strings and characters empty ones; line numbers stay."""
    return LEXEME.sub(lambda m: '""' if m.group(0)[0] in "\"'" else blank(m), text)


def open_paren(code, close):
    """Index of the parenthesis that the one at `close` closes, or -1."""
    depth = 0
    for i in range(close, -1, -1):
        depth += {")": 1, "(": -1}.get(code[i], 0)
        if depth == 0:
            return i
    return -1


def word_before(code, index):
    match = re.search(r"(\w+)\s*$", code[max(0, index - 80):index])
    return match.group(1) if match else ""


def count_params(text):
    if text.strip() in ("", "void"):
        return 0
    depth = 0
    count = 1
    for c in text:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(c, 0)
        count += c == "," and depth == 0
    return count


def function_head(code, start, brace):
    """(name, index of the name, number of parameters) when a function's body starts at brace."""
    head = code[start:brace]
    if "=" in head or ")" not in head:
        return None
    close = brace
    while True:
        close = code.rfind(")", start, close)
        if close < 0:
            return None
        opened = open_paren(code, close)
        name = word_before(code, opened)
        if name and name not in PAREN_WORDS:
            break
        close = opened
    at = code.rfind(name, start, opened)
    return name, at, count_params(code[opened + 1:close])


def is_block(code, brace):
    """Whether the brace in a function opens a block: no initializer, type or case."""
    before = code[:brace].rstrip()
    if before.endswith(")"):
        return word_before(code, open_paren(code, len(before) - 1)) in CONTROL
    word = word_before(before, len(before))
    return before.endswith((";", "{", "}")) or word in ("else", "do")


def functions_of(code):
    """All functions of C text from which comments, strings and directives were removed."""
    found = []
    stack = []  # one of "extern", "function", "block", "other" per open brace
    start = 0
    current = None
    for match in re.finditer(r"[{};]", code):
        c, i = match.group(0), match.start()
        if c == "{":
            if all(kind == "extern" for kind in stack):
                head = function_head(code, start, i)
                if head:
                    name, at, params = head
                    line = code.count("\n", 0, at) + 1
                    current = Function(name, line, 0, params)
                    stack.append("function")
                elif re.search(r'extern\s*""\s*$', code[start:i]):
                    stack.append("extern")
                    start = i + 1
                else:
                    stack.append("other")
                continue
            stack.append("block" if current and is_block(code, i) else "other")
            if current:
                current.depth = max(current.depth, stack.count("block"))
        elif c == "}":
            kind = stack.pop() if stack else "other"
            if kind == "function":
                current.lines = code.count("\n", 0, i) + 2 - current.line
                found.append(current)
                current = None
            if all(kind == "extern" for kind in stack) and kind in ("function", "extern"):
                start = i + 1
        elif all(kind == "extern" for kind in stack):
            start = i + 1
    return found


def missing_braces(code):
    """Offsets of if, for, while and else whose statement has no braces."""
    for match in re.finditer(r"\b(if|for|while|else)\b", code):
        word, end = match.group(1), match.end()
        rest = code[end:].lstrip()
        if word == "else":
            if not re.match(r"\{|if\b", rest):
                yield match.start(), word
            continue
        if not rest.startswith("("):
            continue
        depth = 0
        for i in range(code.index("(", end), len(code)):
            depth += {"(": 1, ")": -1}.get(code[i], 0)
            if depth == 0:
                break
        after = code[i + 1:].lstrip()[:1]
        of_do = word == "while" and after == ";" and code[:match.start()].rstrip().endswith("}")
        if after != "{" and not of_do:
            yield match.start(), word


def guard_of(path):
    """Header guard: the path, or what users write after -I for public headers."""
    name = path.split("/include/", 1)[-1]
    return re.sub(r"\W", "_", name).upper()


def check_heading(path, lines, report):
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or "SPDX-License-Identifier: Apache-2.0" not in lines[first]:
        report.add(path, first + 1, "the first line is not the SPDX licence line")
        return
    if not path.endswith(C_SUFFIXES + (".S",)):
        return
    text = "\n".join(lines[first + 1:first + 4])
    if not re.match(r"/\*\s*(\*\s*)?[^\s*]|//\s*\S", text):
        report.add(path, first + 2, "no comment that says what this file does after the SPDX line")


def check_lines(path, lines, report):
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            report.add(path, number, f"{len(line)} columns, at most {COLUMNS}")
        if UNFINISHED.search(line) and path != "scripts/shape.py":
            report.add(path, number, "unfinished work is an issue or a line of docs, not a comment")


def check_pages(root, path, lines, report):
    for number, line in enumerate(lines, 1):
        for page in PAGE.findall(line):
            if not (root / page).is_file():
                report.add(path, number, f"there is no {page}")


def check_guard(path, lines, report):
    guard = guard_of(path)
    directives = [(n, l) for n, l in enumerate(lines, 1) if l.startswith("#")]
    if not directives or directives[0][1] != f"#ifndef {guard}":
        line = directives[0][0] if directives else 1
        report.add(path, line, f"the header guard is not {guard}")
    elif len(directives) < 2 or directives[1][1] != f"#define {guard}":
        report.add(path, directives[0][0] + 1, f"the header guard {guard} is not defined")


def check_directives(path, lines, report):
    includes = [n for n, l in enumerate(lines, 1) if re.match(r"\s*#\s*include\b", l)]
    if path.endswith(".c") and len(includes) > INCLUDES_MAX:
        message = f"{len(includes)} includes, at most {INCLUDES_MAX}"
        report.add(path, includes[INCLUDES_MAX], message)
    if path.startswith(NO_IF):
        for number, line in enumerate(lines, 1):
            if re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else)\b", line) and (
                line != f"#ifndef {guard_of(path)}"
            ):
                report.add(path, number, "no #if here: variation is another file")


def check_functions(path, code, report):
    for f in functions_of(code):
        if f.lines > FUNCTION_MAX:
            report.add(path, f.line, f"{f.name}() has {f.lines} lines, at most {FUNCTION_MAX}")
        params_max = PARAMS_MAX_API if path.startswith(API) else PARAMS_MAX
        if f.params > params_max:
            report.add(path, f.line, f"{f.name}() has {f.params} parameters, at most {params_max}")
        if f.depth > DEPTH_MAX:
            report.add(path, f.line, f"{f.name}() nests {f.depth} deep, at most {DEPTH_MAX}")
        if path.startswith(CORE):
            report.core_lengths.append((f.lines, path, f))


def check_c(path, text, report):
    bare = strip_lexemes(text)
    code = DIRECTIVE.sub(blank, bare)
    lines = text.splitlines()
    count = sum(1 for l in bare.splitlines() if l.strip())
    limit = FILE_MAX_CORE if path.startswith(CORE) else FILE_MAX
    if count > limit:
        report.add(path, 1, f"{count} lines of code, at most {limit}")
    if path.endswith(".h"):
        check_guard(path, lines, report)
    check_directives(path, lines, report)
    check_functions(path, code, report)
    for offset, word in missing_braces(code):
        report.add(path, code.count("\n", 0, offset) + 1, f"{word} without braces")
    if path.startswith(NO_GOTO):
        for match in re.finditer(r"\bgoto\b", bare):
            report.add(path, bare.count("\n", 0, match.start()) + 1, "no goto in this part")


def check_asm(path, text, report):
    bare = strip_lexemes(text)
    count = sum(1 for l in bare.splitlines() if l.strip())
    if path.endswith(".h"):
        check_guard(path, text.splitlines(), report)
    if count > ASM_MAX:
        report.add(path, 1, f"{count} lines of assembly, at most {ASM_MAX}")


def check_p95(report):
    """95 of 100 functions of the core parts are short; names the longest when they are not."""
    lengths = sorted(report.core_lengths, key=lambda item: item[0])
    if not lengths:
        return
    p95 = lengths[(len(lengths) * 95 + 99) // 100 - 1][0]
    if p95 > FUNCTION_P95:
        for lines, path, f in lengths[(len(lengths) * 95) // 100:]:
            report.add(path, f.line, f"{f.name}() has {lines} lines; 95 % may have {FUNCTION_P95}")


def check_file(root, path, report):
    text = (root / path).read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    name = path.rsplit("/", 1)[-1]
    check_pages(root, path, lines, report)
    if path.endswith(HEADED) or name == "Makefile" or text.startswith("#!"):
        check_heading(path, lines, report)
        check_lines(path, lines, report)
    if path.endswith(".S") or (path.endswith(".h") and ASM_HEADER.search(text)):
        check_asm(path, text, report)
    elif path.endswith(C_SUFFIXES):
        check_c(path, text, report)


def project_files(root):
    out = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, stdout=subprocess.PIPE, text=True,
    ).stdout
    return sorted({p for p in out.split("\0") if p and (root / p).is_file()})


def check_tree(root, paths):
    report = Report()
    for path in paths:
        if not path.startswith("LICENSES/"):
            check_file(root, path, report)
    check_p95(report)
    return report


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("files", nargs="*", help="relative to the root")
    args = parser.parse_args(argv)
    report = check_tree(args.root, args.files or project_files(args.root))
    for finding in report.findings:
        print(finding)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
