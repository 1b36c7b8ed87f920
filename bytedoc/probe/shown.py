"""Values as a few characters, the same in every run: no addresses, no order that chance decides."""

import itertools
import re
import types

from . import value_stack


def _cell():
    """A cell."""
    variable = None
    return (lambda: variable).__closure__[0]


#: Most characters of a value, and most members of a container or levels of containers.
_LONGEST, _MOST, _DEEPEST = 48, 8, 3
#: A whole number with more bits is not written out (releases differ in which ones can be).
_MOST_BITS = 160
_MORE = "..."
#: What a repr says of where something is: in memory, or in a file.
_PLACE = re.compile(r" at 0x(?:[0-9a-fA-F]+|\.{3})|, file [^\n]*, line -?\d+(?=[,>])")
#: The type of the variables of closures (``types.CellType`` is of 3.8).
_CELL = type(_cell())
#: Types whose values are all in one order.
_ORDERED = {int, str, bytes}
_BRACKETS = {list: "[]", tuple: "()", set: "{}", dict: "{}"}


def slot(value):
    """``[kind, text]`` of what a slot holds: ``null``, ``machine``, ``cell``, ``iterator`` or none.

    ``machine`` is an integer of the interpreter's own, no object.
    """
    if value is value_stack.NULL:
        return ["null", "NULL"]
    kind = type(value)
    if kind is value_stack.MachineInteger:
        return ["machine", f"<machine integer {value.number}>"]
    if kind is _CELL:
        try:
            return ["cell", f"<cell: {text(value.cell_contents, _DEEPEST - 1)}>"]
        except ValueError:
            return ["cell", "<cell: empty>"]
    if hasattr(kind, "__next__"):
        return ["iterator", text(value)]
    return ["", text(value)]


def text(value, level=0):
    """The beginning of a value's repr."""
    try:
        found = _text(value, level)
    except Exception:  # its class has a repr that fails, or is not complete yet
        found = f"<{type(value).__name__}>"
    found = found.replace("\n", r"\n")
    return found if len(found) <= _LONGEST else found[: _LONGEST - len(_MORE)] + _MORE


def _text(value, level):
    kind = type(value)
    if kind in (str, bytes):
        return repr(value) if len(value) <= _LONGEST else repr(value[:_LONGEST])
    if kind is int and value.bit_length() > _MOST_BITS:
        return f"<int of {value.bit_length()} bits>"
    if kind in (list, tuple, set, frozenset, dict):
        return _container(kind, value, level)
    if kind is types.ModuleType:
        return f"<module {value.__name__!r}>"
    if hasattr(kind, "__length_hint__") and kind.__module__ == "builtins":
        return f"<{kind.__name__}, {kind.__length_hint__(value)} left>"
    return without_places(repr(value))


def without_places(found):
    """A text without what it says of addresses, and of the lines of code objects and frames."""
    return _PLACE.sub("", found)


def _container(kind, value, level):
    """Its first members; a set has them in order."""
    if not value:
        return repr(value)
    if level >= _DEEPEST:
        return _MORE
    if kind is dict:
        items = itertools.islice(value.items(), _MOST)
        parts = [f"{text(key, level + 1)}: {text(item, level + 1)}" for key, item in items]
    else:
        members = _in_order(value) if kind in (set, frozenset) else value
        parts = [text(item, level + 1) for item in itertools.islice(members, _MOST)]
    if len(value) > _MOST:
        parts.append(_MORE)
    if kind is frozenset:
        return "frozenset({" + ", ".join(parts) + "})"
    opening, closing = _BRACKETS[kind]
    comma = "," if kind is tuple and len(parts) == 1 else ""
    return opening + ", ".join(parts) + comma + closing


def _in_order(members):
    """Members by their order where all are of one such type, or else by their texts."""
    kinds = {type(item) for item in members}
    return sorted(members, key=None if len(kinds) == 1 and kinds <= _ORDERED else text)
