"""The write phase: pending nodes become what they stand for.

A post-transform, so that every builder is served; it only reads results.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx.errors import NoUri
from sphinx.transforms.post_transforms import SphinxPostTransform

from .domain import BytedocDomain, bytedoc_domain
from .errors import BytedocError, InterpreterError
from .examples import Example, Use
from .models import Failure, Interpreter
from .nodes import output, pending_opcode, pending_release, pending_value, pending_view
from .release import Release, ReleaseRange
from .views import VIEWS
from .views.base import explain, failed

if TYPE_CHECKING:
    from sphinx.application import Sphinx


class RenderPage:
    """What a view may know of the page in which it is shown."""

    def __init__(self, domain: BytedocDomain, docname: str, release: str) -> None:
        self._domain = domain
        self._builder = domain.results.builder
        self._docname = docname
        self._release = release
        self._base: str | None = None

    @property
    def is_html(self) -> bool:
        """Whether the builder writes HTML of some sort."""
        return self._builder.format == "html"

    @property
    def examples(self) -> Mapping[str, Example]:
        """All examples of the project, by name."""
        return self._domain.examples

    def opcode_links(self, names: set[str]) -> dict[str, str]:
        """The address of the documentation of each instruction, as far as there is one."""
        return {name: link for name in names if (link := self.opcode_link(name))}

    def opcode_link(self, name: str) -> str:
        """The address of one instruction's documentation; empty: there is none."""
        page = self._domain.opcode_page()
        if page is not None:
            if self._base is None:
                try:
                    self._base = self._builder.get_relative_uri(self._docname, page)
                except NoUri:
                    self._base = ""
            # a builder of one file addresses pages by an anchor, which must give way
            return f"{self._base.partition('#')[0]}#{opcode_anchor(name)}"
        return self._domain.results.config.opcode_url.format(release=self._release, name=name)


def opcode_anchor(name: str) -> str:
    """The anchor of an instruction on the page that documents it."""
    return f"opcode-{name}"


class RenderResults(SphinxPostTransform):
    """Replaces pending nodes; before references are resolved, for results may have some."""

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        self.domain = bytedoc_domain(self.env)
        self.results = self.domain.results
        self.target = self.results.target()
        for block in list(self.document.findall(pending_release)):
            self.show_release(block)
        for view in list(self.document.findall(pending_view)):
            view.replace_self(self.show_view(view))
        for value in list(self.document.findall(pending_value)):
            value.replace_self(self.show_value(value))
        for name in list(self.document.findall(pending_opcode)):
            name.replace_self(self.show_opcode(name))

    def page(self, release: Release | None) -> RenderPage:
        """The page, as seen by an output of a release."""
        return RenderPage(self.domain, self.env.docname, str(release or ""))

    def show_release(self, block: pending_release) -> None:
        """Keep the block's content, or drop it."""
        if self.target is not None and self.target.release in block["releases"]:
            frame = nodes.container("", *block.children, classes=["bytedoc-prose"])
            block.replace_self(frame)
        else:
            block.parent.remove(block)

    def show_view(self, node: pending_view) -> list[nodes.Node]:
        """The output in the place of a pending view."""
        use = self.domain.uses[self.env.docname][node["use"]]
        example = self.domain.examples.get(use.example)
        view = VIEWS[use.view]
        try:
            interpreter = self.results.interpreter_of(use)
        except InterpreterError as error:
            return [_without(use, failed(None, use, error))]
        releases = self.results.releases_of(use)
        if interpreter.release not in releases:
            return [_without(use, [not_for(releases, interpreter)])]
        result = self.result(use, interpreter)
        if isinstance(result, list) and result and isinstance(result[0], nodes.paragraph):
            content = cast("list[nodes.Node]", result)
        else:
            content = view.render(use, example, result, self.page(interpreter.release))
        return [view.frame(use, example, interpreter, content)]

    def result(self, use: Use, interpreter: Interpreter) -> Any:
        """The result of a use, or the nodes that say why there is none."""
        try:
            found = self.results.result(use, interpreter)
        except BytedocError as error:
            return failed(None, use, error)
        if found is None:
            return failed(None, use, BytedocError("not-recorded", "it was not recorded"))
        if isinstance(found, Failure):
            return failed(found, use, explain(found, interpreter.release))
        return found

    def show_value(self, node: pending_value) -> nodes.Node:
        """The value in the place of a pending one."""
        use = self.domain.uses[self.env.docname][node["use"]]
        try:
            interpreter = self.results.interpreter_of(use)
            found = self.results.result(use, interpreter)
        except BytedocError:
            found = None
        if found is None or isinstance(found, Failure):
            return nodes.problematic("", node.astext())
        return nodes.literal("", found.text, classes=["bytedoc-value"])

    def show_opcode(self, node: pending_opcode) -> nodes.Node:
        """The linked name of an instruction."""
        name = node.astext()
        literal = nodes.literal("", name, classes=["bytedoc-op"])
        if self.target is None or self.target.release not in node["releases"]:
            return literal
        link = self.page(self.target.release).opcode_link(name)
        if not link:
            return literal
        internal = self.domain.opcode_page() is not None
        return nodes.reference("", "", literal, refuri=link, internal=internal)


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
    text += f"; you are reading of {interpreter.release}."
    return nodes.paragraph("", text, classes=["bytedoc-note"])


def register(app: Sphinx) -> None:
    """Add the post-transform."""
    app.add_post_transform(RenderResults)
