# SPDX-License-Identifier: Apache-2.0
"""Finds functions, tables and calls in C and assembly sources as text; for the checks of docs/."""
import pathlib
import re

LEXEME = re.compile(
    r"/\*.*?\*/|//[^\n]*"  # comments
    r'|"(?:[^"\\\n]|\\.)*"'  # strings
    r"|'(?:[^'\\\n]|\\.)*'",
    re.S)


def stripped(text):
    """The text without comments and string contents; lines stay where they are."""
    return LEXEME.sub(lambda m: "\n" * m.group(0).count("\n") or " ", text)


class Source:
    """One file, read once."""
    _cache = {}

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.raw = self.path.read_text()
        self.text = stripped(self.raw)
        self.is_asm = self.path.suffix == ".S"

    @classmethod
    def of(cls, root, name):
        """The source, or None when there is no such file."""
        path = pathlib.Path(root) / name
        if path not in cls._cache:
            cls._cache[path] = cls(path) if path.is_file() else None
        return cls._cache[path]

    def block(self, start):
        """From the first { at or after `start` to the } that closes it."""
        begin = self.text.find("{", start)
        depth = 0
        for at in range(begin, len(self.text)):
            depth += {"{": 1, "}": -1}.get(self.text[at], 0)
            if depth == 0:
                return self.text[begin:at + 1]
        return ""

    def function(self, name):
        """Body of a function (assembly: from its label to the next one), or None."""
        if self.is_asm:
            return self._label(name)
        for match in re.finditer(rf"\b{re.escape(name)}\s*\(", self.text):
            head = self.text[match.end():]
            closing = re.match(r"[^;{}]*\)\s*\{", head)
            line_start = self.text.rfind("\n", 0, match.start()) + 1
            # A definition begins in column 0 and not with a call's indentation.
            if closing and self.text[line_start:line_start + 1].strip():
                return self.block(match.end() + closing.end() - 1)
        return None

    def _label(self, name):
        match = re.search(rf"^{re.escape(name)}:", self.text, re.M)
        if not match:
            return None
        end = re.search(r"^[A-Za-z_]\w*:", self.text[match.end():], re.M)
        body = self.text[match.start():match.end() + end.start() if end else len(self.text)]
        for macro in re.finditer(r"^\.macro\s+(\w+)(.*?)^\.endm", self.text, re.M | re.S):
            if re.search(rf"\b{macro.group(1)}\b", body):
                body += macro.group(2)
        return body

    def table(self, name):
        """Initializer of an array or structure, or None."""
        match = re.search(rf"\b{re.escape(name)}\b[^;{{}}=]*=\s*(?=\{{)", self.text)
        return self.block(match.end()) if match else None

    def defines(self, name):
        """Whether a function, table, macro or object of this name is defined here."""
        return self.function(name) is not None or self.table(name) is not None or bool(
            re.search(rf"^#define\s+{re.escape(name)}\b", self.text, re.M))


def names(body, name):
    """Position of the first mention of a name in a body, or -1."""
    match = re.search(rf"\b{re.escape(name)}\b", body)
    return match.start() if match else -1


def calls(body, name, start=0):
    """Position of the first call of a function in a body from `start` on, or -1."""
    match = re.compile(rf"\b{re.escape(name)}\s*\(").search(body, start)
    return match.start() if match else -1
