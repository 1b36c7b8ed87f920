"""bytedoc: what real CPython interpreters answer, in the pages of a Sphinx project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with Sphinx."""
    # Here, so that the rest of bytedoc can be imported without Sphinx.
    from . import builders, config, domain, nodes, page_releases, site, transforms  # noqa: PLC0415

    config.register(app)
    app.add_domain(domain.BytedocDomain)
    nodes.register(app)
    builders.register(app)
    page_releases.register(app)
    site.register(app)
    app.add_post_transform(transforms.RenderResults)
    # Before others look at results: what was there tells whether something has to be asked.
    app.connect("env-updated", transforms.settle, priority=400)
    app.connect("html-collect-pages", transforms.collect_pages)
    app.connect("build-finished", transforms.write_data)
    app.connect("config-inited", add_static_files)
    app.add_css_file("bytedoc.css")
    app.connect("html-page-context", transforms.add_files)
    return {
        "version": __version__,
        "env_version": 1,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }


def add_static_files(app: Sphinx, config: SphinxConfig) -> None:
    """Let HTML builders copy the style sheet; the same in every build, so nothing seems changed."""
    config.html_static_path = [*config.html_static_path, str(Path(__file__).parent / "static")]
