"""What a page is about, for search engines and for previews of links to it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from docutils import nodes

#: Characters of a description; what shows previews cuts them at about as many.
_LONGEST = 200


def description(metadata: Mapping[str, Any], doctree: nodes.document | None) -> str:
    """What a page is about: its front matter's ``description``, or else its first paragraph."""
    given = metadata.get("description")
    if given:
        return " ".join(str(given).split())
    if doctree is None:
        return ""
    for paragraph in doctree.findall(nodes.paragraph):
        if isinstance(paragraph.parent, nodes.section | nodes.document):
            return shortened(" ".join(paragraph.astext().split()))
    return ""


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
    found: Iterable[nodes.meta] = () if doctree is None else doctree.findall(nodes.meta)
    return any(item.get("name") == "description" for item in found)
