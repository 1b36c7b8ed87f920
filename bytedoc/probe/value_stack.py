"""Reads the value stack of a frame: from the interpreter's memory, for no Python function tells it.

Where the parts of a frame lie was measured, release by release, on builds for 64-bit Linux on
x86-64: offsets in bytes, as the compiler lays out the structures of that release's headers.
`refusal` says why another build is not read.  It also compares what lies at these offsets with
what the interpreter says of a frame that it knows, and from 3.13 on with the table of offsets
(``_Py_DebugOffsets``) that the interpreter itself has for debuggers.
"""

import collections
import sys
import sysconfig

from .failures import JobFailure

try:
    import ctypes
except ImportError:  # built without libffi
    ctypes = None

#: Up to 3.10 the stack is a part of the frame object.  *top* is a pointer above the topmost value,
#: or NULL; *depth* (3.10) a number of values, or -1.
_Old = collections.namedtuple("_Old", "code base top depth locals stacksize")
#: From 3.11 on a frame object refers to the frame proper.  *top* is the index of the next free
#: slot, counted from the first local variable, or a negative number; from 3.14 on a pointer
#: (and two bits of a slot, *tags*, are not of an address).  *by_line*: it is only valid
#: when a trace function is told of a line.  *offsets*: the 8-byte words before the part on frames
#: in the interpreter's own table of offsets.
_New = collections.namedtuple(
    "_New", "code owner top locals nlocalsplus stacksize tags by_line offsets"
)
_PROPER = 24  # offset of a frame object's reference to the frame proper

_LAYOUTS = {
    (3, 7): _Old(32, 64, 72, None, 360, 28),
    (3, 8): _Old(32, 64, 72, None, 360, 32),
    (3, 9): _Old(32, 64, 72, None, 360, 32),
    (3, 10): _Old(32, 64, None, 80, 352, 32),
    (3, 11): _New(32, 40, 64, 72, 76, 68, 0, False, None),
    (3, 12): _New(0, 48, 64, 72, 72, 64, 0, True, None),
    (3, 13): _New(0, 48, 64, 72, 72, 64, 0, True, 28),
    (3, 14): _New(0, 48, 64, 80, 72, 64, 3, False, 31),
    (3, 15): _New(0, 48, 64, 80, 72, 64, 3, False, 39),
}
_LAYOUT = _LAYOUTS.get(sys.version_info[:2])
_MEASURED = "linux-x86_64"

#: Whether the stack can only be read when a trace function is told of a line.
BY_LINE = isinstance(_LAYOUT, _New) and _LAYOUT.by_line

#: A slot that holds no object.
NULL = type("Null", (), {"__slots__": ()})()
#: A machine integer in a slot (3.14 and newer).
MachineInteger = collections.namedtuple("MachineInteger", "number")


def refusal():
    """Why the stack can't be read in this interpreter; empty where it can."""
    frame = sys._getframe()
    if not hasattr(frame, "f_trace_opcodes"):
        return "this release does not tell a trace function of single instructions"
    for name, has in _unmeasured_builds():
        if has:
            return f"the frames of a {name} build were not measured"
    if sysconfig.get_platform() != _MEASURED or sys.maxsize != 2**63 - 1:
        return f"frames were measured on {_MEASURED} alone, not on {sysconfig.get_platform()}"
    if _LAYOUT is None:
        return "the frames of this release were not measured"
    if ctypes is None:
        return "this build has no ctypes"
    wrong = _differences(frame)
    if wrong:
        return f"{wrong} is not where it was measured in this release"
    return ""


def _unmeasured_builds():
    """Names of sorts of builds, and whether this is one."""
    yield "debug", hasattr(sys, "gettotalrefcount")
    yield "free-threaded", bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    jit = getattr(sys, "_jit", None)
    if jit is not None:
        yield "JIT", jit.is_enabled()
    else:  # 3.13 may have it, and does not tell whether it is on
        yield "JIT", "--enable-experimental-jit" in str(sysconfig.get_config_var("CONFIG_ARGS"))


def _differences(frame):
    """What does not lie where it should, of a frame whose first variable is that frame itself."""
    checks = [("the frame", is_as_measured(frame))]
    for code in (frame.f_code, _with_variables(0, 0).__code__):
        checks.append(
            ("the size of the stack", _int(id(code) + _LAYOUT.stacksize) == code.co_stacksize)
        )
        if isinstance(_LAYOUT, _New):
            checks.append(("the number of variables", _variables(code) == _named_variables(code)))
    if isinstance(_LAYOUT, _New):
        first = _word(_word(id(frame) + _PROPER) + _LAYOUT.locals)
        checks += [
            ("the first variable", first & ~_LAYOUT.tags == id(frame)),
            ("the interpreter's own table of offsets", _agrees_with_debug_offsets()),
        ]
    return next((name for name, as_measured in checks if not as_measured), "")


