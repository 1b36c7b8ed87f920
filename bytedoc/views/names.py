"""Names of instructions as they stand in what a page says of them."""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes

from .base import Page


def linked_name(name: str, page: Page) -> nodes.Node:
    """The name of an instruction, linked to its entry if there is one."""
    literal = nodes.literal("", name, classes=["bytedoc-op"])
    link = page.entry_link(name)
    return nodes.reference("", "", literal, refuri=link, internal=True) if link else literal


def linked_names(names: Sequence[str], page: Page) -> list[nodes.Node]:
    """Names, separated by commas."""
    found: list[nodes.Node] = []
    for name in names:
        found += [nodes.Text(", "), linked_name(name, page)] if found else [linked_name(name, page)]
    return found
