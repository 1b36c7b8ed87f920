"""Where Sphinx calls this during a build: `bytedoc.site.context` gets into every page of HTML.

What does not depend on the theme is put into pages here: the canonical address, and a description
for search engines and link previews.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

from ..domain import bytedoc_domain
from .preview import describes_itself, tags

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from .context import Chrome

logger = logging.getLogger(__name__)


class AddContext:
    """The handlers of Sphinx's events; each application has its own."""

    def __init__(self) -> None:
        self._chrome: Chrome | None = None
        self._contents: dict[str, str] = {}

    def begin(self, app: Sphinx, env: BuildEnvironment) -> list[str]:
        """Write all pages again where what is around them changed (``env-updated``)."""
        if not isinstance(app.builder, StandaloneHTMLBuilder):
            return []
        from .context import Chrome  # noqa: PLC0415 - other builders have nothing around pages
        from .releases import wrong_dates  # noqa: PLC0415 - (the same)

        for name in wrong_dates(app.config.bytedoc_end_of_life):
            message = (
                "bytedoc_end_of_life: %r of %s is neither a day such as '2024-10-07' nor a month "
                "such as '2026-10'"
            )
            when = app.config.bytedoc_end_of_life[name]
            logger.warning(message, when, name, type="bytedoc", subtype="option")
        self._chrome = Chrome(app)
        known = bytedoc_domain(env).data.setdefault("chrome", {})
        key = f"{app.builder.name} {app.builder.outdir}"
        digest = self._chrome.digest()
        if known.get(key) == digest:
            return []
        known[key] = digest
        return sorted(env.all_docs)

    def add(
        self,
        app: Sphinx,
        pagename: str,
        templatename: str,
        context: dict[str, Any],
        doctree: nodes.document | None,
    ) -> None:
        """Put everything into the context of a page (``html-page-context``)."""
        builder = app.builder
        if self._chrome is None or not isinstance(builder, StandaloneHTMLBuilder):
            return
        if builder.embedded:  # into something that has its own frame
            return
        page = self._chrome.page(pagename, doctree)
        is_listed = context.get("is_listed", True)
        if not is_listed:
            page = page._replace(canonical="")
        if context.get("is_of_all_releases"):
            page = page._replace(release="", version="", is_final=True, is_over=False)
        context["bytedoc"] = page
        if builder.name == "site":
            context["toctree"] = self._remembered(context["toctree"], context["content_root"])
        context["pageurl"] = page.canonical or None
        if not page.is_for_release:
            context["toc"] = ""  # of what is not there
            context["display_toc"] = False
        title = app.env.titles[pagename].astext() if doctree else context.get("title", "")
        if doctree is not None and page.release and app.config.bytedoc_site:
            keep(Path(app.doctreedir), page.release, pagename, context["body"])
        meta = tags(
            page,
            title,
            app.config.html_title,
            describes_itself=describes_itself(doctree),
            is_listed=is_listed,
        )
        context["metatags"] = f"{context.get('metatags') or ''}{meta}"

    def _remembered(self, toctree: Callable[..., str], root: str) -> Callable[..., str]:
        """The contents of the project, which are the same around all pages about all releases."""

        def contents(**kwargs: Any) -> str:
            key = f"{root} {sorted(kwargs.items())}"
            if key not in self._contents:
                self._contents[key] = toctree(**kwargs)
            return self._contents[key]

        return contents


def keep(doctrees: Path, release: str, pagename: str, body: str) -> None:
    """Leave the body of a page for the comparison of guides, where several are built together."""
    from .bodies import folder_of, keep_body  # noqa: PLC0415 - only a site has guides to compare
    from .folders import work_of  # noqa: PLC0415 - (the same)

    work = work_of(doctrees)
    if work is not None:
        keep_body(folder_of(work, release), pagename, body)


def add_script(app: Sphinx) -> None:
    """Let pages of a site load the script (``builder-inited``)."""
    if app.config.bytedoc_site:
        app.add_js_file("bytedoc-site.js", loading_method="defer")


def register(app: Sphinx) -> None:
    """Connect the handlers."""
    handlers = AddContext()
    app.connect("builder-inited", add_script)
    # After the results are settled: where they are kept is looked at first.
    app.connect("env-updated", handlers.begin, priority=600)
    app.connect("html-page-context", handlers.add)
