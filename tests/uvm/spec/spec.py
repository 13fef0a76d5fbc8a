#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a file of the WebAssembly specification's tests into C.

spec.py FILE.wast DIRECTORY: writes modules m*.c, driver.c, and rows.json: for each row of the
driver the line and whether it counts as an assertion; lines of modules that the translator must
refuse, by whether it did; C files that must not link; why how many assertions are not run.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

TRAPS = {
    "out of bounds": "OOB", "integer overflow": "INT_OVERFLOW",
    "integer divide by zero": "DIV_BY_ZERO",
    "invalid conversion to integer": "INVALID_CONVERSION", "unreachable": "UNREACHABLE",
    "indirect call": "CALL_INDIRECT", "uninitialized element": "CALL_INDIRECT",
    "undefined element": "CALL_INDIRECT", "call stack exhausted": "EXHAUSTION",
}
TYPES = {"i32": "uint32_t", "i64": "uint64_t", "f32": "float", "f64": "double",
         "externref": "wasm_rt_externref_t", "funcref": "wasm_rt_funcref_t"}
LETTERS = {"i32": "i", "i64": "j", "f32": "f", "f64": "d", "externref": "e", "funcref": "r"}
UNTYPED = "linking with wrong limits or mutability, or another kind: C's types do not have them"


class NotRun(Exception):
    pass


def value(v):
    kind, text = v["type"], v["value"]
    if kind == "i32":
        return f"UINT32_C({text})"
    if kind == "i64":
        return f"UINT64_C({text})"
    if kind == "f32":
        return f"spec_f32(UINT32_C({text}))"
    if kind == "f64":
        return f"spec_f64(UINT64_C({text}))"
    if kind == "externref":
        return "NULL" if text == "null" else f"(void *)({text} + 1)"
    if kind == "funcref" and text == "null":
        return "wasm_rt_funcref_null_value"
    raise NotRun(f"a value of type {kind}")


def check(v, r="r"):
    kind, text = v["type"], v.get("value")
    if text in ("nan:canonical", "nan:arithmetic"):
        return f"spec_nan{kind[1:]}({r}, {'true' if text == 'nan:canonical' else 'false'})"
    if kind == "f32":
        return f"spec_is_f32({r}, UINT32_C({text}))"
    if kind == "f64":
        return f"spec_is_f64({r}, UINT64_C({text}))"
    if kind == "funcref":
        if text == "null":
            return f"{r}.func == NULL"
        return f"{r}.func != NULL"
    return f"{r} == {value(v)}"


def check_all(expected):
    """The type of what a function returns, and whether `r` of that type is as expected."""
    if len(expected) == 1:
        return TYPES[expected[0]["type"]], check(expected[0])
    letters = [LETTERS[v["type"]] for v in expected]
    return f"struct wasm_multi_{''.join(letters)}", " && ".join(
        check(v, f"r.{letter}{n}") for n, (letter, v) in enumerate(zip(letters, expected)))


def mangle(name):
    """As wasm2c makes a name of C from one of WebAssembly."""
    return "".join(chr(b) if re.match("[a-yA-Y0-9_]", chr(b)) else f"Z{b:02X}"
                   for b in name.encode())


