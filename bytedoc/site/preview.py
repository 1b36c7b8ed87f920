"""What a page is about, for search engines and for previews of links to it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markupsafe import escape

if TYPE_CHECKING:
    from .context import PageContext

#: Characters of a description; what shows previews cuts them at about as many.
_LONGEST = 200


def description(metadata: Mapping[str, Any], doctree: nodes.document | None) -> str:
    """What a page is about: its front matter's ``description``, or else its first paragraph."""
    given = metadata.get("description")
    if given:
        return " ".join(str(given).split())
    for node in parts(doctree):
        if isinstance(node, nodes.paragraph):
            return shortened(" ".join(node.astext().split()))
    return ""


def parts(page: nodes.Element | None) -> Iterator[nodes.Node]:
    """What stands in a page and its sections, but not what is in lists, tables and the like."""
    for child in () if page is None else page.children:
        yield child
        if isinstance(child, nodes.section):
            yield from parts(child)


def shortened(text: str) -> str:
    """The first sentences of a text, as many as fit a preview, or else the first words."""
    if len(text) <= _LONGEST:
        return text
    end = text.rfind(". ", 0, _LONGEST)
    if end > 0:
        return text[: end + 1]
    return textwrap.shorten(text, _LONGEST, placeholder=" …")


def describes_itself(doctree: nodes.document | None) -> bool:
    """Whether a page has a description of its own in its HTML."""
    return any(
        isinstance(node, nodes.meta) and node.get("name") == "description"
        for node in parts(doctree)
    )


def tags(
    page: PageContext, title: str, site: str, *, describes_itself: bool, is_listed: bool
) -> str:
    """What the head of a page says of it.

    Args:
        page: what is around the page.
        title: its title; markup, or text that is not yet escaped.
        site: the title of the project.
        describes_itself: whether its HTML has a description of its own.
        is_listed: whether search engines are to find it.
    """
    release = f" (Python {page.release})" if page.release else ""
    found = {
        'name="robots"': "" if is_listed else "noindex",
        'name="description"': "" if describes_itself else page.description,
        'property="og:title"': escape(title) + release,
        'property="og:type"': "article",
        'property="og:site_name"': site,
        'property="og:url"': page.canonical,
        'property="og:description"': page.description,
    }
    # Every build has such pages, and to compile a template takes longer than all else in them.
    lines = [f'    <meta {name} content="{escape(text)}">' for name, text in found.items() if text]
    return "\n".join(["", *lines, ""])
