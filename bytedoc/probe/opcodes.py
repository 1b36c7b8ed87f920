"""The ``opcodes`` view: the instructions that this interpreter has, asked of the interpreter."""

import dis
import opcode


def answer(job):
    """``{"opcodes": [...]}`` sorted by number; see ``describe``."""
    names = sorted(dis.opmap.items(), key=lambda item: (item[1], item[0]))
    return {"opcodes": [describe(name, number) for name, number in names]}


def describe(name, number):
    """One instruction: ``{"name", "number", "kind", "arg", "jump", "uses", "caches", "effect"}``.

    ``kind`` is ``real``, ``instrumented`` or ``pseudo`` (a number above 255 is the compiler's own
    and never in bytecode).  ``effect`` is the change of the stack depth, not jumping and jumping,
    for an argument of 0; None where it depends on more.
    """
    real = number < 256
    return {
        "name": name,
        "number": number,
        "kind": kind(name, number),
        "arg": takes_argument(number),
        "jump": jump_kind(number),
        "uses": uses(number),
        "caches": cache_entries(name, number) if real else [],
        "effect": [effect(number, False), effect(number, True)] if real else [None, None],
    }


def kind(name, number):
    """What sort of instruction a name is."""
    if number > 255:
        return "pseudo"
    if name.startswith("INSTRUMENTED_"):
        return "instrumented"
    return "real"


def takes_argument(number):
    """Whether the argument byte of an instruction means anything."""
    listed = getattr(dis, "hasarg", None)  # 3.12 and newer
    return number in listed if listed is not None else number >= dis.HAVE_ARGUMENT


def jump_kind(number):
    """``relative``, ``absolute`` or an empty string."""
    if number in dis.hasjrel:
        return "relative"
    return "absolute" if number in dis.hasjabs else ""


def uses(number):
    """What the argument is an index into, by the collections that ``dis`` has for it."""
    for name in ("hasconst", "hasname", "haslocal", "hasfree", "hascompare"):
        if number in getattr(dis, name, ()):
            return name[3:]
    return ""


def cache_entries(name, number):
    """``[[name, code units], ...]`` of the inline caches (3.11 and newer)."""
    formats = getattr(opcode, "_cache_format", None)
    if formats is None:
        return []
    found = formats.get(name) or {}
    return [[entry, size] for entry, size in found.items() if size]


def effect(number, jump):
    """``dis.stack_effect`` for an argument of 0, or None where the release cannot say."""
    argument = 0 if takes_argument(number) else None
    try:
        return dis.stack_effect(number, argument, jump=jump)
    except TypeError:
        pass
    except (ValueError, SystemError):
        return None
    try:
        return dis.stack_effect(number, argument)  # before 3.8 there is no jump=
    except (TypeError, ValueError, SystemError):
        return None
