"""One site for several releases: a guide for each, built from the same pages, and what joins them.

``python -m bytedoc.site`` builds it.  In a Sphinx build this gives every page of HTML what it may
say of its release and of the others (`bytedoc.site.context`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config as SphinxConfig


def register(app: Sphinx) -> None:
    """Add the builders, the templates, the static files and what pages say of releases."""
    from . import builders, events  # noqa: PLC0415 - the driver needs no Sphinx

    app.add_builder(builders.Site)
    app.add_builder(builders.SitePlan)
    app.connect("config-inited", add_folders)
    events.register(app)


def add_folders(app: Sphinx, config: SphinxConfig) -> None:
    """Let templates of the project and of its theme include ours, and replace them.

    Files that only a site needs are copied to a site alone.
    """
    here = Path(__file__).parent
    config.templates_path = [*config.templates_path, str(here / "templates")]
    if config.bytedoc_site:
        config.html_static_path = [*config.html_static_path, str(here / "static")]
