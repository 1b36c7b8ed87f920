"""The nodes of bytedoc's own, and the HTML of those that only HTML shows in full.

Pending nodes hold a place in a page until its results are known; ``render`` replaces them.  In
HTML, outputs and listings are then nodes of their own; every other builder gets a ``container``
and a ``literal_block`` and needs to know nothing.
"""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from docutils import nodes
from markupsafe import escape

if TYPE_CHECKING:
    import jinja2
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

    from .models import Listing


class pending_view(nodes.General, nodes.Element):
    """The place of a view.

    ``node["use"]`` is the number of its `Use` in the page ``node["docname"]``, which need not be
    the page that is written: some builders put all pages into one.
    """


class pending_value(nodes.literal):
    """The place of a value within a sentence; ``node["use"]`` as in `pending_view`."""


class pending_opcode(nodes.literal):
    """The name of an instruction that is to become a link."""


class pending_release(nodes.container):
    """Prose for some releases; ``node["releases"]`` is their range."""


class output(nodes.container):
    """What an interpreter answered: in HTML it names the release, the example and the view."""


class listing(nodes.literal_block):
    """A disassembly whose lines carry what they show.  See ``templates/listing.html``.

    Attributes:
        shown: the `Listing`.
        links: the address for each name of an instruction in it, or nothing.
        anchor: what the anchors of its lines begin with.
    """

    shown: Listing
    links: dict[str, str]
    anchor: str

    def copy(self) -> Self:
        """The node, without what is in it."""
        copied: Self = super().copy()
        copied.shown, copied.links, copied.anchor = self.shown, self.links, self.anchor
        return copied


class bar(nodes.inline):
    """A bar whose length is ``node["share"]`` of the longest; HTML only."""


def visit_bar(self: HTML5Translator, node: bar) -> None:
    """Begin a bar."""
    attributes: dict[str, Any] = {"style": f"--share: {node['share']:.4f}", "aria-hidden": "true"}
    self.body.append(self.starttag(node, "span", "", CLASS="bytedoc-bar", **attributes))


def depart_bar(self: HTML5Translator, node: bar) -> None:
    """End a bar."""
    self.body.append("</span>")


def visit_output(self: HTML5Translator, node: output) -> None:
    """Begin an output, and say of what it is."""
    data: dict[str, Any] = {
        f"data-{name}": node[name] for name in ("release", "example", "view") if node.get(name)
    }
    self.body.append(self.starttag(node, "div", **data))


def depart_output(self: HTML5Translator, node: output) -> None:
    """End an output."""
    self.body.append("</div>\n")


def visit_listing(self: HTML5Translator, node: listing) -> None:
    """Write a listing, its lines with what each of them shows."""
    names = {name: linked_name(name, link) for name, link in node.links.items()}
    self.body.append(
        template("listing.html", autoescape=False).render(
            rows=rows_of(node.shown), names=names, anchor=escape(node.anchor), ids=node["ids"]
        )
    )
    raise nodes.SkipNode


@cache
def template(name: str, *, autoescape: bool = True) -> jinja2.Template:
    """One of the HTML templates, compiled; it escapes what it is given, unless told otherwise."""
    import jinja2  # noqa: PLC0415 - only HTML needs it

    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, autoescape=autoescape).get_template(name)  # noqa: S701


@lru_cache(maxsize=4096)
def linked_name(name: str, link: str) -> str:
    """The name of an instruction as it stands in a listing."""
    return template("instruction.html").render(name=name, link=link)


#: A line of a listing: the text before, of and after the name of its instruction; its classes; the
#: end of its anchor; its offset, source line, columns and jump target.  Without a name: text alone.
Row = tuple[str, str, str, str, str, int, "int | None", str, "int | None"]


def rows_of(shown: Listing) -> list[Row]:
    """The lines of a listing as the template needs them, escaped.

    Instructions of the first code object are named by their offset, those of the second by
    ``1_`` and their offset, and so on.
    """
    lines = str(escape(shown.text)).split("\n")
    if not lines[-1]:
        lines.pop()
    rows: list[Row] = [(line, "", "", "", "", 0, None, "", None) for line in lines]
    for number, code in enumerate(shown.codes):
        prefix = f"{number}_" if number else ""
        for item in code.instructions:
            before, name, after = lines[item.row].partition(item.opname)
            columns = " ".join(map(str, item.positions)) if item.positions else ""
            classes = "ins target" if item.label else "ins"
            end = f"{prefix}{item.offset}"
            rows[item.row] = (
                *(before, name, after, classes, end),
                *(item.offset, item.line, columns, item.target),
            )
    return rows


def register(app: Sphinx) -> None:
    """Add the nodes that are written; the pending ones are gone by then."""
    app.add_node(output, html=(visit_output, depart_output))
    app.add_node(bar, html=(visit_bar, depart_bar))
    app.add_node(listing, html=(visit_listing, None))
