"""The ``compare`` view: the bytecode of an example in several releases, and what changed.

Histories of examples show the same, and any two releases side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise, zip_longest
from typing import NamedTuple

from docutils import nodes

from ..answers import Failure
from ..answers.listings import Listing
from ..comparing.compare import Comparison, Group, align, groups
from ..comparing.differences import Sentence, sentences
from ..errors import BytedocError
from ..examples import Example, Use
from ..nodes import comparison, details, output
from ..release import Release
from ..request import Interpreter, Request
from ..rows import ComparisonRow
from .base import Answer, Either, Page, Project, explain, plain_block, table, visible
from .comparison_rows import Link, folded, plain_rows, table_rows
from .dis import Dis, listing_node
from .options import CODE, ranges

#: Where there are more instructions in all listings together, their lines are text alone.
_MOST_MARKED = 600
#: So many characters of HTML may the tables of all pairs of releases have, at about so many a row
#: and a sentence; the nearest releases come first.
_MOST_FOR_PAIRS, _ROW, _SENTENCE = 100_000, 95, 40


def check_compared(use: Use, project: Project) -> None:
    """Refuse releases that the project does not compare.

    Raises:
        BytedocError: ``:releases:`` of a use names one.
    """
    for some in use.options.get("releases", ()):
        if not any(release in some for release in project.releases):
            known = ", ".join(map(str, project.releases))
            message = f"{some} is not one of the releases that are compared: {known}"
            raise BytedocError("release", message)


class Compare(Dis):
    """Runs of releases with the same bytecode, and what changed between them."""

    name = "compare"
    title = "Bytecode"
    across = True
    options = {"releases": ranges, **CODE}

    def shows(self, use: Use, release: Release) -> bool:
        wanted = use.options.get("releases", ())
        return not wanted or any(release in some for some in wanted)

    def request(self, use: Use, example: Example | None, project: Project) -> Request:
        check_compared(use, project)
        return super().request(use, example, project)

    def caption(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> nodes.paragraph:
        """What is compared."""
        found = nodes.paragraph("", self.title, classes=["bytedoc-caption"])
        subject = use.options.get("object") or (example.subject if example else "")
        if subject:
            found += [nodes.Text(" of "), nodes.literal("", subject)]
        found += nodes.Text(" across releases")
        return found

    def render_across(
        self,
        use: Use,
        example: Example | None,
        answers: Mapping[Release, Answer],
        page: Page,
    ) -> list[nodes.Node]:
        return list(_Rendering(use, example, answers, page).neighbours())


def history_nodes(
    use: Use, example: Example | None, answers: Mapping[Release, Answer], page: Page
) -> list[nodes.Node]:
    """What the history of an example shows: as `Compare`, then every two groups of releases."""
    rendering = _Rendering(use, example, answers, page)
    shown = (*rendering.neighbours(), *rendering.all_pairs())
    return [output("", *shown, classes=["bytedoc-output", "bytedoc-compare", "bytedoc-history"])]


def summary(answers: Mapping[Release, Answer]) -> str:
    """The runs of releases with the same bytecode, in words: ``3.6 to 3.10; 3.11``."""
    known = sorted(answers)
    return "; ".join(label(group.releases, known) for group in groups(_listings(answers)))


def label(some: Sequence[Release], known: Sequence[Release]) -> str:
    """Releases in words, as ``3.8 to 3.10``, if they are all of *known* that lie between them."""
    between = [release for release in known if some[0] <= release <= some[-1]]
    if len(some) > 2 and between == list(some):
        return f"{some[0]} to {some[-1]}"
    *most, last = map(str, some)
    return f"{', '.join(most)} and {last}" if most else last


def _listings(answers: Mapping[Release, Answer]) -> dict[Release, Listing]:
    """The listings of the releases that have one."""
    return {
        release: answer.result
        for release, answer in sorted(answers.items())
        if isinstance(answer.result, Listing)
    }


class _Side(NamedTuple):
    """A group of releases, with what it is called and the anchor of its listing."""

    group: Group
    label: str
    anchor: str

    @property
    def first(self) -> Release:
        return self.group.releases[0]

    @property
    def last(self) -> Release:
        return self.group.releases[-1]

    @property
    def shown(self) -> Listing:
        """The listing of the newest release of the group."""
        return self.group.listings[-1]


class _Difference(NamedTuple):
    """What differs between the nearest releases of two groups."""

    old: _Side
    new: _Side
    found: Comparison
    told: list[Sentence]

    @classmethod
    def between(cls, old: _Side, new: _Side) -> _Difference:
        found = align(old.shown, new.group.listings[0])
        return cls(old, new, found, sentences(found, old.last, new.first))

    @property
    def size(self) -> str:
        """How many sentences there are, in words."""
        return f"{len(self.told)} difference{'' if len(self.told) == 1 else 's'}"


class _Rendering:
    """The answers of several releases as nodes."""

    def __init__(
        self, use: Use, example: Example | None, answers: Mapping[Release, Answer], page: Page
    ) -> None:
        self._use, self._example, self._answers, self._page = use, example, answers, page
        known = sorted(answers)
        self._sides = [
            _Side(group, label(group.releases, known), f"{use.anchor}_{group.releases[0]}")
            for group in groups(_listings(answers))
        ]

    def neighbours(self) -> Iterator[nodes.Node]:
        """A table of the groups, the listing of each, and what changed from one to the next."""
        differences = [_Difference.between(*pair) for pair in pairwise(self._sides)]
        yield self._summary(differences)
        size = sum(len(code.instructions) for side in self._sides for code in side.shown.codes)
        for side, difference in zip_longest(self._sides, differences):
            yield from self._heading(side.label, side.anchor)
            if side.first != side.last:
                said = f"As {side.last} prints it:"
                yield nodes.paragraph("", said, classes=["bytedoc-note"])
            if size > _MOST_MARKED:
                yield plain_block(side.shown.text.rstrip("\n"))
            else:
                linking = self._page.at(side.last)
                yield listing_node(side.shown, side.anchor, self._page, linking)
            if difference is not None:
                title = f"From {difference.old.last} to {difference.new.first}"
                yield from self._heading(title, f"{difference.new.anchor}_new")
                link = self._links(difference)
                rows = list(table_rows(difference.found, link))
                yield from self._told(difference, rows, link)

    def all_pairs(self) -> Iterator[nodes.Node]:
        """What differs between every two groups, neighbours excepted, each hidden at first."""
        pairs = [
            _Difference.between(old, new)
            for number, old in enumerate(self._sides)
            for new in self._sides[number + 2 :]
        ]
        left = _MOST_FOR_PAIRS
        left -= sum(_SENTENCE + len(str(each)) for pair in pairs for each in pair.told)
        shown: dict[int, Sequence[ComparisonRow]] = {}
        for pair in sorted(pairs, key=self._distance):
            rows = list(folded(list(table_rows(pair.found, _no_link))))
            left -= _ROW * len(rows)
            shown[id(pair)] = rows if left >= 0 else []
        if pairs:
            yield from self._heading("Other pairs of releases", f"{self._use.anchor}_pairs")
            yield from (self._hidden(pair, shown[id(pair)]) for pair in pairs)

    def _distance(self, difference: _Difference) -> int:
        """How many groups apart two are."""
        return self._sides.index(difference.new) - self._sides.index(difference.old)

    def _heading(self, title: str, anchor: str) -> Iterator[nodes.Node]:
        """A heading within an output, which can be linked to."""
        found = nodes.rubric("", title, classes=["bytedoc-heading"])
        if self._page.is_html:
            found["ids"].append(anchor)
        else:  # some builders forget the names of a rubric
            yield nodes.target("", "", ids=[anchor])
        yield found

    def _hidden(self, difference: _Difference, rows: Sequence[ComparisonRow]) -> nodes.Node:
        """What is shown when its title is chosen; where that can't be, it is shown."""
        old, new = difference.old, difference.new
        title = f"{old.label} and {new.label}: {difference.size}"
        content = self._told(difference, rows, _no_link)
        if not self._page.is_html:
            return nodes.container("", nodes.rubric("", title), *content)
        found = details("", *content, summary=title, classes=["bytedoc-pair"])
        found["ids"].append(f"{old.anchor}_{new.first}")
        return found

    def _summary(self, differences: Sequence[_Difference]) -> nodes.Node:
        """The groups of releases, and those that have no result."""
        rows: list[tuple[Release, tuple[nodes.Node | str, ...]]] = []
        for side, difference in zip(self._sides, (None, *differences), strict=False):
            name = nodes.reference("", side.label, refid=side.anchor, internal=True)
            changed: nodes.Node | str = ""
            if difference is not None:
                to = f"{side.anchor}_new"
                changed = nodes.reference("", difference.size, refid=to, internal=True)
            rows.append((side.first, (name, str(len(side.shown.opnames())), changed)))
        for release, answer in self._answers.items():
            if not isinstance(answer.result, Listing):
                rows.append((release, (str(release), "", self._reason(release, answer))))
        if not rows:
            return nodes.paragraph("", "None of these releases is compared here.")
        head = ("Releases", "Instructions", "Compared with those above")
        shown = [cells for _, cells in sorted(rows, key=lambda row: row[0])]
        return table(head, shown, (40, 20, 40), ["bytedoc-groups"])

    def _reason(self, release: Release, answer: Answer) -> str:
        """Why a release has no listing."""
        if isinstance(answer.result, Failure):
            error = explain(answer.result, release, self._example)
            return visible(error.message.split("\n")[0])
        return "not recorded"

    def _told(
        self, difference: _Difference, rows: Sequence[ComparisonRow], link: Link
    ) -> Iterator[nodes.Node]:
        """Sentences, then a table of what is which."""
        heads = str(difference.old.last), str(difference.new.first)
        if self._page.is_html:
            found = comparison()
            found.sentences = [
                [(text, kind, link(text) if kind == "op" else "") for text, kind in sentence.words]
                for sentence in difference.told
            ]
            found.heads, found.rows = heads, rows
            yield found
            return
        items = (nodes.list_item("", sentence_node(each, link)) for each in difference.told)
        yield nodes.bullet_list("", *items, bullet="*")
        if rows:
            yield plain_block(plain_rows(heads, rows), ["bytedoc-aligned"])

    def _links(self, difference: _Difference) -> Link:
        """Gives the addresses of the instructions of two groups."""
        old, new = difference.old, difference.new
        names = frozenset(old.shown.opnames()), frozenset(new.group.listings[0].opnames())
        return cache(Either(self._page, old.last, new.first, *names).opcode_link)


def _no_link(name: str) -> str:
    """No address: where everything is in question, addresses would be half of a page."""
    return ""


def sentence_node(sentence: Sentence, link: Link) -> nodes.paragraph:
    """A sentence whose names of instructions lead to what documents them."""
    found = nodes.paragraph()
    for text_, kind in sentence.words:
        node: nodes.Node = nodes.Text(text_) if kind == "text" else nodes.literal("", text_)
        address = link(text_) if kind == "op" else ""
        if address:
            node = nodes.reference("", "", node, refuri=address, internal="://" not in address)
        found += node
    return found
