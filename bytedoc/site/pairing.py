"""Finds in two sequences what is the same, and what is the same thing changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

_T = TypeVar("_T")

#: What is less alike is not taken for the same thing changed.
_ALIKE = 0.3
#: So many pairs are not looked at one by one.
_MANY = 40_000


def aligned(
    old: Sequence[_T],
    new: Sequence[_T],
    key: Callable[[_T], object],
    name: Callable[[_T], str],
    likeness: Callable[[_T, _T], float],
) -> Iterator[tuple[_T | None, _T | None]]:
    """Pairs of what is the same or alike, in order; None beside what only one of the two has.

    Args:
        key: equal for what is the same.
        name: equal for what is the same thing, however much it changed; may be empty.
        likeness: how much alike two things without a name are, from 0 to 1.
    """
    for olds, news, is_same in _runs(old, new, key):
        if is_same:
            yield from zip(olds, news, strict=True)
            continue
        # What has no name has that of nothing else.
        for some, others, is_named in _runs(olds, news, lambda item: name(item) or object()):
            if is_named:
                yield from zip(some, others, strict=True)
            else:
                yield from _paired(some, others, name, likeness)


def _runs(
    old: Sequence[_T], new: Sequence[_T], key: Callable[[_T], object]
) -> Iterator[tuple[Sequence[_T], Sequence[_T], bool]]:
    """Runs of both, and whether their keys are equal."""
    matcher = SequenceMatcher(None, [key(item) for item in old], [key(item) for item in new], False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        yield old[old_from:old_to], new[new_from:new_to], tag == "equal"


def _paired(
    old: Sequence[_T],
    new: Sequence[_T],
    name: Callable[[_T], str],
    likeness: Callable[[_T, _T], float],
) -> Iterator[tuple[_T | None, _T | None]]:
    """Pairs of what is alike: those, in order, that are most alike in all.

    Where there is too much of it, nothing is.
    """
    if len(old) * len(new) > _MANY:
        yield from ((item, None) for item in old)
        yield from ((None, item) for item in new)
        return

    # best[i][j]: how much alike the items from i and from j on can be
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [
        [0.0 if name(before) or name(after) else likeness(before, after) for after in new]
        for before in old
    ]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            if alike[i][j] >= _ALIKE:
                best[i][j] = max(best[i][j], alike[i][j] + best[i + 1][j + 1])
    i = j = 0
    while i < len(old) and j < len(new):
        if alike[i][j] >= _ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield old[i], None
            i += 1
        else:
            yield None, new[j]
            j += 1
    yield from ((item, None) for item in old[i:])
    yield from ((None, item) for item in new[j:])


def overlap(old: Counter[str], new: Counter[str]) -> float:
    """The share of words that two texts have in common, of those in the longer one."""
    longest = max(old.total(), new.total())
    return (old & new).total() / longest if longest else 1.0
