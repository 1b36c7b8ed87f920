"""Whether the built pages show what they should: each example's source and its right listing."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from oracle import Listing, listings, normalise
from projects import Page, Project

# Elements without an end tag, which never become the parent of another one.
_VOID = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
    )
)


@dataclass(slots=True)
class Element:
    """An HTML element with its attributes; a text is an element without a tag."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    content: str = ""

    @property
    def text(self) -> str:
        """The text of the element and all in it, as a reader copies it."""
        return self.content + "".join(child.text for child in self.children)

    def walk(self) -> Iterator[Element]:
        """Yield this element and all in it, in the order of the page."""
        yield self
        for child in self.children:
            yield from child.walk()


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(Element("", content=data))


def parse(path: Path) -> Element:
    """Return the root of the page in the file ``path``."""
    parser = _Parser()
    parser.feed(path.read_text(encoding="utf-8"))
    parser.close()
    return parser.open[0]


def wrong(project: Project, pages: Sequence[Page]) -> list[str]:
    """Return what is wrong in the built ``pages`` of ``project``, a line for each example."""
    found = []
    check = _bytedoc_page if project.tool.shows_source else _plain_page
    sources = [example.source for page in pages for example in page.examples]
    expected = iter(listings(project.environment.python, sources))
    for page in pages:
        path = project.output / f"{page.document}.html"
        wanted = [next(expected) for _ in page.examples]
        problems = check(parse(path), page, wanted) if path.is_file() else ["there is no such page"]
        found += [f"{project.tool.name}: {page.document}: {problem}" for problem in problems]
    return found


def _plain_page(root: Element, page: Page, expected: Sequence[Listing]) -> Iterator[str]:
    """The preformatted blocks of the page are source, listing, source, listing, and so on."""
    shown = [element.text for element in root.walk() if element.tag == "pre"]
    wanted: list[tuple[str, str]] = []
    for example, listing in zip(page.examples, expected, strict=True):
        wanted.append((f"source of {example.name}", example.source))
        wanted.append((f"listing of {example.name}", listing.text))
    if len(shown) != len(wanted):
        yield f"{len(shown)} blocks, expected {len(wanted)}"
    for text, (name, want) in zip(map(normalise, shown), wanted, strict=False):
        if text != normalise(want):
            yield f"{name}: {_difference(text, normalise(want))}"


def _bytedoc_page(root: Element, page: Page, expected: Sequence[Listing]) -> Iterator[str]:
    """As `_plain_page`; and every output names its release, every instruction has its anchor."""
    yield from _plain_page(root, page, expected)
    outputs = [element for element in root.walk() if "data-release" in element.attributes]
    if len(outputs) != len(expected):
        yield f"{len(outputs)} elements with data-release, expected {len(expected)}"
    release = "{}.{}".format(*sys.version_info)
    for example, output, listing in zip(page.examples, outputs, expected, strict=False):
        if output.attributes["data-release"] != release:
            yield f"{example.name}: data-release is {output.attributes['data-release']!r}"
        anchors = sum(
            1 for element in output.walk() if {"id", "data-offset"} <= element.attributes.keys()
        )
        if anchors != listing.instructions:
            yield f"{example.name}: {anchors} lines with id, expected {listing.instructions}"
    identifiers = [
        element.attributes["id"] for element in root.walk() if "id" in element.attributes
    ]
    repeated = sorted(each for each, count in Counter(identifiers).items() if count > 1)
    if repeated:
        yield f"used for more than one element: {', '.join(repeated)}"


def _difference(shown: str, wanted: str) -> str:
    """Return the first line that differs, for a message."""
    for number, (one, other) in enumerate(
        zip(shown.splitlines(), wanted.splitlines(), strict=False), 1
    ):
        if one != other:
            return f"line {number} is {one!r}, expected {other!r}"
    return f"{len(shown.splitlines())} lines, expected {len(wanted.splitlines())}"
