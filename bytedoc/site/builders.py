"""The builders of a site, by name: what they do is imported when one of them is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.builders import Builder

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


class Site(Builder):
    """Stands for `bytedoc.site.builder.SiteBuilder`."""

    name = "site"

    def __new__(cls, app: Sphinx, env: BuildEnvironment) -> Builder:  # type: ignore[misc]
        from .builder import SiteBuilder  # noqa: PLC0415

        return SiteBuilder(app, env)


class SitePlan(Builder):
    """Stands for `bytedoc.site.planning.PlanBuilder`."""

    name = "site-plan"

    def __new__(cls, app: Sphinx, env: BuildEnvironment) -> Builder:  # type: ignore[misc]
        from .planning import PlanBuilder  # noqa: PLC0415

        return PlanBuilder(app, env)
