"""The ``opcodes`` view: the instructions that this interpreter has, asked of the interpreter."""

import dis
import opcode

#: The arguments for which the stack effect is asked, of an instruction that has one: a count, or
#: a few bits.
ARGUMENTS = range(9)
#: What jumping is to be, where the release has a say in it (3.8 and newer).
NOT_JUMPING, JUMPING = {"jump": False}, {"jump": True}
#: Whether an instruction has arguments that ``dis`` spells out is tried with these.
_TRIED = range(1, 5)
#: The bytes of more inline caches than any instruction has.
_CACHES = bytes(2 * 10)


class _Code:
    """Looks to ``dis`` like a code object with these instructions.

    To make a real one of any bytes can end the interpreter.
    """

    _real = compile("", "", "exec")

    def __init__(self, instructions):
        self.co_code = self._co_code_adaptive = instructions

    def __getattr__(self, name):
        return getattr(self._real, name)


def answer(job):
    """``{"opcodes": [...]}`` sorted by number; see ``describe`` and ``describe_specialised``."""
    found = [describe(name, number) for name, number in dis.opmap.items()]
    general = {item["name"]: item for item in found}
    for family, names in getattr(opcode, "_specializations", {}).items():  # 3.11 and newer
        found += [describe_specialised(name, general[family]) for name in names]
    found.sort(key=lambda item: (item["number"], item["name"]))
    return {"opcodes": found}


def describe(name, number):
    """One instruction, as ``bytedoc.answers.opcodes.Opcode`` is made from it.

    ``kind`` is ``real``, ``instrumented`` or ``pseudo`` (a number above 255 is the compiler's own
    and never in bytecode).
    """
    real = number < 256
    return {
        "name": name,
        "number": number,
        "kind": kind(name, number),
        "arg": takes_argument(number),
        "jump": jump_kind(number),
        "uses": uses(number),
        "caches": cache_entries(name) if real else [],
        "effects": effects(number) if real else [],
        "family": "",
        "values": values(name, number) if real and takes_argument(number) else [],
    }


def describe_specialised(name, family):
    """A form that an instruction takes while a program runs; *family* describes that instruction.

    It stands in the place of the other, so argument and caches are the same.  Its effect is not
    told: some do the work of the next instruction as well.
    """
    number = dis._all_opmap[name]
    own = {"name": name, "number": number, "kind": "specialised", "effects": [], "values": []}
    return dict(family, family=family["name"], **own)


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


def cache_entries(name):
    """``[[name, code units], ...]`` of the inline caches (3.11 and newer)."""
    formats = getattr(opcode, "_cache_format", None)
    if formats is None:
        return []
    found = formats.get(name) or {}
    return [[entry, size] for entry, size in found.items() if size]


def values(name, number):
    """``[[first, last, text], ...]``: what ``dis`` says of the arguments that it spells out.

    Of an argument that is an index, or where a jump leads, it has nothing to say without a program.
    """
    if jump_kind(number) or uses(number) not in ("", "compare") or name == "EXTENDED_ARG":
        return []
    if not any(spelled_out(number, argument) for argument in _TRIED):
        return []
    found = []
    for argument in range(256):
        text = spelled_out(number, argument)
        if not text and found:
            break
        if not text:
            continue
        if found and found[-1][1:] == [argument - 1, text]:
            found[-1][1] = argument
        else:
            found.append([argument, argument, text])
    return found


def spelled_out(number, argument):
    """What ``dis`` says of an argument beside the number; empty: nothing."""
    try:
        found = next(dis.get_instructions(_Code(bytes([number, argument]) + _CACHES))).argrepr
    except (IndexError, KeyError, ValueError):
        return ""  # no such argument
    return "" if found == str(argument) else found


def effects(number):
    """``[[not jumping, jumping], ...]``: what it does to the stack depth, for each of `ARGUMENTS`.

    One pair where that is the same for all.  None where it depends on more.  Before 3.8 the effect
    of a jump is the larger of the two, and not told apart: the second is None then.
    """
    arguments = ARGUMENTS if takes_argument(number) else (None,)
    try:
        found = [
            [effect(number, argument, NOT_JUMPING), effect(number, argument, JUMPING)]
            for argument in arguments
        ]
    except TypeError:
        is_jump = bool(jump_kind(number))
        larger = [effect(number, argument, {}) for argument in arguments]
        found = [[value, None if is_jump else value] for value in larger]
    return found if any(pair != found[0] for pair in found) else found[:1]


def effect(number, argument, jump):
    """``dis.stack_effect``, or None where the release cannot say; TypeError: it has no ``jump``."""
    try:
        return dis.stack_effect(number, argument, **jump)
    except (ValueError, SystemError):
        return None
