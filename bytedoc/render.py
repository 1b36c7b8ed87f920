"""The write phase: pending nodes become what they stand for."""

from __future__ import annotations

from docutils import nodes

from .answers import Failure
from .domain import BytedocDomain
from .errors import BytedocError, InterpreterError
from .examples import Example, Use
from .nodes import Pending, output, pending_opcode, pending_release, pending_value, pending_view
from .page_releases import replace_pages
from .release import Release, ReleaseRange
from .request import Interpreter
from .shown_page import ShownPage
from .views import VIEWS
from .views.base import explain, failed, visible


class PageRenderer:
    """Replaces the pending nodes of one page.

    Args:
        domain: knows what the page asked for, and has the results.
        docname: the page.
    """

    def __init__(self, domain: BytedocDomain, docname: str) -> None:
        self.domain = domain
        self.docname = docname
        self.results = domain.results
        self.target = domain.results.target()
        self._pages: dict[tuple[str, str], ShownPage] = {}

    def render(self, document: nodes.document) -> None:
        """Put every result in its place."""
        if self.target is not None:
            replace_pages(self.domain, document, self.target.release)
        waiting = list(document.findall(Pending))
        blocks = [node for node in waiting if isinstance(node, pending_release)]
        if blocks:
            for block in blocks:
                self.show_release(block)
            waiting = list(document.findall(Pending))  # without those in blocks that are gone
        for node in waiting:
            if isinstance(node, pending_view):
                node.replace_self(self.show_view(node))
            elif isinstance(node, pending_value):
                node.replace_self(self.show_value(node))
            elif isinstance(node, pending_opcode):
                node.replace_self(self.show_opcode(node))
        if self.results.builder.format == "latex":
            keep_anchors(document)

    def page(self, interpreter: Interpreter, release: Release | None = None) -> ShownPage:
        """The page, as seen by an output of an interpreter; *release*: whose entries it links."""
        key = interpreter.executable, interpreter.identity
        if key not in self._pages:
            self._pages[key] = ShownPage(self.domain, self.docname, interpreter, release)
        return self._pages[key]

    def show_release(self, block: pending_release) -> None:
        """Keep the block's content, or drop it."""
        if self.target is not None and self._spoken_of(block) in block["releases"]:
            frame = nodes.container("", *block.children, classes=["bytedoc-prose"])
            block.replace_self(frame)
        else:
            block.parent.remove(block)

    def _spoken_of(self, block: pending_release) -> Release:
        """The release of which a block's surroundings speak.

        That is the target; in the entry of an instruction that is gone, the last that had it.
        """
        assert self.target is not None
        entry = self.domain.entries.get(block["entry"])
        last = None if entry is None else entry.last
        return self.target.release if last is None else min(last, self.target.release)

    def show_view(self, node: pending_view) -> list[nodes.Node]:
        """The output in the place of a pending view."""
        use = self.domain.uses[node["docname"]][node["use"]]
        example = self.domain.examples.get(use.example)
        view = VIEWS[use.view]
        try:
            interpreter = self.results.interpreter_of(use)
        except InterpreterError as error:
            return [_without(use, failed(None, error))]
        releases = self.results.releases_of(use)
        if view.across:
            content = self.content_across(use, example, interpreter)
            frame = view.frame(use, example, interpreter, content)
            if use.view == "changes" and self.results.has_histories:
                self.link_to_changes(frame, use)
            return [frame]
        if interpreter.release not in releases:
            return [_without(use, [not_for(releases, interpreter)])]
        content = self.content(use, example, interpreter)
        frame = view.frame(use, example, interpreter, content)
        if self.results.has_histories:
            self.link_to_history(frame, use)
        return [frame]

    def link_to_history(self, frame: nodes.Element, use: Use) -> None:
        """Add a link to the history of an output, if it has one, to its caption."""
        from .comparing import history  # noqa: PLC0415 - only where there are such pages

        _lead(frame, history.link(self.results, use, self.docname), "all releases")

    def link_to_changes(self, frame: nodes.Element, use: Use) -> None:
        """Add a link to the page about a release, if it has one, to the caption of its changes."""
        from .comparing import release_changes  # noqa: PLC0415 - (the same)

        release = use.options["argument"]
        _lead(frame, release_changes.link(self.results, release, self.docname), "in examples")

    def content(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> list[nodes.Node]:
        """The result of a use as nodes, or why there is none."""
        try:
            result = self.results.result(use, interpreter)
        except BytedocError as error:
            return failed(None, error)
        if result is None:
            return failed(None, BytedocError("not-recorded", "it was not recorded"))
        if isinstance(result, Failure):
            return failed(result, explain(result, interpreter.release, example))
        kept = use.keeps and self.target is not None
        page = self.page(interpreter, self.target.release if kept and self.target else None)
        return VIEWS[use.view].render(use, example, result, page)

    def content_across(
        self, use: Use, example: Example | None, interpreter: Interpreter
    ) -> list[nodes.Node]:
        """The results of several releases as nodes, or why there are none."""
        try:
            answers = self.results.results_across(use)
        except BytedocError as error:
            return failed(None, error)
        return VIEWS[use.view].render_across(use, example, answers, self.page(interpreter))

    def show_value(self, node: pending_value) -> nodes.Node:
        """The value in the place of a pending one."""
        use = self.domain.uses[node["docname"]][node["use"]]
        try:
            interpreter = self.results.interpreter_of(use)
            found = self.results.result(use, interpreter)
        except BytedocError:
            found = None
        if found is None or isinstance(found, Failure):
            return nodes.problematic("", node.astext())
        return nodes.literal("", visible(found.text), classes=["bytedoc-value"])

    def show_opcode(self, node: pending_opcode) -> nodes.Node:
        """The linked name of an instruction."""
        name = node.astext()
        literal = nodes.literal("", name, classes=["bytedoc-op"])
        if self.target is None:
            return literal
        page = self.page(self.target)
        link = page.entry_link(name)
        internal = bool(link) or self.domain.opcode_page() is not None
        if not link and self.target.release in node["releases"]:
            link = page.opcode_link(name)
        if not link:
            return literal
        return nodes.reference("", "", literal, refuri=link, internal=internal)


def keep_anchors(document: nodes.document) -> None:
    """Let something that LaTeX has anchors for take those of our frames, for which it has none."""
    for frame in list(document.findall(nodes.container)):
        ours = {"bytedoc-example", "bytedoc-output"} & set(frame["classes"])
        if not ours or not frame["ids"]:
            continue
        if isinstance(frame[0], nodes.literal_block):
            frame[0]["ids"] += frame["ids"]
        else:
            frame.insert(0, nodes.target("", "", ids=frame["ids"]))
        frame["ids"] = []


def _lead(frame: nodes.Element, address: str, text: str) -> None:
    """Let the caption of an output lead to more of the same, if there is an address."""
    if address:
        link = nodes.reference("", text, refuri=address, internal=True)
        caption = frame.next_node(nodes.paragraph)
        assert caption is not None
        caption += nodes.inline("", "", link, classes=["bytedoc-history-link"])


def _without(use: Use, content: list[nodes.Node]) -> nodes.Node:
    """The frame of an output that is not there."""
    return output(
        "", *content, ids=[use.anchor], classes=["bytedoc-output", "bytedoc-missing"], view=use.view
    )


def not_for(releases: ReleaseRange, interpreter: Interpreter) -> nodes.Node:
    """A sentence for readers of a release that an example is not for."""
    if releases.first is not None and interpreter.release < releases.first:
        text = f"This needs Python {releases.first} or newer"
    else:
        text = f"This is for Python {releases.last} and older"
    text += f"; this page shows Python {interpreter.release}."
    return nodes.paragraph("", text, classes=["bytedoc-note"])
