"""Says in plain sentences what `compare` found: equal differences once, with how many they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from ..answers.listings import Instruction
from ..release import Release
from .compare import Change, CodeComparison, Comparison
from .forms import spelled

#: So many names are listed; of more, the first and the last are said.
_MOST_NAMES = 4
#: So many different arguments of an instruction are listed.
_MOST_ARGUMENTS = 3
#: Longer arguments are not shown beside a name.
_LONGEST_ARGUMENT = 40
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Word(NamedTuple):
    """A part of a sentence: ``text``, the name of an instruction (``op``) or other ``code``."""

    text: str
    kind: Literal["text", "op", "code"] = "text"


class Sentence(NamedTuple):
    """A difference, in words."""

    words: tuple[Word, ...]

    def __str__(self) -> str:
        return "".join(
            f"`{word.text}`" if word.kind != "text" else word.text for word in self.words
        )


def sentences(comparison: Comparison, old: Release, new: Release) -> list[Sentence]:
    """What differs between two releases: code objects first, then instructions in their order."""
    about_codes = Counter(
        words for code in comparison.codes for words in _about_code(code, str(old), str(new))
    )
    teller = _Teller()
    for code in comparison.codes:
        if code.kind == "changed":
            teller.read(code)
    found = [_sentence(*words, _times(count)) for words, count in about_codes.items()]
    return found + list(teller.tell())


def _about_code(code: CodeComparison, old: str, new: str) -> Iterator[tuple[str | Word, ...]]:
    """Whether a code object is there in one release only, and where its instructions are."""
    name = Word(code.qualname, "code")
    for guest, kind in code.inlined:
        lacking = new if kind == "removed" else old
        inner = Word(guest, "code")
        yield (f"In {lacking} ", inner, " is no code object of its own: it runs within ", name)
    if code.kind in ("removed", "added"):
        having, lacking = (old, new) if code.kind == "removed" else (new, old)
        count = max(code.sizes)
        yield f"{having} has the code object ", name, f" ({count} instructions), {lacking} has not"


class _Item(NamedTuple):
    """An instruction in a sentence, with its argument where that says which one is meant."""

    name: str
    argument: str = ""


_Items = tuple[_Item, ...]


class _Fact(NamedTuple):
    """A difference.

    Attributes:
        detail: what it is about an argument.
    """

    kind: Literal["removed", "added", "moved", "became", "place", "leads", "argument"]
    old: _Items = ()
    new: _Items = ()
    detail: str = ""


class _Case(NamedTuple):
    """Where a difference is, and its arguments.

    Attributes:
        neighbours: the names of the instructions beside it; empty at the start, which is where
            nothing before it is the same, and at the end.
        arguments: those of its first instructions.
    """

    neighbours: tuple[str, str]
    arguments: tuple[str, str]


class _Teller:
    """Collects the differences of all code objects, and tells equal ones together."""

    def __init__(self) -> None:
        self._cases: dict[_Fact, list[_Case]] = {}
        self._names: tuple[Counter[str], Counter[str]] = (Counter(), Counter())

    def read(self, code: CodeComparison) -> None:
        """Note the differences in a code object."""
        names = tuple(
            [[item.opname for item in each] for each in side]
            for side in (
                [change.old for change in code.changes],
                [change.new for change in code.changes],
            )
        )
        for counter, side in zip(self._names, names, strict=True):
            counter.update(name for each in side for name in each)
        kinds = [change.kind for change in code.changes]
        first = kinds.index("same") if "same" in kinds else len(kinds)
        moved = _moved(code.changes)
        for number, change in enumerate(code.changes):
            if change.kind == "same" or (number in moved and change.kind == "removed"):
                continue
            fact, arguments = _fact(change)
            if number in moved:
                fact = fact._replace(kind="moved")
            before, after = _beside(names[0 if change.kind == "removed" else 1], number)
            neighbours = ("" if number < first else before, after)
            self._cases.setdefault(fact, []).append(_Case(neighbours, arguments))

    def tell(self) -> Iterator[Sentence]:
        """The sentences."""
        tellers = {
            "removed": self._removed,
            "added": self._added,
            "moved": self._moved,
            "became": self._became,
            "place": self._place,
            "leads": self._leads,
            "argument": self._argument,
        }
        told: Counter[tuple[str | Word, ...]] = Counter()  # long lists of names may read the same
        for fact, cases in self._cases.items():
            for some in self._apart(cases) if fact.kind == "added" else [cases]:
                told[tuple(tellers[fact.kind](fact, some))] += len(some)
        for words, count in told.items():
            yield _sentence(*words, _times(count))

    def _apart(self, cases: list[_Case]) -> list[list[_Case]]:
        """What is at the start and what is not, if no place is common to both."""
        first = [case for case in cases if not case.neighbours[0]]
        others = [case for case in cases if case.neighbours[0]]
        return [first, others] if first and others and not self._where(cases, 1) else [cases]

    def _removed(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        which, where = fact.old, list[str | Word]()
        if any(item.name in self._names[1] for item in fact.old):  # it is not gone altogether
            which = _with_argument(fact.old, [case.arguments[0] for case in cases])
            where = [] if which != fact.old else self._where(cases, 0)
        return [*_listed(which), *where, _is(fact.old), "gone"]

    def _added(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        which = fact.new
        if any(item.name in self._names[0] for item in fact.new):
            which = _with_argument(fact.new, [case.arguments[1] for case in cases])
        return [*_listed(which), _is(fact.new), "new", *self._where(cases, 1)]

    def _moved(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        which = fact.new
        if any(self._names[1][item.name] > len(cases) for item in fact.new):
            which = _with_argument(fact.new, [case.arguments[1] for case in cases])
        where = self._where(cases, 1)
        if len(where) == 1:
            where = [str(where[0]).replace(" at ", " to ")]
        return [*_listed(which), " moved", *where]

    def _became(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        return [*_listed(fact.old), " became ", *_listed(fact.new)]

    def _place(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        there = " there is " if len(fact.new) == 1 else " there are "
        return ["In place of ", *_listed(fact.old), there, *_listed(fact.new)]

    def _leads(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        jump, before = fact.old
        (after,) = fact.new
        if not (before.name and after.name):
            return [*_listed((jump,)), " leads to another place"]
        return [
            *_listed((jump,)),
            " leads to ",
            *_listed((after,)),
            " instead of ",
            *_listed((before,)),
        ]

    def _argument(self, fact: _Fact, cases: list[_Case]) -> list[str | Word]:
        name = _listed(fact.old)
        if fact.detail:
            return [*name, " ", fact.detail]
        pairs = list(dict.fromkeys(case.arguments for case in cases))
        words: list[str | Word] = ["The argument of ", *name, " is "]
        for number, (before, after) in enumerate(pairs[:_MOST_ARGUMENTS]):
            words += [", " if number else "", Word(after, "code"), " instead of "]
            words.append(Word(before, "code"))
        if len(pairs) > _MOST_ARGUMENTS:
            words.append(" and so on")
        return words

    def _where(self, cases: Sequence[_Case], side: int) -> list[str | Word]:
        """The place that all have in common, if there is one, in words."""
        ahead = Counter(case.neighbours[0] for case in cases)
        behind = Counter(case.neighbours[1] for case in cases)
        if list(ahead) == [""]:
            return [" at the start"]
        if list(behind) == [""]:
            return [" at the end"]
        # the names that are fewer, and of these the rarer ones, say more
        word, names = min(
            ((" after ", ahead), (" before ", behind)),
            key=lambda each: (len(each[1]), sum(self._names[side][name] for name in each[1])),
        )
        if len(names) > 2 or "" in names:
            return []
        items = tuple(_Item(name) for name in names)
        return [word, *_listed(items, " or ")]


def _fact(change: Change) -> tuple[_Fact, tuple[str, str]]:
    """What a change is, and the arguments of its first instructions."""
    olds, news = change.old, change.new
    arguments = (_argument(olds[0]) if olds else "", _argument(news[0]) if news else "")
    old = tuple(_Item(item.opname) for item in olds)
    new = tuple(_Item(item.opname) for item in news)
    if change.kind == "removed":
        return _Fact("removed", old), arguments
    if change.kind == "added":
        return _Fact("added", (), new), arguments
    if old == new and len(old) == 1:
        if change.targets:
            before, after = change.targets
            if before == after:
                before = after = ""
            return _Fact("leads", (*old, _Item(before)), (_Item(after),)), arguments
        detail, *shown = _about_argument(olds[0], news[0])
        return _Fact("argument", old, (), detail), (shown[0], shown[1])
    common = {item.name for item in old} & {item.name for item in new}
    kind: Literal["place", "became"] = "place" if change.by_place else "became"
    return _Fact(kind, _spelled_out(olds, common), _spelled_out(news, common)), arguments


def _spelled_out(items: Iterable[Instruction], common: set[str]) -> _Items:
    """Instructions with their arguments, where the name alone does not say what they do.

    It does not if it is on both sides, or if the argument is what chooses the operation.
    """
    found = []
    for item in items:
        telling = item.opname in common or item.opname.endswith("_OP")
        telling = telling or item.opname.startswith("CALL_INTRINSIC")
        shown = _argument(item) if telling and item.argrepr and item.target is None else ""
        found.append(_Item(item.opname, shown if len(shown) <= _LONGEST_ARGUMENT else ""))
    return tuple(found)


def _argument(item: Instruction) -> str:
    """An argument as it is shown."""
    if item.target is not None:
        return ""
    return spelled(item.argrepr)[0] or ("" if item.arg is None else str(item.arg))


def _about_argument(old: Instruction, new: Instruction) -> tuple[str, str, str]:
    """What is different about the arguments of two instructions with the same name.

    Nothing, if it is the arguments that differ; then these.
    """
    (before, old_null), (after, new_null) = spelled(old.argrepr), spelled(new.argrepr)
    if old.target is not None or new.target is not None:
        return ("has another argument", "", "")
    if before and before == after:
        if not old_null:
            return ("pushes a NULL, too", "", "")
        if not new_null:
            return ("pushes no NULL any more", "", "")
    if old.arg is None:
        return ("has an argument now", "", "")
    if new.arg is None:
        return ("has no argument any more", "", "")
    if before and after:
        return ("", before, after)
    return ("", str(old.arg), str(new.arg))


def _beside(names: Sequence[Sequence[str]], number: int) -> tuple[str, str]:
    """The names before and after a change on its side; empty at the start and at the end."""
    before = next((names[n][-1] for n in range(number - 1, -1, -1) if names[n]), "")
    after = next((names[n][0] for n in range(number + 1, len(names)) if names[n]), "")
    return before, after


def _moved(changes: Sequence[Change]) -> set[int]:
    """The numbers of the changes that are there on both sides, but in another place."""
    removed: dict[object, list[int]] = {}
    for number, change in enumerate(changes):
        if change.kind == "removed":
            removed.setdefault(_content(change.old), []).append(number)
    found: set[int] = set()
    for number, change in enumerate(changes):
        if change.kind == "added" and (partners := removed.get(_content(change.new))):
            found |= {partners.pop(0), number}
    return found


def _content(items: Iterable[Instruction]) -> object:
    """What instructions do, as far as it does not depend on their place."""
    return tuple((item.opname, _argument(item) or "0") for item in items)


def _with_argument(items: _Items, arguments: Sequence[str]) -> _Items:
    """An instruction with its argument, if that is short and always the same."""
    shown = arguments[0]
    if len(items) > 1 or not shown or len(shown) > _LONGEST_ARGUMENT or len({*arguments}) > 1:
        return items
    return (_Item(items[0].name, shown),)


def _listed(items: _Items, last: str = " and ") -> list[str | Word]:
    """Instructions, one after the other; equal neighbours once, with their number."""
    runs: list[tuple[_Item, int]] = []
    for item in items:
        if runs and runs[-1][0] == item:
            runs[-1] = (item, runs[-1][1] + 1)
        else:
            runs.append((item, 1))
    if len(runs) > _MOST_NAMES:
        ends = Word(items[0].name, "op"), Word(items[-1].name, "op")
        return [f"{_number(len(items))} instructions from ", ends[0], " to ", ends[1]]
    found: list[str | Word] = []
    for number, (item, times) in enumerate(runs):
        if number:
            found.append(last if number == len(runs) - 1 else ", ")
        if times > 1:
            found.append(f"{_number(times)} ")
        found.append(Word(item.name, "op"))
        if item.argument:
            found += [" with ", Word(item.argument, "code")]
    return found


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _is(items: _Items) -> str:
    return " is " if len(items) == 1 else " are "


def _times(count: int) -> str:
    return {1: "", 2: " (twice)"}.get(count, f" ({_number(count)} times)")


def _sentence(*words: str | Word) -> Sentence:
    """A sentence of words; neighbouring text is joined, its first letter is a capital."""
    found: list[Word] = []
    for word in (*words, "."):
        if isinstance(word, Word):
            found.append(word)
        elif found and found[-1].kind == "text":
            found[-1] = Word(found[-1].text + word)
        elif word:
            found.append(Word(word))
    if found[0].kind == "text":
        found[0] = Word(found[0].text[0].upper() + found[0].text[1:])
    return Sentence(tuple(found))
