"""The ``code-object`` view: every ``co_*`` attribute of a code object, and of those inside it.

The attributes are those that this interpreter's code objects have, in the order in which the
interpreter lists them; a release that adds one shows it without a change here.
"""

import dis
import warnings

from . import source


def answer(job):
    """``{"codes": [...]}``: the job's ``object`` and, to its ``depth``, what is nested in it."""
    qualname, code = source.find(source.compile_job(job), job.get("object", ""))
    depth = job.get("options", {}).get("depth")
    codes = list(source.walk(code, depth, qualname=qualname))
    stabilize = source.stabilizer(inner for _, inner in codes)
    return {"codes": [describe(inner, name, stabilize) for name, inner in codes]}


def describe(code, qualname, stabilize):
    """The attributes of one code object as plain data; *stabilize* is of ``source.stabilizer``."""
    return {
        "qualname": qualname,
        "attributes": [attribute(code, name, stabilize) for name in attribute_names(code)],
        "flags": flag_names(code.co_flags),
        "bytes": bytes_by_instruction(code, stabilize),
        "exception_table": exception_table(code),
    }


def attribute_names(code):
    """The public ``co_*`` names of this interpreter's code objects."""
    return [name for name in dir(code) if name.startswith("co_")]


def attribute(code, name, stabilize):
    """``[name, kind, value]``: kind is ``bytes`` (in hex), ``rows``, ``items`` or ``repr``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # co_lnotab is deprecated from 3.12 on, and still shown
        value = getattr(code, name)
        if callable(value):
            return [name + "()", "rows", [[cell(part) for part in row] for row in value()]]
    if isinstance(value, bytes):
        return [name, "bytes", value.hex()]
    if isinstance(value, tuple):
        return [name, "items", [stabilize(repr(item)) for item in value]]
    return [name, "repr", repr(value)]


def cell(value):
    """A part of a row: numbers and None as they are, all else by its repr."""
    return value if value is None or isinstance(value, int) else repr(value)


def flag_names(flags):
    """``[[value, name], ...]`` for each bit that is set, named as this release's ``dis`` does."""
    bits = [1 << bit for bit in range(flags.bit_length()) if flags >> bit & 1]
    return [[bit, dis.COMPILER_FLAG_NAMES.get(bit) or future_flag(bit)] for bit in bits]


def future_flag(bit):
    """The name of a ``from __future__`` feature's flag, or the bit in hex."""
    import __future__

    for name in __future__.all_feature_names:
        if getattr(__future__, name).compiler_flag == bit:
            return "FUTURE_" + name.upper()
    return hex(bit)


def bytes_by_instruction(code, stabilize):
    """``[[offset, hex, opname, argrepr or arg], ...]``: the code units of each instruction.

    The units of an instruction's inline caches stand with it.
    """
    instructions = list(dis.Bytecode(code))  # with the labels of the `dis` view
    ends = [item.offset for item in instructions[1:]] + [len(code.co_code)]
    result = []
    for item, end in zip(instructions, ends):
        arg = stabilize(item.argrepr) or ("" if item.arg is None else str(item.arg))
        result.append([item.offset, code.co_code[item.offset : end].hex(), item.opname, arg])
    return result


def exception_table(code):
    """``[[start, end, target, depth, lasti], ...]`` in bytes, end exclusive; None before 3.11.

    The encoding is that of CPython's ``InternalDocs/exception_handling.md``: numbers of six bits
    a byte, most significant first, 64 says that another byte follows, 128 starts an entry; the
    positions count code units of two bytes.
    """
    table = getattr(code, "co_exceptiontable", None)
    if table is None:
        return None
    data = iter(table)
    result = []

    def number(byte):
        value = byte & 63
        while byte & 64:
            byte = next(data)
            value = value << 6 | byte & 63
        return value

    for byte in data:
        start = number(byte) * 2
        length = number(next(data)) * 2
        target = number(next(data)) * 2
        depth_lasti = number(next(data))
        result.append([start, start + length, target, depth_lasti >> 1, bool(depth_lasti & 1)])
    return result
