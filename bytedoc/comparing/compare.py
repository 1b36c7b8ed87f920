"""Compares the listings of one example across releases.

Two things are asked.  Which neighbouring releases have the same bytecode (`groups`)?  Where it
differs, which instructions of the one are which of the other (`align`)?  ``differences`` says in
sentences what is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from ..answers.listings import CodeListing, Instruction, Listing
from ..release import Release
from .forms import Form, Instructions, Piece, instructions_of, whole
from .inlining import Pieces
from .steps import matches

Kind = Literal["same", "changed", "removed", "added"]
Pair = tuple[Instruction | None, Instruction | None]


# Which releases have the same bytecode -----------------------------------------------------------


class Group(NamedTuple):
    """Neighbouring releases whose bytecode of an example is the same, with their listings."""

    releases: tuple[Release, ...]
    listings: tuple[Listing, ...]


def groups(listings: Mapping[Release, Listing]) -> list[Group]:
    """The runs of neighbouring releases whose bytecode is the same, the oldest first.

    Bytecode is the same if there are the same code objects and each has the same instructions in
    the same order.  Instructions are the same if they have the same name and the same argument:

    - A jump's argument is the instruction to which it leads, however far that is, in bytes or in
      code units, forwards or from the start.
    - An index into the constants, names or variables stands for what is there.
    - Any other argument is what ``dis`` says of it (`forms.spelled`), as ``<`` of a comparison.
      If the ``dis`` of one of the releases says nothing, the numbers are compared.  Where an
      instruction has no argument, the byte for it is 0, and counts as that.

    What does not count: the numbers of opcodes, offsets, labels, inline caches, ``EXTENDED_ARG``
    (which holds a part of the argument that follows), source positions and the exception table.
    """
    found: list[tuple[list[Release], list[Listing]]] = []
    last: list[tuple[str, Sequence[Form]]] = []
    for release in sorted(listings):
        listing = listings[release]
        forms = [(code.qualname, instructions_of(whole(code)).forms) for code in listing.codes]
        if found and _equal(last, forms):
            found[-1][0].append(release)
            found[-1][1].append(listing)
        else:
            found.append(([release], [listing]))
        last = forms
    return [Group(tuple(releases), tuple(each)) for releases, each in found]


def _equal(
    old: Sequence[tuple[str, Sequence[Form]]], new: Sequence[tuple[str, Sequence[Form]]]
) -> bool:
    """Whether two releases have the same code objects with the same instructions."""
    return len(old) == len(new) and all(
        name == other
        and len(before) == len(after)
        and all(form.equals(match) for form, match in zip(before, after, strict=True))
        for (name, before), (other, after) in zip(old, new, strict=True)
    )


# Which instruction is which ----------------------------------------------------------------------


class Change(NamedTuple):
    """Instructions of the older release and what stands in their place in the newer one.

    Attributes:
        kind: ``same``: one of each, and they do the same; ``changed``: at least one of each;
            ``removed``, ``added``: only of the older, only of the newer.
        pairs: them, side by side: the rows of a table.
        by_place: whether it is only by their place that they are known to belong together.
        targets: of a jump that leads elsewhere, the names of the instructions to which it leads.
    """

    kind: Kind
    pairs: tuple[Pair, ...]
    by_place: bool = False
    targets: tuple[str, str] | None = None

    @property
    def old(self) -> list[Instruction]:
        """The instructions of the older release."""
        return [item for item, _ in self.pairs if item is not None]

    @property
    def new(self) -> list[Instruction]:
        """The instructions of the newer release."""
        return [item for _, item in self.pairs if item is not None]


class CodeComparison(NamedTuple):
    """What became of the instructions of one code object.

    Attributes:
        qualname: its name.
        kind: ``removed`` or ``added`` where only one of the releases has it.
        changes: all its instructions, in their order.
        targets: for each side, to which of its instructions each one jumps (-1: it does not), all
            counted in the order of *changes*.
        inlined: the code objects that one of the releases lacks because it has their instructions
            in this one, so that they are compared here; ``removed``: the newer release lacks it.
    """

    qualname: str
    kind: Kind
    changes: tuple[Change, ...]
    targets: tuple[tuple[int, ...], tuple[int, ...]]
    inlined: tuple[tuple[str, Kind], ...] = ()

    @property
    def sizes(self) -> tuple[int, int]:
        """How many instructions each side has."""
        return len(self.targets[0]), len(self.targets[1])


class Comparison(NamedTuple):
    """Two listings side by side, code object by code object."""

    codes: tuple[CodeComparison, ...]

    @property
    def is_same(self) -> bool:
        """Whether nothing differs."""
        return all(code.kind == "same" for code in self.codes)

    def rows(self) -> Iterator[tuple[Instruction | None, Instruction | None, Kind]]:
        """Every row: an instruction of the older release, one of the newer, and what it is."""
        for code in self.codes:
            for change in code.changes:
                for old, new in change.pairs:
                    yield old, new, change.kind


def align(old: Listing, new: Listing) -> Comparison:
    """Which instructions of an example are which in another release.

    Code objects are matched by their names.  Within them, instructions are matched by what they
    do: by role, which is what is left of a name without what it says of the manner, by argument
    and by source position.  A comprehension that the other release runs inline is compared where
    it is called.

    ``CACHE`` and ``EXTENDED_ARG``, which are parts of other instructions, are left out; every
    other instruction is in exactly one row.
    """
    partners, old_alone, new_alone = _partners(old.codes, new.codes)
    olds, news = Pieces(old.codes), Pieces(new.codes)
    old_alone = [code for code in old_alone if not olds.inline(code)]
    new_alone = [code for code in new_alone if not news.inline(code)]
    found = []
    for before, after in partners:
        guests: list[tuple[str, Kind]] = [(name, "removed") for name in olds.guests_of(before)]
        guests += [(name, "added") for name in news.guests_of(after)]
        found.append(_compared(before.qualname, olds.of(before), news.of(after), guests))
    found += [_compared(code.qualname, olds.of(code), []) for code in old_alone]
    found += [_compared(code.qualname, [], news.of(code)) for code in new_alone]
    return Comparison(tuple(found))


def _compared(
    qualname: str,
    olds: Sequence[Piece],
    news: Sequence[Piece],
    guests: Sequence[tuple[str, Kind]] = (),
) -> CodeComparison:
    """What became of the instructions of one code object; no pieces: a side does not have it."""
    old, new = instructions_of(*olds), instructions_of(*news)
    changes = _changes(old, new)
    kind: Kind = "changed"
    if not olds or not news:
        kind = "removed" if olds else "added"
    elif all(change.kind == "same" for change in changes):
        kind = "same"
    targets = tuple(form.target for form in old.forms), tuple(form.target for form in new.forms)
    return CodeComparison(qualname, kind, changes, targets, tuple(guests))


def _partners(
    old: Sequence[CodeListing], new: Sequence[CodeListing]
) -> tuple[list[tuple[CodeListing, CodeListing]], list[CodeListing], list[CodeListing]]:
    """The code objects that both sides have, by their names; then those of one side alone."""
    waiting: dict[str, list[CodeListing]] = {}
    for code in new:
        waiting.setdefault(code.qualname, []).append(code)
    both, alone = [], []
    for code in old:
        if partners := waiting.get(code.qualname):
            both.append((code, partners.pop(0)))
        else:
            alone.append(code)
    left = {id(code) for partners in waiting.values() for code in partners}
    return both, alone, [code for code in new if id(code) in left]


class _Block(NamedTuple):
    """A run of instructions of each side (from, to) that belong together.

    Attributes:
        is_sure: whether all that was matched in it does the same.
        is_alike: whether the names of some show that they belong together.
    """

    old: tuple[int, int]
    new: tuple[int, int]
    is_sure: bool = False
    is_alike: bool = False

    @property
    def has_old(self) -> bool:
        return self.old[0] < self.old[1]

    @property
    def has_new(self) -> bool:
        return self.new[0] < self.new[1]

    @property
    def is_matched(self) -> bool:
        return self.has_old and self.has_new


def _changes(old: Instructions, new: Instructions) -> tuple[Change, ...]:
    """What became of each instruction."""
    blocks = _blocks(old, new)
    landings = _landings(blocks, old, new)
    found: list[Change] = []
    for near in _neighbours(blocks, old, new):
        runs = [near] if near[0].is_sure else _runs(near, old, new)
        found += [_change(run, old, new, landings) for run in runs]
    return tuple(found)


def _blocks(old: Instructions, new: Instructions) -> list[_Block]:
    """The smallest runs of instructions that belong together, all in order."""
    found: list[_Block] = []

    def fill(to_old: int, to_new: int) -> None:
        """The instructions that have no match, up to these; those of one line together."""
        i, j = (found[-1].old[1], found[-1].new[1]) if found else (0, 0)
        while i < to_old or j < to_new:
            olds = [item.line for item in old.items[i:to_old]]
            news = [item.line for item in new.items[j:to_new]]
            takes_old = bool(olds) and (not news or olds[0] == news[0] or news[0] in olds)
            takes_new = bool(news) and (not takes_old or news[0] == olds[0])
            for number in range(i, i + _run_length(olds) if takes_old else i):
                found.append(_Block((number, number + 1), (j, j)))
                i += 1
            for number in range(j, j + _run_length(news) if takes_new else j):
                found.append(_Block((i, i), (number, number + 1)))
                j += 1

    for i, j, sure, alike in matches(old, new):
        if found and (i < found[-1].old[1] or j < found[-1].new[1]):
            last = found.pop()
            olds, news = (last.old[0], i + 1), (last.new[0], j + 1)
            found.append(_Block(olds, news, last.is_sure and sure, last.is_alike or alike))
        else:
            fill(i, j)
            found.append(_Block((i, i + 1), (j, j + 1), sure, alike))
    fill(len(old.items), len(new.items))
    return found


def _run_length(lines: Sequence[int | None]) -> int:
    """How many at the beginning are equal."""
    return next((n for n, line in enumerate(lines) if line != lines[0]), len(lines))


Landings = tuple[Sequence[int], Sequence[int]]


def _landings(blocks: Sequence[_Block], old: Instructions, new: Instructions) -> Landings:
    """For each instruction of each side, the next block at or after it that both sides have.

    Jumps that lead to the same of these do the same; what is between is told by itself.
    """
    landing = len(blocks)
    olds, news = [landing] * (len(old.items) + 1), [landing] * (len(new.items) + 1)
    for number, block in reversed(list(enumerate(blocks))):
        if block.is_matched:
            landing = number
        for index in range(*block.old):
            olds[index] = landing
        for index in range(*block.new):
            news[index] = landing
    return olds, news


def _neighbours(
    blocks: Sequence[_Block], old: Instructions, new: Instructions
) -> Iterator[list[_Block]]:
    """Each block that is sure by itself, and the others with those beside them on their line.

    Instructions without a line are of the line of those beside them on their own side.
    """
    found: list[_Block] = []
    lines: set[int] = set()
    for block in blocks:
        items = (*old.items[slice(*block.old)], *new.items[slice(*block.new)])
        own = {item.line for item in items if item.line is not None}
        if block.is_sure or (found and not _is_near(found, lines, block, own)):
            if found:
                yield found
            found, lines = [], set()
        if block.is_sure:
            yield [block]
        else:
            found.append(block)
            lines |= own
    if found:
        yield found


def _is_near(found: Sequence[_Block], lines: set[int], block: _Block, own: set[int]) -> bool:
    """Whether a block belongs to the line, or the side, of those before it."""
    if own and lines:
        return not own.isdisjoint(lines)
    return not all(_sides([*found, block]))


def _runs(loose: Sequence[_Block], old: Instructions, new: Instructions) -> list[list[_Block]]:
    """What is told together of neighbouring blocks, of which none is sure.

    Between two matches, what is on both sides is told together.  What is on one side alone is told
    with the match after it, or else before it.
    """
    runs: list[list[_Block]] = [[]]
    for block in loose:
        if block.is_matched:
            if all(_sides(runs[-1])):
                runs.append([])
            runs[-1].append(block)
            runs.append([])
        else:
            runs[-1].append(block)
    if len(runs) > 1 and not all(_sides(runs[-1])):
        runs[-2:] = [runs[-2] + runs[-1]]
    return [part for run in runs for part in _apart(run, old, new)]


def _apart(run: list[_Block], old: Instructions, new: Instructions) -> list[list[_Block]]:
    """A run, or its parts where an instruction stays and others of one side are beside it."""
    for number, block in enumerate(run):
        if block.is_matched:
            form, match = old.forms[block.old[0]], new.forms[block.new[0]]
            before, after = run[:number], run[number + 1 :]
            if form.name == match.name and not form.argument and not all(_sides(before + after)):
                return [part for part in (before, [block], after) if part]
    return [run] if run else []


def _sides(blocks: Sequence[_Block]) -> tuple[bool, bool]:
    """Whether blocks have instructions of the older release, and of the newer."""
    return any(block.has_old for block in blocks), any(block.has_new for block in blocks)


def _change(
    run: Sequence[_Block], old: Instructions, new: Instructions, landings: Landings
) -> Change:
    """The change that blocks are together."""
    olds = [item for block in run for item in old.items[slice(*block.old)]]
    news = [item for block in run for item in new.items[slice(*block.new)]]
    pairs = tuple(zip_longest(olds, news))
    if not news:
        return Change("removed", pairs)
    if not olds:
        return Change("added", pairs)
    by_place = not any(block.is_alike for block in run)
    form, match = old.forms[run[0].old[0]], new.forms[run[0].new[0]]
    jumps = form.target >= 0, match.target >= 0
    if len(pairs) > 1 or form.name != match.name or jumps[0] != jumps[1]:
        return Change("changed", pairs, by_place)
    if not jumps[0]:
        return Change("same" if form.has_argument_of(match) else "changed", pairs)
    if landings[0][form.target] == landings[1][match.target]:
        return Change("same", pairs)
    targets = old.name_at(form.target), new.name_at(match.target)
    return Change("changed", pairs, targets=targets)
