"""Which instructions of two releases are the same ones, by what they do.

An instruction is a step or, as ``LOAD_FAST_LOAD_FAST``, several.  Steps are matched by role,
argument and place in the source.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from .forms import Instructions

#: Words in names that say how and not what it is done, and words that others replaced.
#: From the table of replaced opcodes in What's New In Python 3.11 and, for ``LOAD_METHOD`` (3.12),
#: ``LOAD_FAST_CHECK`` (3.12) and ``LOAD_FAST_BORROW`` (3.14), from the documentation of ``dis``.
_WORDS = {
    "ABSOLUTE": "",
    "BACKWARD": "",
    "BORROW": "",
    "CHECK": "",
    "FORWARD": "",
    "INTERRUPT": "",
    "NO": "",
    "DUP": "COPY",
    "ROT": "SWAP",
    "INPLACE": "BINARY",
    "METHOD": "ATTR",
}
#: Instructions that do what others did, or do, one after the other.  From What's New In Python
#: 3.11 (calls, exceptions, ``yield from``), 3.12 (jumps, slices, ``RETURN_CONST``) and 3.14
#: (constants).
_STEPS = {
    "CALL_FUNCTION": ("PRECALL", "CALL"),
    "CALL_FUNCTION_KW": ("PRECALL", "CALL"),
    "CALL_METHOD": ("PRECALL", "CALL"),
    "CALL_KW": ("CALL",),
    "KW_NAMES": ("LOAD_CONST",),
    "JUMP_IF_NOT_EXC_MATCH": ("CHECK_EXC_MATCH", "POP_JUMP_IF_FALSE"),
    "YIELD_FROM": ("SEND", "YIELD_VALUE", "RESUME", "JUMP_BACKWARD_NO_INTERRUPT"),
    "JUMP_IF_FALSE_OR_POP": ("COPY", "POP_JUMP_IF_FALSE", "POP_TOP"),
    "JUMP_IF_TRUE_OR_POP": ("COPY", "POP_JUMP_IF_TRUE", "POP_TOP"),
    "RETURN_CONST": ("LOAD_CONST", "RETURN_VALUE"),
    "BINARY_SLICE": ("BUILD_SLICE", "BINARY_SUBSCR"),
    "STORE_SLICE": ("BUILD_SLICE", "STORE_SUBSCR"),
    "LOAD_ASSERTION_ERROR": ("LOAD_CONST",),
    "LOAD_COMMON_CONSTANT": ("LOAD_CONST",),
    "LOAD_SMALL_INT": ("LOAD_CONST",),
}
#: Arguments of ``COMPARE_OP``, and the instructions that 3.9 has instead.  From its What's New.
_COMPARISONS = {
    "is": "IS_OP",
    "is not": "IS_OP",
    "in": "CONTAINS_OP",
    "not in": "CONTAINS_OP",
    "exception match": "CHECK_EXC_MATCH",
}
#: What begins another instruction within a name.
_VERBS = ("_LOAD_", "_STORE_")
#: What the arguments of ``CALL_INTRINSIC_1`` begin with; the rest was a name before 3.12.
_INTRINSIC = "INTRINSIC_"

#: What two steps must have in common to be taken for the same one.
_ENOUGH = 25
#: What two roles must have in common to say that one became the other.
_ALIKE = 20
#: Where there are more pairs of steps to look at, halves are compared with halves.
_MOST_PAIRS = 250_000


class Match(NamedTuple):
    """Two instructions (their numbers) that have a step in common.

    Attributes:
        old: the one of the older release.
        new: the one of the newer release.
        is_sure: whether it is the same step, if by another name.
        is_alike: whether at least the names show that they belong together.
    """

    old: int
    new: int
    is_sure: bool
    is_alike: bool


class _Step(NamedTuple):
    """A step of an instruction: what it does, with what, of which place in the source.

    Attributes:
        way: 1 if it jumps forwards, -1 if backwards, 0 if it does not jump.
        number: the argument as a number.
        owner: the number of the instruction.
    """

    role: str
    argument: str
    line: int | None
    way: int
    columns: Sequence[int | None] | None
    number: int
    owner: int


_Pair = tuple[int, int]


def matches(old: Instructions, new: Instructions) -> list[Match]:
    """The steps that two releases have in common, none crossing another."""
    before, after = _steps(old), _steps(new)
    found: list[Match] = []
    for one, other in _pairs(before, after):
        step, match = before[one], after[other]
        sure = _is_sure(step, match)
        alike = sure or _likeness(step.role, match.role) >= _ALIKE
        found.append(Match(step.owner, match.owner, sure, alike))
    return found


@lru_cache(maxsize=1024)
def roles_of(name: str) -> tuple[str, ...]:
    """What an instruction does, step by step; the same for one that has another name for it."""
    if name in _STEPS:
        return tuple(role for step in _STEPS[name] for role in roles_of(step))
    for verb in _VERBS:
        first, found, rest = name.partition(verb)
        if found:
            return (*roles_of(first), *roles_of(verb[1:] + rest))
    words = [_WORDS.get(word, word) for word in name.split("_")]
    if words[0] == "BINARY":
        return ("BINARY",)  # which operation it is stands in the name, or in the argument
    return ("_".join(filter(None, words)),)


def _steps(instructions: Instructions) -> list[_Step]:
    """The steps of all instructions."""
    found = []
    for index, (item, form) in enumerate(zip(*instructions, strict=True)):
        name, argument = form.name, form.argument
        roles = roles_of(name)
        arguments: tuple[str, ...] = (argument,)
        if name == "LOAD_SMALL_INT":
            arguments = (str(form.number),)
        elif name == "COMPARE_OP" and argument in _COMPARISONS:
            roles, arguments = roles_of(_COMPARISONS[argument]), ("",)
        elif argument.startswith(_INTRINSIC):
            roles, arguments = (argument.removeprefix(_INTRINSIC),), ("",)
        elif len(roles) > 1:
            arguments = (argument,) * len(roles)
            if name not in _STEPS and argument.count(", ") == len(roles) - 1:
                arguments = tuple(argument.split(", "))
        way = 0 if form.target < 0 else 1 if form.target > index else -1
        for role, part in zip(roles, arguments, strict=True):
            found.append(_Step(role, part, item.line, way, item.positions, form.number, index))
    return found


@lru_cache(maxsize=8192)
def _likeness(old: str, new: str) -> int:
    """How much two roles have in common, from 0 to 60; above 10 they begin with the same word."""
    if old == new:
        return 60
    before, after = old.split("_"), new.split("_")
    common, both = set(before) & set(after), set(before) | set(after)
    if before[0] == after[0]:
        return 11 + 29 * len(common) // len(both)
    return 10 * len(common) // len(both)


def _score(old: _Step, new: _Step) -> int:
    """How likely two steps are the same one, by role, argument and place in the source."""
    score = _likeness(old.role, new.role)
    if score > 10 and old.argument and new.argument:
        score += 25 if old.argument == new.argument else -15
    if old.line == new.line:
        score += 15
    elif old.line is not None and new.line is not None:
        score -= 20
    if old.way and new.way:
        score += 8 if old.way == new.way else -8
    if old.columns and new.columns:
        score += 10 if old.columns == new.columns else -5
    return score if score > _ENOUGH else 0


def _is_sure(old: _Step, new: _Step) -> bool:
    """Whether two steps that were matched do the same, if by another name."""
    if old.argument and new.argument:
        return old.argument == new.argument
    if old.role != new.role or old.way * new.way < 0:
        return False
    # What builds something of another number of values needs other instructions before it.
    return old.number == new.number or not old.role.startswith("BUILD_")


def _pairs(old: list[_Step], new: list[_Step]) -> list[_Pair]:
    """The pairs of steps (their numbers) that are the same ones, in their order."""
    found: list[_Pair] = []
    low_old = low_new = 0
    for anchor in (*_anchors(old, new), (len(old), len(new))):
        found += _best(old, new, (low_old, anchor[0]), (low_new, anchor[1]))
        if anchor[0] < len(old):
            found.append(anchor)
        low_old, low_new = anchor[0] + 1, anchor[1] + 1
    return found


def _anchors(old: list[_Step], new: list[_Step]) -> list[_Pair]:
    """The pairs that can hardly be others: the only ones of that kind, in the same order.

    As in "patience diff": the longest increasing sequence of what is unique on both sides.
    """
    before, after = _unique(old), _unique(new)
    pairs = sorted((number, after[key]) for key, number in before.items() if key in after)
    ends: list[int] = []  # for each length, the lowest end of an increasing sequence
    tails: list[int] = []  # ... and the number of its last pair
    previous: list[int] = []
    for number, (_, end) in enumerate(pairs):
        length = bisect_left(ends, end)
        previous.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [end]
        tails[length : length + 1] = [number]
    found: list[_Pair] = []
    number = tails[-1] if tails else -1
    while number >= 0:
        found.append(pairs[number])
        number = previous[number]
    found.reverse()
    return found


def _unique(steps: list[_Step]) -> dict[tuple[str, str, int | None], int]:
    """The numbers of the steps of which there is only one on a line."""
    found: dict[tuple[str, str, int | None], int] = {}
    for number, (role, argument, line, *_) in enumerate(steps):
        if argument:
            key = (role, argument, line)
            found[key] = -1 if key in found else number
    return {key: number for key, number in found.items() if number >= 0}


def _best(old: list[_Step], new: list[_Step], olds: _Pair, news: _Pair) -> list[_Pair]:
    """The pairs with the highest sum of scores, in a part (from, to) of the steps."""
    (low_old, high_old), (low_new, high_new) = olds, news
    head: list[_Pair] = []
    tail: list[_Pair] = []
    while low_old < high_old and low_new < high_new and old[low_old][:4] == new[low_new][:4]:
        head.append((low_old, low_new))
        low_old, low_new = low_old + 1, low_new + 1
    while (
        low_old < high_old and low_new < high_new and old[high_old - 1][:4] == new[high_new - 1][:4]
    ):
        high_old, high_new = high_old - 1, high_new - 1
        tail.append((high_old, high_new))
    tail.reverse()
    height, width = high_old - low_old, high_new - low_new
    if not height or not width:
        return head + tail
    if height * width > _MOST_PAIRS:
        middle, other = low_old + height // 2, low_new + width // 2
        head += _best(old, new, (low_old, middle), (low_new, other))
        return head + _best(old, new, (middle, high_old), (other, high_new)) + tail
    scores = [
        [_score(one, other) for other in new[low_new:high_new]] for one in old[low_old:high_old]
    ]
    sums = [[0] * (width + 1)]  # the highest sum for the steps from i on and from j on; last first
    for row in reversed(scores):
        below = sums[-1]
        best = [0] * (width + 1)
        right = 0
        for j in range(width - 1, -1, -1):
            highest = below[j]
            if row[j] and row[j] + below[j + 1] > highest:
                highest = row[j] + below[j + 1]
            right = best[j] = max(highest, right)
        sums.append(best)
    sums.reverse()
    i = j = 0
    while i < height and j < width:
        if scores[i][j] and sums[i][j] == scores[i][j] + sums[i + 1][j + 1]:
            head.append((low_old + i, low_new + j))
            i, j = i + 1, j + 1
        elif sums[i][j] == sums[i + 1][j]:
            i += 1
        else:
            j += 1
    return head + tail
