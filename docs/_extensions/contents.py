"""The contents of the project in the sidebar of every page, resolved once for a whole build.

Sphinx resolves them anew for each page, copying the sections of all pages to do so, which took a
third of the time of a guide.  What differs from page to page is where links lead from there, and
which of them are current.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment.adapters.toctree import TocTree

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: What furo asks for, and so what is provided here; a theme that asks otherwise is given Sphinx's.
ASKED: dict[str, Any] = {
    "collapse": False,
    "titles_only": True,
    "maxdepth": -1,
    "includehidden": True,
}


def leave_out(tree: nodes.Element, folders: Sequence[str], pages: Mapping[str, str]) -> None:
    """Take the pages below some folders out of the contents.

    They are the many pages of a reference, which has a table of its own; listed on every page they
    would be most of what a page consists of.
    """
    for link in list(tree.findall(nodes.reference)):
        page = pages.get(link["refuri"].partition("#")[0], "")
        item = next(_ancestors(link, nodes.list_item), None)
        if item is not None and page.startswith(tuple(f"{folder}/" for folder in folders)):
            branch = item.parent
            branch.remove(item)
            if not branch.children:
                branch.parent.remove(branch)


def _ancestors(node: nodes.Node, kind: type[nodes.Element]) -> Iterator[nodes.Element]:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kind):
            yield node


class Contents:
    """The contents of a project.

    Args:
        builder: writes the pages.
    """

    def __init__(self, builder: StandaloneHTMLBuilder) -> None:
        self._builder = builder
        root = builder.config.root_doc
        self._tree = TocTree(builder.env).get_toctree_for(root, builder, **ASKED)
        pages = {builder.get_relative_uri(root, name): name for name in builder.env.all_docs}
        self._folders: Sequence[str] = builder.config.contents_leaves_out
        if self._tree is not None:
            leave_out(self._tree, self._folders, pages)
        found = self._tree.findall(nodes.reference) if self._tree is not None else ()
        self._links: list[tuple[nodes.reference, str, str]] = []
        for link in found:
            address, _, anchor = link["refuri"].partition("#")
            if link.get("internal") and address in pages:
                self._links.append((link, pages[address], anchor))

    def html(self, pagename: str) -> str:
        """The contents as they stand on a page."""
        if self._tree is None:
            return ""
        for element in self._tree.findall(nodes.Element):
            if "current" in element["classes"]:
                element["classes"].remove("current")
        for link, target, anchor in self._links:
            address = self._builder.get_relative_uri(pagename, target)
            link["refuri"] = f"{address}#{anchor}" if anchor else address
            if target == self._listed(pagename) and not anchor:
                branch: nodes.Element | None = link
                while branch is not None:
                    branch["classes"].append("current")
                    branch = branch.parent
        fragment: str = self._builder.render_partial(self._tree)["fragment"]
        self._tree.parent = None
        return fragment

    def _listed(self, pagename: str) -> str:
        """The page that stands for another in the contents: that of its folder, or itself."""
        folder = pagename.partition("/")[0]
        return folder if folder in self._folders else pagename


class Provider:
    """The handlers of one application."""

    def __init__(self) -> None:
        self._contents: Contents | None = None

    def begin(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Forget the contents that another build of the application had (``env-updated``)."""
        self._contents = None

    def add(
        self,
        app: Sphinx,
        pagename: str,
        templatename: str,
        context: dict[str, Any],
        doctree: nodes.document | None,
    ) -> None:
        """Give a page's template the contents (``html-page-context``)."""
        if isinstance(app.builder, StandaloneHTMLBuilder) and "toctree" in context:
            context["toctree"] = partial(self.toctree, app.builder, pagename, context["toctree"])

    def toctree(
        self,
        builder: StandaloneHTMLBuilder,
        pagename: str,
        original: Callable[..., str],
        **asked: Any,
    ) -> str:
        """What the function ``toctree`` of a template gives."""
        if asked != ASKED:
            return original(**asked)
        if self._contents is None:
            self._contents = Contents(builder)
        return self._contents.html(pagename)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the handlers."""
    provider = Provider()
    app.add_config_value("contents_leaves_out", [], "html", [list])
    app.connect("env-updated", provider.begin)
    app.connect("html-page-context", provider.add, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
