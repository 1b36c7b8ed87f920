"""Pages that come from no source file, and which of them must be written again."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .request import digest_of

if TYPE_CHECKING:
    from sphinx.builders.html import StandaloneHTMLBuilder

    from .results import Results


class Page(NamedTuple):
    """A page that comes from no source file.

    Attributes:
        name: its name, as Sphinx names pages.
        inputs: JSON of all that it is made of, apart from the configuration and the templates.
        context: makes what its template is given; called only where it is written.
        template: the template.
        is_listed: whether search engines are to find it.
    """

    name: str
    inputs: Any
    context: Callable[[], dict[str, Any]]
    template: str = "page.html"
    is_listed: bool = True


def outdated(
    builder: StandaloneHTMLBuilder, results: Results, pages: Iterable[Page]
) -> Iterator[Page]:
    """The pages that are not there, or were made of something else; the others stay as they are.

    What they were made of is kept beside the results, by the folder of the output.
    """
    remembered = read(results.pages)
    key = f"{builder.name} {builder.outdir}"
    before = remembered.get(key, {})
    around = surroundings(builder)
    known = before.get("digests", {}) if before.get("around") == around else {}
    digests = {}
    for page in pages:
        digest = digests[page.name] = digest_of(page.inputs)
        if known.get(page.name) != digest or not Path(builder.get_output_path(page.name)).exists():
            yield page
    for name in before.get("digests", {}).keys() - digests.keys():
        Path(builder.get_output_path(name)).unlink(missing_ok=True)
    found = {"around": around, "digests": digests}
    if found != before:
        write(results.pages, {**remembered, key: found})


def surroundings(builder: StandaloneHTMLBuilder) -> str:
    """A digest of what all pages have in common: configuration, templates, contents."""
    env = builder.env
    return digest_of(
        [
            [builder.build_info.config_hash, builder.build_info.tags_hash],
            builder.templates.newest_template_mtime(),
            sorted((name, title.astext()) for name, title in env.titles.items()),
            {name: list(pages) for name, pages in env.toctree_includes.items()},
        ]
    )


def read(path: Path) -> dict[str, Any]:
    """The memory; empty where there is none, or it is damaged."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def write(path: Path, found: dict[str, Any]) -> None:
    """Keep the memory; where the disk does not take it, pages are written again."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_text(json.dumps(found, sort_keys=True), encoding="utf-8")
        part.replace(path)
