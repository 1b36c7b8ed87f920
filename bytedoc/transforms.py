"""Where Sphinx calls bytedoc during a build: after reading, and before each page is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sphinx.transforms.post_transforms import SphinxPostTransform

from .domain import bytedoc_domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.builders.html import StandaloneHTMLBuilder
    from sphinx.environment import BuildEnvironment

#: Builders that never show a result, or ask for all of them by themselves.
_WITHOUT_RESULTS = frozenset({"gettext", "capture", "capture-check", "claims", "site", "site-plan"})


def settle(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The handler of ``env-updated``: have all results; the pages that must be written again."""
    results = bytedoc_domain(env).results
    results.builder, results.verbosity = app.builder, app.verbosity
    return [] if app.builder.name in _WITHOUT_RESULTS else results.settle()


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The handler of ``html-collect-pages``: histories, and what changed in each release."""
    results = bytedoc_domain(app.env).results
    if results.config.site or not results.config.histories:
        return  # a site has them once, for all guides
    if not results.has_histories and not results.pages.exists():
        return  # there are none, and there were none
    from .additional import outdated  # noqa: PLC0415
    from .comparing import history, release_changes  # noqa: PLC0415 - only where there are such pages

    pages = (*history.pages(results), *release_changes.pages(results))
    for page in outdated(cast("StandaloneHTMLBuilder", app.builder), results, pages):
        yield page.name, page.context(), page.template


def add_files(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """The handler of ``html-page-context``: what pages of a reference need besides."""
    domain = bytedoc_domain(app.env)
    views = {use.view for use in domain.uses.get(pagename, ())}
    if views & {"opcode", "opcode-index", "opcode-releases"}:
        app.add_css_file("bytedoc-reference.css")
    if "opcode-releases" in views:
        app.add_js_file("bytedoc-table.js", defer="defer")


def write_data(app: Sphinx, exception: Exception | None) -> None:
    """The handler of ``build-finished``: the results as files of data, where they are wanted."""
    if exception is None and app.config.bytedoc_data:
        from .data_files import write  # noqa: PLC0415 - only where data is wanted

        write(bytedoc_domain(app.env).results)


class RenderResults(SphinxPostTransform):
    """Replaces pending nodes; before references are resolved, for results may have some.

    A post-transform, so that every builder is served.
    """

    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        from .render import PageRenderer  # noqa: PLC0415 - only when a page is written

        domain = bytedoc_domain(self.env)
        if domain.results.builder.name not in _WITHOUT_RESULTS:
            PageRenderer(domain, self.env.docname).render(self.document)
