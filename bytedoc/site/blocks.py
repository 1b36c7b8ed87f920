"""A page as a sequence of blocks: headings, paragraphs, lists, tables, code, outputs.

A block can stand in another page than its own: its links lead to where they led before, and it has
no ids that another block could have.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree, html
from lxml.html import HtmlElement
from markupsafe import Markup

Kind = Literal["heading", "paragraph", "list", "table", "code", "output", "other"]

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("ul", "ol", "dl"), "list"),
    "p": "paragraph",
    "table": "table",
    "pre": "code",
}
#: Elements that only hold others, and classes that a ``div`` must have, or must not have, to do so.
_HOLDING = frozenset({"section", "article", "main"})
_HOLDS = frozenset({"container", "compound", "bytedoc-example", "bytedoc-prose"})
_HOLDS_NOT = frozenset({"bytedoc-output", "table-wrapper", "literal-block-wrapper"})
#: Elements that show something although they have no text.
_SHOWING = etree.XPath(
    "descendant-or-self::*[self::img or self::svg or self::hr or self::object or self::iframe or "
    "self::video or self::audio]"
)
_LINKED = etree.XPath("descendant::*[@href or @src]")
_INSTRUCTIONS = etree.XPath("descendant::span[@data-op]")
_RELEASES = etree.XPath("descendant::span[contains(@class, 'bytedoc-release')]")
_IMAGES = etree.XPath("descendant-or-self::img/@src")
_PREFORMATTED = etree.XPath("boolean(descendant-or-self::pre)")
#: Attributes that name an id, are one, or are for scripts.
_DROPPED = (
    *("id", "for", "headers", "aria-labelledby", "aria-describedby", "aria-controls"),
    *("data-offset", "data-op", "data-line", "data-columns", "data-target"),
    *("data-release", "data-example", "data-view"),
)


@dataclass(frozen=True, eq=False)
class Block:
    """One block of a page.

    Attributes:
        kind: what it is.
        element: the element that it is; not to be changed.
        text: its text, by which it is compared; without the release that an output names.
        name: the anchor of an output, which is the same in all releases; else empty.
        instructions: what each line of a listing in it does, wherever it stands: the line without
            offset, label, source line and jump target.
    """

    kind: Kind
    element: HtmlElement
    text: str
    name: str = ""
    instructions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def html(self) -> Markup:
        """The block as HTML."""
        return serialised(self.element)

    @cached_property
    def words(self) -> Counter[str]:
        """How often each word is in it."""
        return Counter(self.text.split())


def serialised(element: HtmlElement) -> Markup:
    """An element as HTML."""
    return Markup(html.tostring(element, encoding="unicode", with_tail=False))  # noqa: S704 - lxml escapes


def blocks_of(body: str, url: str, prefix: str) -> tuple[Block, ...]:
    """The blocks of a page, in the order of the document, sections flattened.

    Args:
        body: the HTML of the page, without what the theme puts around it.
        url: the address of the page, relative to the page that the blocks will stand in.
        prefix: what the ids of headings, the only ones that remain, then begin with.
    """
    root = html.fragment_fromstring(body, create_parent="div")
    etree.strip_elements(root, etree.Comment, "script", "style", with_tail=False)
    _move_links(root, url)
    blocks = [
        _block(element, anchor and f"{prefix}{anchor}") for element, anchor in _flat(root, "")
    ]
    return tuple(block for block in blocks if block is not None)


def _flat(parent: HtmlElement, anchor: str) -> Iterator[tuple[HtmlElement, str]]:
    """The elements that are blocks, each with the id by which it is known."""
    yield from _loose(parent.text)
    for child in parent:
        tail, child.tail = child.tail, None
        own = child.get("id", "")
        if _only_holds(child):
            yield from _flat(child, own)
        else:
            if child.tag in _KINDS:
                own, anchor = own or anchor, ""
            yield child, own
        yield from _loose(tail)


def _loose(text: str | None) -> Iterator[tuple[HtmlElement, str]]:
    """Text between blocks, as a paragraph."""
    if text and text.strip():
        paragraph = html.Element("p")
        paragraph.text = text
        yield paragraph, ""


def _only_holds(element: HtmlElement) -> bool:
    """Whether an element is there for its content alone."""
    if element.tag in _HOLDING:
        return True
    classes = set(element.get("class", "").split())
    return element.tag == "div" and bool(classes & _HOLDS) and not classes & _HOLDS_NOT


def _block(element: HtmlElement, anchor: str) -> Block | None:
    """The block that an element is; None where it shows nothing."""
    pieces = list(element.itertext())
    if not any(map(str.strip, pieces)) and not _SHOWING(element):
        return None
    kind = _kind(element)
    name = ""
    instructions: dict[str, str] = {}
    if kind == "output":
        name = element.get("id", "")
        for release in _RELEASES(element):
            pieces.remove(release.text_content())
        instructions = {line.text_content(): _does(line) for line in _INSTRUCTIONS(element)}
    if _PREFORMATTED(element):
        text = "".join(pieces)
    else:
        images = (posixpath.basename(src) for src in _IMAGES(element))
        text = " ".join(" ".join((*pieces, *images)).split())
    etree.strip_attributes(element, *_DROPPED)
    if kind == "heading":
        element.tag = f"h{min(6, int(str(element.tag)[1]) + 1)}"  # below that of the comparison
        if anchor:
            element.set("id", anchor)
    return Block(kind, element, text, name, instructions)


def _kind(element: HtmlElement) -> Kind:
    if element.tag in _KINDS:
        return _KINDS[str(element.tag)]
    classes = element.get("class", "").split()
    if "bytedoc-output" in classes:
        return "output"
    if "table-wrapper" in classes:
        return "table"
    if any(name.startswith(("highlight", "literal-block")) for name in classes):
        return "code"
    return "other"


def _does(line: HtmlElement) -> str:
    """What a line of a listing does: the instruction and its argument."""
    name = line.get("data-op", "")
    argument = line.text_content().partition(name)[2]
    if line.get("data-target"):  # the same jump may lead to another offset, or label
        return f"{name} to"
    return " ".join((name, *argument.split()))


def _move_links(root: HtmlElement, url: str) -> None:
    """Have relative links lead to where they lead from a page at *url*."""
    moved: dict[str, str] = {}
    for element in _LINKED(root):
        for name in ("href", "src"):
            link = element.get(name)
            if link is not None:
                if link not in moved:
                    moved[link] = relocated(link, url)
                element.set(name, moved[link])


def relocated(link: str, url: str) -> str:
    """A link of a page at *url*, as it must be on the page to which *url* is relative."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or parts.path.startswith("/"):
        return link
    path = url
    if parts.path:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(url), parts.path))
        if parts.path.endswith("/"):
            path += "/"
    return parts._replace(path=path).geturl()
