#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a file of the WebAssembly specification's tests into C.

spec.py FILE.wast DIRECTORY: writes modules m*.c, driver.c, and rows.json: for each row of the
driver the line and whether it counts as an assertion; and why how many assertions are not run.
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
REASONS = {
    "assert_invalid": "an invalid module: wasm2c's validator",
    "assert_malformed": "a malformed module: wasm2c's parser",
    "assert_unlinkable": "linking: done by the C linker",
    "assert_uninstantiable": "instantiation that traps",
}


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


def check(v):
    kind, text = v["type"], v.get("value")
    if text in ("nan:canonical", "nan:arithmetic"):
        return f"spec_nan{kind[1:]}(r, {'true' if text == 'nan:canonical' else 'false'})"
    if kind == "f32":
        return f"spec_is_f32(r, UINT32_C({text}))"
    if kind == "f64":
        return f"spec_is_f64(r, UINT64_C({text}))"
    if kind == "funcref":
        if text == "null":
            return "r.func == NULL"
        return "r.func != NULL"
    return f"r == {value(v)}"


class Module:
    def __init__(self, name, where, wasm):
        self.name = name
        done = subprocess.run(["wasm2c", wasm, "-n", self.name, "-o", where / f"{self.name}.c"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise NotRun("wasm2c refuses the module")
        header = (where / f"{self.name}.h").read_text()
        self.exports = {}
        for name, declaration in re.findall(r"/\* export: '(.*)' \*/\n(.*);", header):
            self.exports[name] = re.match(r"(.*?)\b(Z_\w+)\((.*)\)$", declaration).groups()
        start = re.search(r"void Z_%s_instantiate\((.*?)\);" % self.name, header).group(1)
        self.imports = re.findall(r"struct Z_(\w+?)_instance_t\*", start)


def registered_names(commands):
    """Line of a module -> the name under which others import it; C is linked by such names."""
    names, lines, last = {}, {}, None
    for c in commands:
        if c["type"] == "module":
            last = c["line"]
            lines[c.get("name")] = last
        elif c["type"] == "register" and re.fullmatch("[a-yA-Y0-9_]+", c["as"]):
            line = lines.get(c["name"]) if "name" in c else last
            if line not in names and c["as"] not in names.values():
                names[line] = c["as"]
    return names


class File:
    def __init__(self, source, where):
        self.where = where
        self.not_run = collections.Counter()
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
        if kind in REASONS:
            raise NotRun(REASONS[kind])
        if kind == "module":
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

    def module(self, c):
        self.current = None
        try:
            name = self.names.get(c["line"], f"m{len(self.modules)}")
            module = Module(name, self.where, self.where / c["filename"])
            known = {"spectest": "spec_test()"}
            known.update((m.name, f"&i_{m.name}") for m in self.modules)
            if any(name not in known for name in module.imports):
                (self.where / f"{module.name}.c").unlink()
                raise NotRun("imports a module that is not known by a C name")
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
        more = "".join(f", {known[name]}" for name in module.imports)
        self.add(c["line"], False, "NONE", f"{free}Z_{n}_init_module(); "
                 f"Z_{n}_instantiate(&i_{n}{more}); good = true")

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
        if len(expected) > 1 and c["type"] == "assert_return":
            raise NotRun("several results")
        if action["type"] == "get":
            call = f"*{name}(&i_{module.name})"
        else:
            args = "".join(f", {value(v)}" for v in action.get("args", []))
            call = f"{name}(&i_{module.name}{args})"
        counts = c["type"] != "action"
        if c["type"] in ("assert_trap", "assert_exhaustion"):
            trap = next((t for text, t in TRAPS.items() if c["text"].startswith(text)), None)
            if trap is None:
                raise NotRun(f"a trap: {c['text']}")
            self.add(c["line"], counts, trap, f"(void){call}")
        elif counts and expected:
            self.add(c["line"], counts, "NONE",
                     f"{TYPES[expected[0]['type']]} r = {call}; good = {check(expected[0])}")
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
        (self.where / "rows.json").write_text(json.dumps({"rows": self.rows,
                                                          "not_run": self.not_run}))


def main():
    where = pathlib.Path(sys.argv[2])
    where.mkdir(parents=True, exist_ok=True)
    for old in where.glob("*.[cho]"):
        old.unlink()
    File(pathlib.Path(sys.argv[1]), where).write()


if __name__ == "__main__":
    main()
