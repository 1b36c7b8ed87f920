"""The ``identity`` view: what this interpreter is, as far as it changes an answer."""

import importlib.util
import os
import platform
import struct
import sys
import sysconfig


def answer(job):
    """The fields of ``bytedoc.request.Interpreter`` that only the interpreter itself knows."""
    return {
        "version": platform.python_version(),
        "implementation": sys.implementation.name,
        "build": " ".join(part for part in platform.python_build() if part),
        "compiler": platform.python_compiler(),
        "flags": build_flags(),
        "platform": sysconfig.get_platform(),
        "bits": struct.calcsize("P") * 8,
        "magic": magic_number(),
        "cache_tag": sys.implementation.cache_tag,
        "executable": sys.executable,
        "files": loaded_files(),
    }


def magic_number():
    """The number in the first two bytes of a ``.pyc``; the next two are always the same."""
    return int.from_bytes(importlib.util.MAGIC_NUMBER[:2], "little")


def build_flags():
    """Which of ``debug``, ``free-threaded``, ``jit``, ``lto``, ``pgo`` this build says it is.

    A distributor may strip the record (Debian does for profile-guided builds), so a flag that is
    absent is not proof.
    """
    options = recorded("CONFIG_ARGS")
    compiler = recorded("PY_CORE_CFLAGS") + " " + recorded("PY_LDFLAGS_NODIST")
    jit = getattr(sys, "_jit", None)
    found = {
        "debug": hasattr(sys, "gettotalrefcount"),
        "free-threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "jit": jit is not None and jit.is_available(),
        "lto": "-flto" in compiler or ("--with-lto" in options and "--with-lto=no" not in options),
        "pgo": "-fprofile-use" in compiler or "--enable-optimizations" in options,
    }
    return [name for name in sorted(found) if found[name]]


def recorded(name):
    """A variable of the build, as text."""
    return str(sysconfig.get_config_var(name) or "")


def loaded_files():
    """Files whose replacement makes this another interpreter: executable, library, two modules."""
    import dis
    import opcode

    files = {os.path.realpath(sys.executable), dis.__file__, opcode.__file__}
    library = sysconfig.get_config_var("INSTSONAME") or sysconfig.get_config_var("LDLIBRARY")
    folder = sysconfig.get_config_var("LIBDIR")
    if library and folder:
        path = os.path.join(folder, library)
        if os.path.exists(path):
            files.add(os.path.realpath(path))
    return sorted(os.path.abspath(name) for name in files)
