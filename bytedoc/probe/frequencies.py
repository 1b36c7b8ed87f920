"""The ``frequencies`` view: how often each instruction occurs in the standard library.

Every module is compiled as for an import; nothing is executed.
"""

import dis
import os
import tokenize
import warnings

from . import source

_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))
#: Folders that are left out: tests, what is installed beside the library, and what distributions
#: put into packages of their own, so that the count is of the same modules wherever it is made.
LEFT_OUT = frozenset(
    (
        "__pycache__",
        "dist-packages",
        "ensurepip",
        "idle_test",
        "idlelib",
        "lib2to3",
        "site-packages",
        "test",
        "tests",
        "tkinter",
        "turtledemo",
    )
)


def answer(job):
    """``{"modules", "instructions", "counts": {name: how often}}``."""
    counts = {}
    modules = 0
    for path in sorted(paths(_LIBRARY)):
        code = compiled(path)
        if code is None:
            continue
        modules += 1
        for _, each in source.walk(code):
            for item in dis._unpack_opargs(each.co_code):
                counts[item[-2]] = counts.get(item[-2], 0) + 1
    named = {dis.opname[number]: count for number, count in counts.items()}
    return {"modules": modules, "instructions": sum(named.values()), "counts": named}


def paths(folder):
    """The modules below a folder of the library; what the build has generated is left out."""
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each not in LEFT_OUT and "-" not in each]
        for name in names:
            if name.endswith(".py") and not name.startswith("_sysconfig"):
                yield os.path.join(place, name)


def compiled(path):
    """The code object of a module, or None where it does not compile."""
    try:
        with tokenize.open(path) as stream:
            text = stream.read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OSError):
        return None
