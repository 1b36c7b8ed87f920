"""Marks what differs in two blocks: lines of code and listings, words of prose and tables.

What is only in the old one becomes ``<del>``, what is only in the new one ``<ins>``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from lxml import html
from lxml.html import HtmlElement

from .blocks import Block
from .pairing import aligned, overlap

_WORD = re.compile(r"\w+(?:[.'-]\w+)*|[^\w\s]")
#: Elements that are blocks within a block.
_BLOCKS = frozenset(
    (
        *(
            "p",
            "ul",
            "ol",
            "li",
            "dl",
            "dt",
            "dd",
            "table",
            "caption",
            "colgroup",
            "thead",
            "tbody",
        ),
        *("tfoot", "tr", "pre", "div", "section", "blockquote", "figure", "figcaption", "details"),
        *("summary", "aside", "h1", "h2", "h3", "h4", "h5", "h6"),
    )
)


class Slot(NamedTuple):
    """A piece of text: what stands at the beginning of an element, or after it."""

    element: HtmlElement
    is_tail: bool
    text: str


@dataclass(frozen=True, eq=False)
class Unit:
    """What is compared within a block: a paragraph, an item, a row, preformatted text.

    Attributes:
        text: its text.
        slots: the pieces of text; none for preformatted text.
        preformatted: the element of preformatted text.
        title: what a row of a table is known by.
    """

    text: str
    slots: tuple[Slot, ...] = ()
    preformatted: HtmlElement | None = None
    title: str = ""

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word is in it."""
        return Counter(self.text.split())


def marked(old: Block, new: Block) -> tuple[HtmlElement, HtmlElement, bool]:
    """Copies of two blocks with marks, and whether there are any."""
    left, right = deepcopy(old.element), deepcopy(new.element)
    olds, news = list(units(left)), list(units(right))
    any_marks = False
    pairs = aligned(olds, news, attrgetter("text"), attrgetter("title"), _likeness)
    for before, after in pairs:
        if before is None or after is None:
            unit, tag = (before, "del") if after is None else (after, "ins")
            assert unit is not None
            mark_all(unit, tag)
            any_marks = True
        elif before.text != after.text:
            any_marks |= mark(before, after, old.instructions, new.instructions)
    return left, right, any_marks


def _likeness(old: Unit, new: Unit) -> float:
    if (old.preformatted is None) != (new.preformatted is None):
        return 0.0
    if old.preformatted is not None:
        return 1.0
    return overlap(old.words, new.words)


# -- the parts of a block -------------------------------------------------------------------------


def units(element: HtmlElement) -> Iterator[Unit]:
    """What is compared within a block, in order."""
    if element.tag == "pre":
        yield Unit(element.text_content(), preformatted=element)
        return
    if element.tag == "tr":
        yield from _unit(list(_slots(element)), title=_title(element))
        return
    found = list(_slot(element, element.text))
    for child in element:
        if child.tag in _BLOCKS:
            yield from _unit(found)
            found = []
            yield from units(child)
        elif not _names_release(child):
            found += _slots(child)
        found += _slot(child, child.tail, is_tail=True)
    yield from _unit(found)


def _unit(slots: Sequence[Slot], title: str = "") -> Iterator[Unit]:
    """A unit of some text, if it is not blank."""
    text = " ".join(" ".join(slot.text for slot in slots).split())
    if text:
        yield Unit(text, tuple(slots), title=title)


def _slots(element: HtmlElement) -> Iterator[Slot]:
    """All text in an element."""
    yield from _slot(element, element.text)
    for child in element:
        yield from _slots(child)
        yield from _slot(child, child.tail, is_tail=True)


def _slot(element: HtmlElement, text: str | None, *, is_tail: bool = False) -> Iterator[Slot]:
    """A piece of text, if there is one."""
    if text:
        yield Slot(element, is_tail, text)


def _title(row: HtmlElement) -> str:
    """What a row is known by: its first cell, unless that is a number, such as an offset."""
    title = " ".join(row[0].text_content().split()) if len(row) > 1 else ""
    return "" if title.isdigit() else title


def _names_release(element: HtmlElement) -> bool:
    """Whether an element is the version in a caption, which differs in every guide."""
    return "bytedoc-release" in element.get("class", "").split()


# -- marks ----------------------------------------------------------------------------------------


def mark(old: Unit, new: Unit, old_does: Mapping[str, str], new_does: Mapping[str, str]) -> bool:
    """Mark what differs in two units; whether anything does but spaces and where lines stand."""
    if old.preformatted is not None and new.preformatted is not None:
        olds, news = old.text.split("\n"), new.text.split("\n")
        removed, added = _different(
            [old_does.get(line, line) for line in olds], [new_does.get(line, line) for line in news]
        )
        is_marked = mark_lines(old.preformatted, removed, "del")
        return mark_lines(new.preformatted, added, "ins") or is_marked
    old_words, new_words = _words(old), _words(new)
    removed, added = _different(
        [word for word, _, _ in old_words], [word for word, _, _ in new_words], gap=1
    )
    mark_text(old.slots, _ranges(old_words, removed), "del")
    mark_text(new.slots, _ranges(new_words, added), "ins")
    return bool(removed)


