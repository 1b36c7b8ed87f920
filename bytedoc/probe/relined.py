"""Gives each instruction a line of its own, so that a trace function is told of each as of a line.

For releases that keep the top of the stack where it can be read only then (see ``value_stack``).
The table of lines is that of 3.11 and newer, see ``InternalDocs/code_objects.md`` of CPython.
"""

from . import source

#: Kind of an entry that has a line and no columns.
_NO_COLUMNS = 13
#: Most code units of an entry.
_LONGEST = 8


def relined(code, instructions):
    """The code object with one line for each of its *instructions*, the first being number 0.

    Their lines count on from the one on which the code object begins; those of nested code objects
    are left as they are.  An ``EXTENDED_ARG`` prefix and the inline caches have the line of their
    instruction.
    """
    entries = []
    starts = [item.start for item in instructions]
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(code.co_code)])):
        step = int(number > 0)  # from the line of the entry before
        units = (end - start) // 2
        while units:
            size = min(units, _LONGEST)
            entries.append(bytes([0x80 | _NO_COLUMNS << 3 | size - 1]) + signed(step))
            units -= size
            step = 0
    return code.replace(co_linetable=b"".join(entries))


def signed(number):
    """A signed number in six bits a byte, least significant first; the lowest bit is its sign."""
    rest = -number << 1 | 1 if number < 0 else number << 1
    found = []
    while rest > 63:
        found.append(rest & 63 | 64)
        rest >>= 6
    return bytes([*found, rest])


def everywhere(code, instructions_of):
    """The code object, and all inside it, relined; and for each new one its original, by id."""
    inner = {id(const): everywhere(const, instructions_of) for const in source.nested(code)}
    originals = {}
    for _, found in inner.values():
        originals.update(found)
    consts = tuple(inner[id(item)][0] if id(item) in inner else item for item in code.co_consts)
    new = relined(code, instructions_of(code)).replace(co_consts=consts)
    originals[id(new)] = code
    return new, originals
