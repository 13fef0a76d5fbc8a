#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls functions of a guest from Python, survives the one that crashes, goes on.

Usage: survive.py GUEST.elf; $LIBVITRINE names the library, if it is not where the system looks.
"""
import ctypes
import os
import sys

VOID, I32, U32, I64, U64, F32, F64, BOOL, STR, BYTES = range(10)  # enum call_type
VT_LOG_WARNING, VT_LOG_GUEST = 1, 4


class Data(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t)]


class Union(ctypes.Union):
    _fields_ = [("i", ctypes.c_int64), ("u", ctypes.c_uint64), ("f64", ctypes.c_double),
                ("f32", ctypes.c_float), ("bytes", Data)]


class Value(ctypes.Structure):
    """struct vt_value"""
    _fields_ = [("type", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("as_", Union)]


LOG = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p)
HOST = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.POINTER(Value),
                        ctypes.c_uint, ctypes.POINTER(Value))


class ImageCfg(ctypes.Structure):
    """struct vt_image_cfg"""
    _fields_ = [("size", ctypes.c_size_t), ("mem_size", ctypes.c_size_t),
                ("stack_size", ctypes.c_size_t), ("call_size", ctypes.c_size_t),
                ("log", LOG), ("log_ctx", ctypes.c_void_p)]


class VitrineError(Exception):
    """A function of the library returned this."""

    def __init__(self, lib, err):
        super().__init__(lib.vt_strerror(err).decode())
        self.err = err


def load():
    """The library, with the types of the functions that pointers go through."""
    lib = ctypes.CDLL(os.environ.get("LIBVITRINE", "libvitrine.so.0"))
    lib.vt_strerror.restype = ctypes.c_char_p
    lib.vt_fault.restype = ctypes.c_void_p
    return lib


class Vm:
    """One micro-VM."""

    def __init__(self, path):
        self.lib = load()
        self.image, self.vm = ctypes.c_void_p(), ctypes.c_void_p()
        self.kept = []  # callbacks: the library has pointers to them
        cfg = ImageCfg(size=ctypes.sizeof(ImageCfg), log=self.keep(LOG(self.log)))
        self.check(self.lib.vt_image_load_file(path.encode(), ctypes.byref(cfg),
                                               ctypes.byref(self.image)))
        self.check(self.lib.vt_create(self.image, None, ctypes.byref(self.vm)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.lib.vt_destroy(self.vm)
        self.lib.vt_image_free(self.image)

    def keep(self, callback):
        self.kept.append(callback)
        return callback

    def check(self, err):
        if err != 0:
            raise VitrineError(self.lib, err)

    @staticmethod
    def log(_ctx, _vm, level, text):
        if level <= VT_LOG_WARNING or level == VT_LOG_GUEST:
            print("log:", text.decode(errors="replace"))

    def register(self, name, signature, function):
        """function(args, result) fills result."""
        def call(_ctx, _vm, args, _count, result):
            function(args, result.contents)
            return 0
        self.check(self.lib.vt_register(self.vm, name.encode(), ctypes.c_uint64(signature),
                                        self.keep(HOST(call)), None))

    def call(self, name, *args):
        """Arguments are (type, number) pairs; returns the result as a number."""
        values = (Value * max(len(args), 1))()
        for value, (kind, number) in zip(values, args):
            value.type = kind
            value.as_.i = number
        result = Value()
        self.check(self.lib.vt_call(self.vm, name.encode(), values, len(args),
                                    ctypes.byref(result)))
        return result.as_.i

    def fault(self):
        """The last fault as text."""
        count = ctypes.c_uint()
        record = self.lib.vt_fault(self.vm, ctypes.byref(count))
        text = ctypes.create_string_buffer(4096)
        self.lib.vt_fault_text(ctypes.c_void_p(record), text, len(text))
        return text.value.decode()

    def restore(self):
        self.check(self.lib.vt_restore(self.vm, None))


def now(_args, result):
    result.as_.u = 1000


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with Vm(sys.argv[1]) as vm:
        vm.register("now", U64, now)
        print("age(900) =", vm.call("age", (U64, 900)))
        try:
            vm.call("sum_list", (BOOL, 1))
        except VitrineError as error:
            print(f"sum_list(true): {error}\n{vm.fault()}", end="")
        vm.restore()
        print("add(2, 40) =", vm.call("add", (I32, 2), (I32, 40)))


if __name__ == "__main__":
    main()