class Module:
    def __init__(self, name, where, wasm):
        self.name = mangle(name)
        done = subprocess.run(["wasm2c", wasm, "-n", name, "-o", where / f"{self.name}.c"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise NotRun("wasm2c refuses the module")
        header = (where / f"{self.name}.h").read_bytes().decode()
        self.exports = {}
        for name, declaration in re.findall(r"/\* export: '(.*?)' \*/\n(.*?);\n", header, re.S):
            self.exports[name] = re.match(r"(.*?)\b(Z_\w+)\((.*)\)$", declaration).groups()
        start = re.search(r"void Z_%s_instantiate\((.*?)\);" % self.name, header).group(1)
        self.imports = re.findall(r"struct Z_(\w+?)_instance_t\*", start)


def refused(path, where):
    """Whether the translator takes no such module: text or binary."""
    if path.suffix == ".wat":
        command = ["wat2wasm", path, "-o", where / "refused.wasm"]
    else:
        command = ["wasm2c", path, "-n", "refused", "-o", where / "refused.c"]
    bad = subprocess.run(command, capture_output=True).returncode != 0
    for left in where.glob("refused.*"):
        left.unlink()
    return bad


def trap_of(c):
    trap = next((t for text, t in TRAPS.items() if c["text"].startswith(text)), None)
    if trap is None:
        raise NotRun(f"a trap: {c['text']}")
    return trap


def registered_names(commands):
    """Line of a module -> the name under which others import it; C is linked by such names."""
    names, lines, last = {}, {}, None
    for c in commands:
        if c["type"] == "module":
            last = c["line"]
            lines[c.get("name")] = last
        elif c["type"] == "register":
            line = lines.get(c["name"]) if "name" in c else last
            if line not in names and c["as"] not in names.values():
                names[line] = c["as"]
    return names


class File:
    def __init__(self, source, where):
        self.where = where
        self.not_run = collections.Counter()
        self.refused, self.unlinkable = [], []
        self.modules, self.named = [], {}
        self.rows, self.code = [], []
        self.live = []  # the instance that nothing can name once there is another
        self.current, self.reason = None, "no module"
        subprocess.run(["wast2json", source, "-o", where / "t.json"], check=True)
        commands = json.loads((where / "t.json").read_text())["commands"]
        self.names = registered_names(commands)
        for command in commands:
            try:
                self.take(command)
            except NotRun as why:
                if command["type"].startswith("assert") or command["type"] == "action":
                    self.not_run[str(why)] += 1

    def take(self, c):
        kind = c["type"]
        if kind in ("assert_invalid", "assert_malformed"):
            self.refused.append((c["line"], refused(self.where / c["filename"], self.where)))
        elif kind == "assert_unlinkable":
            self.unlinked(c)
        elif kind == "assert_uninstantiable":
            self.uninstantiable(c)
        elif kind == "module":
            self.module(c)
        elif kind == "register":
            pass
        elif kind in ("assert_return", "assert_trap", "assert_exhaustion", "action"):
            self.action(c)
        else:
            raise NotRun(f"a command {kind}")

    def add(self, line, counts, trap, statements, after="true"):
        n = len(self.rows)
        self.rows.append((line, counts))
        self.code.append(f"static bool row_{n}(void)\n{{\n    wasm_rt_trap_t trap;\n"
                         f"    volatile bool good = false;\n\n"
                         f"    SPEC_TRY(&trap, {statements});\n"
                         f"    return trap == WASM_RT_TRAP_{trap}"
                         + (" && good" if trap == "NONE" else "") + ";\n}\n")

    def translate(self, c, name):
        """A module as C, and the arguments of its instantiation."""
        module = Module(name, self.where, self.where / c["filename"])
        known = {"spectest": "spec_test()"}
        known.update((m.name, f"&i_{m.name}") for m in self.modules)
        if any(name not in known for name in module.imports):
            (self.where / f"{module.name}.c").unlink()
            raise NotRun("imports a module that is not known by a C name")
        return module, "".join(f", {known[name]}" for name in module.imports)

    def module(self, c):
        self.current = None
        try:
            module, more = self.translate(c, self.names.get(c["line"], f"m{len(self.modules)}"))
        except NotRun as why:
            self.reason = str(why)
            self.named[c.get("name")] = str(why)
            raise
        self.current = module
        self.modules.append(module)
        if "name" in c:
            self.named[c["name"]] = module
        n = module.name
        last = next(iter(self.live), None)
        free = f"Z_{last}_free(&i_{last}); " if last else ""
        self.live = [] if "name" in c or c["line"] in self.names or module.imports else [n]
        self.add(c["line"], False, "NONE", f"{free}Z_{n}_init_module(); "
                 f"Z_{n}_instantiate(&i_{n}{more}); good = true")

    def uninstantiable(self, c):
        """What it wrote into others' tables and memories before its trap stays, and is used."""
        module, more = self.translate(c, f"m{len(self.modules)}")
        self.modules.append(module)
        n = module.name
        self.add(c["line"], True, trap_of(c), f"Z_{n}_init_module(); "
                 f"Z_{n}_instantiate(&i_{n}{more})")
        if "spec_test()" not in more and "&" not in more:
            self.add(c["line"], False, "NONE", f"Z_{n}_free(&i_{n}); good = true")

    def is_conflict(self, name):
        """Whether the C compiler says that the module declares imports otherwise than they are."""
        check = self.where / "conflict.not.c"
        headers = ["tests/uvm/spec/spectest.h", *(f"{m.name}.h" for m in self.modules), f"{name}.h"]
        check.write_text("".join(f'#include "{h}"\n' for h in headers))
        done = subprocess.run(["gcc", "-fsyntax-only", "-w", "-I.", f"-I{self.where}", check],
                              capture_output=True, text=True)
        return done.returncode != 0 and "conflicting types" in done.stderr

    def unlinked(self, c):
        name = f"unlinkable_{len(self.unlinkable)}"
        Module(name, self.where, self.where / c["filename"])
        code = self.where / f"{name}.c"
        if c["text"] != "unknown import":
            code.unlink()
            if not self.is_conflict(name):
                raise NotRun(UNTYPED)
            self.refused.append((c["line"], True))
            return
        functions = re.findall(r"^\w.*?\b(Z_\w+)\(.*\);$", (self.where / f"{name}.h").read_text(),
                               re.M)
        # Functions are asked for even where no code calls them.
        asked = ", ".join(f"(void *){f}" for f in functions)
        code.with_suffix(".not.c").write_text(
            f"{code.read_text()}\nvoid *spec_asked[] = {{{asked}}};\n")
        code.unlink()
        self.unlinkable.append((c["line"], f"{name}.not.c"))

    def action(self, c):
        action = c["action"]
        module = self.named.get(action["module"]) if "module" in action else self.current
        if module is None:
            raise NotRun(self.reason)
        if isinstance(module, str):
            raise NotRun(module)
        if action["field"] not in module.exports:
            raise NotRun("a name of an export that is not found")
        result, name, _ = module.exports[action["field"]]
        expected = c.get("expected", [])
        if action["type"] == "get":
            call = f"*{name}(&i_{module.name})"
        else:
            args = "".join(f", {value(v)}" for v in action.get("args", []))
            call = f"{name}(&i_{module.name}{args})"
        counts = c["type"] != "action"
        if c["type"] in ("assert_trap", "assert_exhaustion"):
            self.add(c["line"], counts, trap_of(c), f"(void){call}")
        elif counts and expected:
            kind, good = check_all(expected)
            self.add(c["line"], counts, "NONE", f"{kind} r = {call}; good = {good}")
        else:
            self.add(c["line"], counts, "NONE", f"(void){call}; good = true")

    def write(self):
        lines = ["/* Made by spec.py. */", '#include "tests/uvm/spec/spec.h"']
        lines += [f'#include "{m.name}.h"' for m in self.modules]
        lines += [f"static Z_{m.name}_instance_t i_{m.name};" for m in self.modules]
        lines += self.code
        rows = [f"    row_{n}," for n in range(len(self.rows))]
        lines += ["bool (*const spec_rows[])(void) = {", *rows, "    NULL,", "};",
                  f"const unsigned spec_count = {len(self.rows)};"]
        (self.where / "driver.c").write_text("\n".join(lines) + "\n")
        (self.where / "rows.json").write_text(json.dumps({
            "rows": self.rows, "refused": self.refused, "unlinkable": self.unlinkable,
            "not_run": self.not_run}))


def main():
    where = pathlib.Path(sys.argv[2])
    where.mkdir(parents=True, exist_ok=True)
    for old in where.glob("*.[cho]"):
        old.unlink()
    File(pathlib.Path(sys.argv[1]), where).write()


if __name__ == "__main__":
    main()
