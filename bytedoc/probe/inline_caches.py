"""Inline caches (3.11 and newer): what their fields are, and what is in them.

The interpreter tells the names and sizes of the fields (``opcode``).  What it does not tell is
found by watching it: how a counter is stored, and where a field is not in the place that is told.
"""

import dis
import functools
import opcode
import sys

_NAMES = getattr(dis, "_all_opname", ())
_FORMATS = getattr(opcode, "_cache_format", {})
#: The instructions that have specialised forms.
_FAMILIES = frozenset(getattr(opcode, "_specializations", ()))
#: Words in the names of fields that hold what is other in each process: numbers that are given out
#: as a program goes on (to types, functions, keys of dictionaries), and addresses.
_OF_ONE_PROCESS = ("version", "descr")
#: Executions after which an instruction has become what it can become.
_ENOUGH = 32
#: Wrong inputs after which it has been given up.
_TOO_MANY = 64


@functools.lru_cache(maxsize=None)
def fields(opname):
    """``[(name, code units), ...]``: the fields of an instruction's inline cache, in order."""
    found = [(name, size) for name, size in (_FORMATS.get(opname) or {}).items() if size]
    return in_real_order(found) if opname == "LOAD_GLOBAL" else found


def numbers(opname, state, offset):
    """What is in each field, in the bytes *state* of a code object."""
    found = []
    start = offset + 2
    for _, size in fields(opname):
        end = start + 2 * size
        found.append(int.from_bytes(state[start:end], sys.byteorder))
        start = end
    return found


def is_waiting(base, opname):
    """Whether an instruction has no specialised form yet; in 3.11 it has an adaptive one then."""
    return opname in (base, base + "_ADAPTIVE")


class Values:
    """What is in inline caches, in words that are the same in every process.

    A ``counter`` becomes ``[value, backoff]``: an instruction tries to become another form when it
    has counted down to zero, and after a failure waits for longer, by the backoff.  The value has
    the high bits and the backoff the low ones (CPython's ``pycore_backoff.h``); where a form has no
    backoff, it is None.  An instruction without specialised forms keeps something else in its
    counter, which stays as it is.

    A number that is other in each process is ``#1`` for the first value of its field, ``#2`` for
    the second, and so on; 0 stays 0.  Others stay as they are.
    """

    def __init__(self, steps):
        """*steps* as ``counter_steps`` gives them."""
        self._steps = steps
        self._known = {}

    def of(self, base, opname, state, offset):
        """Each field of the instruction at *offset*: *opname*, which was compiled as *base*."""
        names = [name for name, _ in fields(base)]
        found = numbers(base, state, offset)
        return [self._value(base, opname, *item) for item in zip(names, found)]

    def _value(self, base, opname, name, number):
        if name == "counter" and base in _FAMILIES:
            step = self._steps[0 if is_waiting(base, opname) else 1]
            value, backoff = divmod(number, step)
            return [value, backoff if step > 1 else None]
        if not number or not any(word in name for word in _OF_ONE_PROCESS):
            return number
        known = self._known.setdefault(name, {})
        return "#" + str(known.setdefault(number, len(known) + 1))


def add(left, right):
    """Something to be specialised, and to be given up again."""
    return left + right


class Addable:
    """What no form of an addition is for."""

    def __add__(self, other):
        return self


def counter_steps():
    """By how much one event changes a counter: ``(waiting, specialised)``; None: nothing counts.

    What counts is an execution of an instruction that waits, and a wrong input of one that is
    specialised.
    """
    base, offset = last_member(add.__code__)
    seen = []
    for operand in [1] * _ENOUGH + [Addable()] * _TOO_MANY:
        add(operand, operand)
        state = add.__code__._co_code_adaptive
        seen.append((_NAMES[state[offset]], numbers(base, state, offset)[0]))
    steps = {True: [], False: []}
    for (before, count), (after, less) in zip(seen, seen[1:]):
        if before == after and less < count:
            steps[is_waiting(base, after)].append(count - less)
    return (min(steps[True]), min(steps[False])) if all(steps.values()) else None


def last_member(code):
    """``(name, offset)`` of the last instruction that has specialised forms."""
    found = [item for item in dis.get_instructions(code) if item.opname in _FAMILIES]
    return found[-1].opname, found[-1].offset


def in_real_order(told):
    """The fields of ``LOAD_GLOBAL`` in the order in which they are.

    From 3.13 on they are told in another one.  What tells them apart is the index of a name in the
    dictionary of its module: between two neighbours it differs by one, and nothing else does.
    """
    namespace = {"first": 1, "second": 2}
    exec("def f():\n    return first\n\ndef g():\n    return second\n", namespace)
    one, other = (specialised_units(namespace[name], units(told)) for name in ("f", "g"))
    differing = [place for place, pair in enumerate(zip(one, other)) if pair[1] - pair[0] == 1]
    index = [field for field in told if field[0] == "index"]
    rest = [field for field in told if field[0] != "index"]
    for position in range(len(told)):
        if differing == [units(rest[:position])]:
            return rest[:position] + index + rest[position:]
    return told


def specialised_units(function, count):
    """The code units behind the last instruction that specialises, once the function was called."""
    for _ in range(_ENOUGH):
        function()
    _, offset = last_member(function.__code__)
    state = function.__code__._co_code_adaptive
    starts = range(offset + 2, offset + 2 + 2 * count, 2)
    return [int.from_bytes(state[start : start + 2], sys.byteorder) for start in starts]


def units(some):
    """The size of some fields in code units."""
    return sum(size for _, size in some)
