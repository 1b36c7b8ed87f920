"""Compares a page in the guides of two releases, block by block.

Blocks are the same if they read the same: addresses, anchors and the version of the interpreter in
a caption are different in every guide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, NamedTuple

from markupsafe import Markup

from ..nodes import template
from .blocks import Block, serialised
from .marks import marked
from .pairing import aligned, overlap


class Row(NamedTuple):
    """A block of the old page, of the new one, or of both.

    Attributes:
        kind: what became of it.
        left: it in the old page; empty: it was not there.
        right: it in the new page; empty: it is no more.
        is_heading: whether it is a heading.
        is_marked: whether something in it is marked; if nothing is, a changed block is a listing
            whose instructions are the same and stand elsewhere.
    """

    kind: Literal["same", "changed", "removed", "added"]
    left: Markup
    right: Markup
    is_heading: bool = False
    is_marked: bool = False

    @property
    def differs(self) -> bool:
        """Whether it is not the same in both."""
        return self.kind != "same"


class Part(NamedTuple):
    """Blocks of a comparison that are shown together.

    Attributes:
        kind: ``folded`` and ``open`` ones are the same in both pages; a ``difference`` is one
            block.
        rows: the blocks.
        number: of a difference, counted from 1.
    """

    kind: Literal["folded", "open", "difference"]
    rows: tuple[Row, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Guide:
    """The guide of a release.

    Attributes:
        release: its name, such as ``3.12``.
        url: the address of the page in it.
    """

    release: str
    url: str


def rows(old: Sequence[Block], new: Sequence[Block]) -> tuple[Row, ...]:
    """The blocks of two pages, side by side."""
    pairs = aligned(old, new, _key, attrgetter("name"), _likeness)
    return tuple(_row(before, after) for before, after in pairs)


def _key(block: Block) -> tuple[str, str]:
    return block.kind, block.text


def _likeness(old: Block, new: Block) -> float:
    return overlap(old.words, new.words) if old.kind == new.kind else 0.0


def _row(old: Block | None, new: Block | None) -> Row:
    if old is None:
        assert new is not None
        return Row("added", Markup(), new.html, new.kind == "heading")
    is_heading = old.kind == "heading"
    if new is None:
        return Row("removed", old.html, Markup(), is_heading)
    if _key(old) == _key(new):
        return Row("same", old.html, new.html, is_heading)
    left, right, is_marked = marked(old, new)
    return Row("changed", serialised(left), serialised(right), is_heading, is_marked)


def parts(found: Sequence[Row]) -> Iterator[Part]:
    """The rows as they are shown: what is the same is folded, where it is not needed to read on.

    Before a difference, the last heading and the last block before it stay in sight.
    """
    same: list[Row] = []
    number = 0
    for row in found:
        if not row.differs:
            same.append(row)
            continue
        yield from _before_difference(same)
        same = []
        number += 1
        yield Part("difference", (row,), number)
    yield from _folded(same)


def _before_difference(same: Sequence[Row]) -> Iterator[Part]:
    """The parts that blocks before a difference are shown in."""
    headings = [number for number, row in enumerate(same) if row.is_heading]
    heading = headings[-1] if headings else None
    shown = {len(same) - 1, *(() if heading is None else (heading,))}
    folded: list[Row] = []
    for number, row in enumerate(same):
        if number not in shown:
            folded.append(row)
            continue
        yield from _folded(folded)
        folded = []
        yield Part("open", (row,))


def _folded(same: Sequence[Row]) -> Iterator[Part]:
    """A part of blocks that are not needed; one alone may as well be shown."""
    if same:
        yield Part("folded" if len(same) > 1 else "open", tuple(same))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many blocks of a comparison are what.

    Attributes:
        total: all of them.
        changed: those that both pages have, and that differ.
        moved: those of them whose instructions are the same and stand elsewhere.
        removed: those that only the old page has.
        added: those that only the new page has.
    """

    total: int
    changed: int
    moved: int
    removed: int
    added: int

    @classmethod
    def of(cls, found: Sequence[Row]) -> Counts:
        """The counts of some rows."""
        kinds = [row.kind for row in found]
        changed = [row for row in found if row.kind == "changed"]
        return cls(
            total=len(found),
            changed=len(changed),
            moved=sum(not row.is_marked for row in changed),
            removed=kinds.count("removed"),
            added=kinds.count("added"),
        )

    @property
    def differing(self) -> int:
        """How many are not the same in both pages."""
        return self.changed + self.removed + self.added


def rendered(
    title: str, old: Guide, new: Guide, found: Sequence[Row], others: Sequence[Guide] = ()
) -> Markup:
    """The HTML of a comparison; without the blocks where none differs.

    Args:
        title: of the page, as text.
        old: the older guide.
        new: the newer guide.
        found: the rows.
        others: comparisons of the same page, by what they are called: ``3.12 and 3.13``.
    """
    return Markup(  # noqa: S704 - the template escapes
        template("difference.html").render(
            title=title,
            old=old,
            new=new,
            parts=list(parts(found)) if any(row.differs for row in found) else (),
            counts=Counts.of(found),
            others=others,
        )
    )
