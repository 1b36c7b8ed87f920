"""The nodes of bytedoc's own, and the HTML of those that only HTML shows in full.

Pending nodes hold a place in a page until its results are known; ``render`` replaces them.  In
HTML, outputs and listings are then nodes of their own; every other builder gets a ``container``
and a ``literal_block`` and needs to know nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from docutils import nodes
from markupsafe import escape

if TYPE_CHECKING:
    import jinja2
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

    from .answers.listings import Listing
    from .plots import Plot
    from .rows import AlignedLine, ComparisonRow


class Pending(nodes.Node):
    """What holds a place in a page until its results are known."""


class pending_view(Pending, nodes.General, nodes.Element):
    """The place of a view.

    ``node["use"]`` is the number of its `Use` in the page ``node["docname"]``, which need not be
    the page that is written: some builders put all pages into one.
    """


class pending_value(Pending, nodes.literal):
    """The place of a value within a sentence; ``node["use"]`` as in `pending_view`."""


class pending_opcode(Pending, nodes.literal):
    """The name of an instruction that is to become a link."""


class pending_release(Pending, nodes.container):
    """Prose for some releases, ``node["releases"]``.

    ``node["entry"]`` is the instruction in whose entry it stands, or nothing.
    """


class unchecked(nodes.inline):
    """Words that are no claim about an interpreter, or one that nothing can check."""


class output(nodes.container):
    """What an interpreter answered: in HTML it names the release, the example and the view."""


class listing(nodes.literal_block):
    """A disassembly whose lines carry what they show, ``html``.

    It is made before the node, for the tree of a page lives much longer than all that a listing
    consists of, and whatever looks through what lives would have to look at that.
    """

    html: str

    def copy(self) -> Self:
        """The node, without what is in it."""
        copied: Self = super().copy()
        copied.html = self.html
        return copied


class comparison(nodes.General, nodes.Element):
    """What differs between two releases.  See ``templates/comparison.html``; HTML only.

    Attributes:
        sentences: the differences, each as parts: a text, what it is (``text``, ``op`` or
            ``code``) and an address or nothing.
        heads: what the two columns of instructions are.
        rows: the instructions side by side; none: no table.
    """

    sentences: Sequence[Sequence[tuple[str, str, str]]]
    heads: tuple[str, str]
    rows: Sequence[ComparisonRow]

    def copy(self) -> Self:
        """The node, without what is in it."""
        copied: Self = super().copy()
        copied.sentences, copied.heads, copied.rows = self.sentences, self.heads, self.rows
        return copied


class plot(nodes.General, nodes.Element):
    """A plot, ``drawing``.  See ``templates/plot.html``; HTML only."""

    drawing: Plot

    @classmethod
    def of(cls, drawing: Plot) -> Self:
        """The node of a plot."""
        made = cls()
        made.drawing = drawing
        return made

    def copy(self) -> Self:
        """The node, without what is in it."""
        copied: Self = super().copy()
        copied.drawing = self.drawing
        return copied


class details(nodes.General, nodes.Element):
    """What is only shown when ``node["summary"]`` is chosen; HTML only."""


class step(nodes.row):
    """A row of a table that carries what it shows, in ``node["data"]`` by name; HTML only.

    Attributes:
        column: where in the row the writer is, which the cells count.
    """

    column: int


class aligned(nodes.literal_block):
    """Aligned columns, whose lines carry what they show.  See ``templates/aligned.html``.

    Attributes:
        lines: its lines.
        links: the address for each name of an instruction in it, or nothing.
    """

    lines: list[AlignedLine]
    links: dict[str, str]

    def copy(self) -> Self:
        """The node, without what is in it."""
        copied: Self = super().copy()
        copied.lines, copied.links = self.lines, self.links
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


def visit_step(self: HTML5Translator, node: step) -> None:
    """Begin a row that carries what it shows."""
    data: dict[str, Any] = {f"data-{name}": value for name, value in node["data"].items()}
    self.body.append(self.starttag(node, "tr", "", **data))
    node.column = 0


def depart_step(self: HTML5Translator, node: step) -> None:
    """End a row."""
    self.body.append("</tr>\n")


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
    """Write a listing."""
    anchor = f' id="{escape(node["ids"][0])}"' if node["ids"] else ""
    self.body += (
        f'<div class="highlight-bytedoc notranslate"{anchor}><div class="highlight"><pre>',
        node.html,
        "</pre></div></div>",
    )
    raise nodes.SkipNode


class _Digits(dict[int | None, str]):
    """The digits of numbers: listings have many thousand, and most are the same few."""

    def __missing__(self, number: int | None) -> str:
        digits = self[number] = str(number)
        return digits


_DIGITS = _Digits()


@lru_cache(maxsize=4096)
def linked_name(name: str, link: str) -> str:
    """The name of an instruction as it stands in a listing, in HTML."""
    return f'<a href="{escape(link)}">{escape(name)}</a>' if link else f"<b>{escape(name)}</b>"


def html_of(
    shown: Listing,
    link: Callable[[str], str],
    anchor: str,
    marked: Container[str] = (),
) -> str:
    """The text of a listing in HTML, its lines with what each of them shows.

    *link* gives the address for the name of an instruction, or nothing.  The anchors begin with
    *anchor*: instructions of the first code object are named by their offset, those of the second
    by ``1_`` and their offset, and so on.  The lines of *marked* instructions have a class of it.

    There are many thousand lines in a project, so their text is escaped at once, not in its parts;
    all else in them are numbers and words of our own.
    """
    lines = str(escape(shown.text)).split("\n")
    first = str(escape(anchor))
    names: dict[str, str] = {}
    digits = _DIGITS
    for number, code in enumerate(shown.codes):
        prefix = f"{first}_{number}_" if number else f"{first}_"
        for row, offset, _, name, _, _, line, label, target, positions in code.instructions:
            if name not in names:
                names[name] = linked_name(name, link(name))
            before, _, after = lines[row].partition(name)
            classes = "ins target" if label else "ins"
            if name in marked:
                classes += " marked"
            more = "" if line is None else f' data-line="{digits[line]}"'
            if positions:
                top, bottom, left, right = positions
                more += f' data-columns="{digits[top]} {digits[bottom]}'
                more += f' {digits[left]} {digits[right]}"'
            if target is not None:
                more += f' data-target="{digits[target]}"'
            place = digits[offset]
            lines[row] = (
                f'<span class="{classes}" id="{prefix}{place}" data-offset="{place}"'
                f' data-op="{name}"{more}>{before}{names[name]}{after}</span>'
            )
    return "\n".join(lines)


def visit_aligned(self: HTML5Translator, node: aligned) -> None:
    """Write a block of aligned columns."""
    self.body.append(template("aligned.html").render(lines=node.lines, links=node.links))
    raise nodes.SkipNode


def visit_comparison(self: HTML5Translator, node: comparison) -> None:
    """Write the differences between two releases."""
    self.body.append(
        template("comparison.html").render(
            sentences=node.sentences, heads=node.heads, rows=node.rows
        )
    )
    raise nodes.SkipNode


def visit_plot(self: HTML5Translator, node: plot) -> None:
    """Draw a plot."""
    self.body.append(template("plot.html").render(plot=node.drawing))
    raise nodes.SkipNode


def visit_details(self: HTML5Translator, node: details) -> None:
    """Begin what is hidden at first."""
    self.body.append(self.starttag(node, "details"))
    self.body.append(f"<summary>{escape(node['summary'])}</summary>\n")


def depart_details(self: HTML5Translator, node: details) -> None:
    """End what is hidden at first."""
    self.body.append("</details>\n")


@cache
def template(name: str) -> jinja2.Template:
    """One of the HTML templates, compiled; it escapes what it is given."""
    import jinja2  # noqa: PLC0415 - only HTML needs it

    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    return jinja2.Environment(loader=loader, autoescape=True).get_template(name)


def register(app: Sphinx) -> None:
    """Add the nodes that are written; the pending ones are gone by then."""
    app.add_node(output, html=(visit_output, depart_output))
    app.add_node(step, html=(visit_step, depart_step))
    app.add_node(bar, html=(visit_bar, depart_bar))
    app.add_node(listing, html=(visit_listing, None))
    app.add_node(aligned, html=(visit_aligned, None))
    app.add_node(comparison, html=(visit_comparison, None))
    app.add_node(plot, html=(visit_plot, None))
    app.add_node(details, html=(visit_details, depart_details))
