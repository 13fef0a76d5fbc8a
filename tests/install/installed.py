# SPDX-License-Identifier: Apache-2.0
"""Commands that make a tree by `make install` and use it; conftest.py has the tree."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("O", "build")).absolute()


def run(*command, env=None, **more):
    return subprocess.run(list(map(str, command)), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=300,
                          env=dict(os.environ, **(env or {})), **more)


def install(*settings):
    env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", f"O={BUILD}", "install", *settings], cwd=ROOT,
                          env=dict(env, VITRINE_NO_SETUP="1"), capture_output=True, text=True,
                          check=False, timeout=600)
    assert done.returncode == 0, done.stderr


def flags(tree, *what):
    done = run("pkg-config", *what, env={"PKG_CONFIG_PATH": f"{tree}/lib/pkgconfig"})
    assert done.returncode == 0, done.stdout
    return done.stdout.split()


def compile_super(tree, source, to, arch="x86_64"):
    """A fault handler's object as vitrine-guest.pc says: moved to the supervisor's sections."""
    package = "vitrine-guest" if arch == "x86_64" else f"vitrine-guest-{arch}"
    for command in (["gcc", "-O2", *flags(tree, "--cflags", package), f"-I{ROOT}",
                     *flags(tree, "--variable=supercflags", package), "-c", source, "-o", to],
                    ["objcopy", *flags(tree, "--variable=superobjcopy", package), to]):
        done = run(f"{arch}-linux-gnu-{command[0]}", *command[1:])
        assert done.returncode == 0, done.stdout