def _with_variables(one, two):
    """A function whose code object has another number of each sort of variables."""

    def inner(three, four, five):
        six = seven = lambda: (three, one, two)
        return [six, seven, four, five, one, two]

    return inner


def is_as_measured(frame):
    """Whether a frame refers to its own code, and has its stack, where it should."""
    address, code = id(frame), frame.f_code
    if isinstance(_LAYOUT, _Old):
        base = address + _LAYOUT.locals + 8 * _named_variables(code)
        return (_word(address + _LAYOUT.code), _word(address + _LAYOUT.base)) == (id(code), base)
    proper = _word(address + _PROPER)
    return (_word(proper + _LAYOUT.code) & ~_LAYOUT.tags, _word(proper + _LAYOUT.owner)) == (
        id(code),
        address,
    )


def _agrees_with_debug_offsets():
    """Whether the table that this interpreter has for debuggers, if it has it, says the same.

    See ``Include/internal/pycore_debug_offsets.h`` (3.13: ``pycore_runtime.h``).
    """
    if _LAYOUT.offsets is None:
        return True
    try:
        table = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    except ValueError:  # the name is not exported
        return True
    if ctypes.string_at(table, 8) != b"xdebugpy" or _word(table + 8) != sys.hexversion:
        return False
    frame = table + 8 * _LAYOUT.offsets  # size, previous, executable, instruction, locals, owner
    told = [_word(frame + 8 * 2), _word(frame + 8 * 4)]
    measured = [_LAYOUT.code, _LAYOUT.locals]
    if _LAYOUT.tags:
        told.append(_word(frame + 8 * 6))
        measured.append(_LAYOUT.top)
    return told == measured


def values(frame):
    """The value stack of a frame, from its bottom: objects, `NULL` or a `MachineInteger`.

    The frame is one of which a trace function is being told.

    Raises:
        JobFailure: what lies there is no stack.
    """
    if not is_as_measured(frame):
        raise JobFailure("stack", f"a frame of {frame.f_code.co_name} is not as it was measured")
    base, depth = _extent(frame)
    if not 0 <= depth <= frame.f_code.co_stacksize:
        raise JobFailure("stack", f"a depth of {depth} was read in {frame.f_code.co_name}")
    return [_value(_word(base + 8 * number)) for number in range(depth)]


def _extent(frame):
    """The address of the lowest slot of a frame's stack, and the number of values."""
    address = id(frame)
    if isinstance(_LAYOUT, _Old):
        base = _word(address + _LAYOUT.base)
        if _LAYOUT.depth is not None:
            return base, _int(address + _LAYOUT.depth)
        return base, (_word(address + _LAYOUT.top) - base) // 8
    proper = _word(address + _PROPER)
    before = _variables(frame.f_code)
    base = proper + _LAYOUT.locals + 8 * before
    if _LAYOUT.tags:
        return base, (_word(proper + _LAYOUT.top) - base) // 8
    return base, _int(proper + _LAYOUT.top) - before


def _variables(code):
    """The number of slots before the stack, as the code object has it (3.11 and newer)."""
    return _int(id(code) + _LAYOUT.nlocalsplus)


def _named_variables(code):
    """The same, by the names of a code object's variables.

    Up to 3.10 an argument that is a cell has two slots, and then one.
    """
    count = code.co_nlocals + len(code.co_cellvars) + len(code.co_freevars)
    if isinstance(_LAYOUT, _New):
        count -= len(set(code.co_cellvars) & set(code.co_varnames))
    return count


def _value(bits):
    """What a slot holds.

    Raises:
        JobFailure: it holds something that is never there between two instructions.
    """
    tag = bits & _LAYOUT.tags if isinstance(_LAYOUT, _New) else 0
    if tag == 3:
        return MachineInteger(ctypes.c_int64(bits).value >> 2)
    if tag == 2:
        raise JobFailure("stack", "a value was read that is no object")
    address = bits - tag
    return ctypes.cast(address, ctypes.py_object).value if address else NULL


def _word(address):
    return ctypes.c_size_t.from_address(address).value


def _int(address):
    return ctypes.c_int.from_address(address).value
