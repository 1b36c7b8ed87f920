"""Where Sphinx calls bytedoc during a build: after reading, and before each page is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.transforms.post_transforms import SphinxPostTransform

from .domain import bytedoc_domain

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

#: Builders that never show a result.
_WITHOUT_RESULTS = frozenset({"gettext"})


def settle(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The handler of ``env-updated``: have all results; the pages that must be written again."""
    results = bytedoc_domain(env).results
    results.builder, results.verbosity = app.builder, app.verbosity
    return [] if app.builder.name in _WITHOUT_RESULTS else results.settle()


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