def mark_all(unit: Unit, tag: str) -> None:
    """Mark a whole unit."""
    if unit.preformatted is not None:
        mark_lines(unit.preformatted, [(0, unit.text.count("\n") + 1)], tag)
    else:
        words = _words(unit)
        mark_text(unit.slots, _ranges(words, [(0, len(words))]), tag)


def _different(
    old: Sequence[str], new: Sequence[str], gap: int = 0
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Ranges (from, to) of what only the one has, and of what only the other has.

    *gap*: so many that are the same between others that are not are taken for different as well.
    """
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    removed: list[tuple[int, int]] = []
    added: list[tuple[int, int]] = []
    for number, (tag, old_from, old_to, new_from, new_to) in enumerate(opcodes):
        is_between = 0 < number < len(opcodes) - 1
        if tag == "equal" and not (is_between and old_to - old_from <= gap):
            continue
        removed.append((old_from, old_to))
        added.append((new_from, new_to))
    return removed, added


def _words(unit: Unit) -> list[tuple[str, int, int]]:
    """The words of a unit, and where each begins and ends in its text."""
    found: list[tuple[str, int, int]] = []
    position = 0
    for slot in unit.slots:
        for match in _WORD.finditer(slot.text):
            start, end = match.span()
            found.append((match[0], position + start, position + end))
        position += len(slot.text)
    return found


def _ranges(
    words: Sequence[tuple[str, int, int]], numbers: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Where ranges of words begin and end in the text; neighbours are joined."""
    found: list[tuple[int, int]] = []
    last = -1
    for start, end in numbers:
        if start == end:
            continue
        begin = words[start][1]
        if found and last == start:
            begin = found.pop()[0]
        found.append((begin, words[end - 1][2]))
        last = end
    return found


def mark_text(slots: Sequence[Slot], ranges: Sequence[tuple[int, int]], tag: str) -> None:
    """Mark ranges of the text that slots hold together."""
    position = 0
    pieces: list[tuple[Slot, list[tuple[int, int]]]] = []
    for slot in slots:
        end = position + len(slot.text)
        own = [
            (start, stop)
            for first, last in ranges
            if slot.text[
                (start := max(first - position, 0)) : (stop := max(last - position, 0))
            ].strip()
        ]
        if own:
            pieces.append((slot, own))
        position = end
    for slot, own in pieces:
        _mark_slot(slot, own, tag)


def _mark_slot(slot: Slot, ranges: Sequence[tuple[int, int]], tag: str) -> None:
    """Mark ranges of one piece of text."""
    text = slot.text
    first, *_ = ranges
    kept = text[: first[0]]
    made = []
    for number, (start, end) in enumerate(ranges):
        found = html.Element(tag, {"class": "bytedoc-word"})
        found.text = text[start:end]
        found.tail = text[end : ranges[number + 1][0] if number + 1 < len(ranges) else None]
        made.append(found)
    if slot.is_tail:
        parent = slot.element.getparent()
        assert parent is not None
        place = parent.index(slot.element) + 1
        slot.element.tail = kept
    else:
        parent, place = slot.element, 0
        slot.element.text = kept
    parent[place:place] = made


# -- lines ----------------------------------------------------------------------------------------


def mark_lines(element: HtmlElement, ranges: Sequence[tuple[int, int]], tag: str) -> bool:
    """Mark lines of preformatted text, but for blank ones; whether there are any.

    An element that goes on over several lines is divided.
    """
    shown = element.text_content().split("\n")
    marked = {
        number for start, end in ranges for number in range(start, end) if shown[number].strip()
    }
    if not marked:
        return False
    lines = _lines(element)
    del element[:]
    element.text = None
    for number, line in enumerate(lines):
        if number:
            _append(element, "\n")
        place = element
        if number in marked:
            place = html.Element(tag, {"class": "bytedoc-line"})
            element.append(place)
        for item in line:
            _append(place, item)
    return True


def _lines(element: HtmlElement) -> list[list[str | HtmlElement]]:
    """The content of an element, line by line; the elements are taken from it or are copies."""
    found: list[list[str | HtmlElement]] = [[]]

    def add_text(text: str | None) -> None:
        first, *others = (text or "").split("\n")
        if first:
            found[-1].append(first)
        found.extend([other] if other else [] for other in others)

    add_text(element.text)
    for child in list(element):
        tail, child.tail = child.tail, None
        if "\n" not in child.text_content():
            found[-1].append(child)
        else:
            first, *others = _lines(child)
            found[-1].append(_like(child, first))
            found.extend([_like(child, line)] if line else [] for line in others)
        add_text(tail)
    return found


def _like(element: HtmlElement, line: Sequence[str | HtmlElement]) -> HtmlElement:
    """An element as another, with the content of one line."""
    found = html.Element(element.tag, dict(element.attrib))
    for item in line:
        _append(found, item)
    return found


def _append(parent: HtmlElement, item: str | HtmlElement) -> None:
    """Add text or an element to the content of an element."""
    if not isinstance(item, str):
        parent.append(item)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + item
    else:
        parent.text = (parent.text or "") + item
