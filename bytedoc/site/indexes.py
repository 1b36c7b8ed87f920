"""Lists for machines: ``switcher.json``, ``sitemap.xml`` and ``robots.txt``."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from ..release import Release
from .pages import File
from .releases import STABLE

if TYPE_CHECKING:
    from .builder import SiteBuilder

#: See https://www.sitemaps.org/protocol.html
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def files(builder: SiteBuilder) -> Iterator[File]:
    """The lists; a sitemap needs the address of the site, for it holds absolute ones alone."""
    base = builder.config.html_baseurl
    versions = switcher(builder, base)
    yield File(".nojekyll", "", bytes)  # GitHub Pages would leave out folders such as _static
    yield File("switcher.json", versions, lambda: json.dumps(versions, indent=1).encode("ascii"))
    if not base:
        return
    addresses = [posixpath.join(base, address) for address in addresses_of(builder)]
    yield File("sitemap.xml", addresses, lambda: sitemap(addresses))
    if urlsplit(base).path in {"", "/"}:  # where alone it is looked for
        text = f"User-agent: *\nAllow: /\nSitemap: {posixpath.join(base, 'sitemap.xml')}\n"
        yield File("robots.txt", text, text.encode)


def switcher(builder: SiteBuilder, base: str) -> list[dict[str, str | bool]]:
    """The releases, the newest first, as pydata-sphinx-theme and themes like it read them.

    See https://pydata-sphinx-theme.readthedocs.io/en/stable/user_guide/version-dropdown.html
    """
    found: list[dict[str, str | bool]] = []
    for item in reversed(builder.chrome.releases):
        is_stable = item is builder.chrome.stable
        entry: dict[str, str | bool] = {
            "name": f"{item.name} (stable)" if is_stable else item.name,
            "version": item.name,
            "url": posixpath.join(base, f"{item.name}/"),
        }
        if is_stable:
            entry["preferred"] = True
        found.append(entry)
    return found


def addresses_of(builder: SiteBuilder) -> Iterator[str]:
    """Every page, under the one address by which search engines are to know it."""
    yield from (f"{name}.html" for name in builder.listed)
    for item in reversed(builder.chrome.releases):
        folder = STABLE if item is builder.chrome.stable else item.name
        for docname in sorted(builder.env.all_docs):
            if Release.parse(item.name) in builder.domain.page_releases(docname):
                address = builder.get_target_uri(docname).removeprefix(f"{STABLE}/")
                yield f"{folder}/{address}"


def sitemap(addresses: Iterable[str]) -> bytes:
    """The text of ``sitemap.xml``."""
    root = ET.Element("urlset", xmlns=_SITEMAP)
    for address in addresses:
        ET.SubElement(ET.SubElement(root, "url"), "loc").text = address
    ET.indent(root)
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found + b"\n"
