"""Pages for some releases only: ``bytedoc-releases: 3.11+`` in the front matter of a page.

In the guide of another release such a page keeps its title and its address, says for which
releases it is, and leads to the nearest of them.  Its examples are not asked there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from .domain import BytedocDomain, bytedoc_domain
from .errors import Problem
from .release import FLOOR, Release, ReleaseRange

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The field of the front matter, or of the fields with which a page in reStructuredText begins.
FIELD = "bytedoc-releases"


def read(app: Sphinx, doctree: nodes.document) -> None:
    """Note for which releases a page is, when it was read (``doctree-read``)."""
    docname = app.env.docname
    text = app.env.metadata[docname].get(FIELD)
    if text is None:
        return
    domain = bytedoc_domain(app.env)
    try:
        releases = parsed(str(text))
    except ValueError as error:
        path = app.env.doc2path(docname, base=False)
        message = f"{FIELD}: {error}"
        domain.note_problem(Problem("option", message, docname, str(path), 1))
    else:
        domain.note_page_releases(docname, releases)


def parsed(text: str) -> ReleaseRange:
    """The releases that a page names.

    Raises:
        ValueError: it names none, or one that is too old: YAML reads 3.10 as the number 3.1.
    """
    releases = ReleaseRange.parse(text)
    for release in (releases.first, releases.last):
        if release is not None and release < FLOOR:
            raise ValueError(
                f"{release} is older than {FLOOR}; in YAML, releases stand in quotes: '3.10'"
            )
    return releases


def replace_pages(domain: BytedocDomain, document: nodes.document, release: Release) -> None:
    """Replace what is not for a release: the page, or those of a document of several pages."""
    if not domain.data["page_releases"]:
        return
    inlined = list(document.findall(addnodes.start_of_file))
    pages = [(document, domain.env.docname)] if not inlined else []
    for node, docname in pages + [(node, node["docname"]) for node in inlined]:
        releases = domain.page_releases(docname)
        if release not in releases:
            anchors = [use.anchor for use in domain.uses.get(docname, ()) if use.anchor]
            replace_content(node, anchors, says(domain, docname, releases, release))


def replace_content(page: nodes.Element, anchors: Iterable[str], notes: list[nodes.Node]) -> None:
    """Leave the title of a page, and every anchor in it, so that links to it still lead there."""
    section = page.next_node(nodes.section)
    title = page.next_node(nodes.title)
    kept: set[str] = set() if section is None else set(section["ids"])
    found = dict.fromkeys(name for node in page.findall(nodes.Element) for name in node["ids"])
    places = [nodes.target("", "", ids=[name]) for name in [*found, *anchors] if name not in kept]
    content: list[nodes.Node] = [*notes, nodes.paragraph("", "", *places)] if places else notes
    if section is None or title is None:
        page.children = []
        page.extend(content)
        return
    section.children, page.children = [], []
    section.extend([title, *content])
    page.append(section)


def says(
    domain: BytedocDomain, docname: str, releases: ReleaseRange, release: Release
) -> list[nodes.Node]:
    """What readers of another release find in the place of a page."""
    text = f"This page is for {in_words(releases)}. You are reading the guide for Python {release}."
    found: list[nodes.Node] = [nodes.paragraph("", text)]
    results = domain.results
    others = [other for other in results.releases if other in releases]
    if results.config.site and others:
        nearest = min(others, key=lambda other: abs(other.minor - release.minor))
        address = results.builder.get_relative_uri(docname, f"../{nearest}/{docname}")
        link = nodes.reference(
            "", f"Read it in the guide for Python {nearest}", refuri=address, internal=True
        )
        found.append(nodes.paragraph("", "", link, nodes.Text(".")))
    return [nodes.container("", *found, classes=["bytedoc-page-releases"])]


def in_words(releases: ReleaseRange) -> str:
    """``Python 3.11 and newer``."""
    if releases.first is None:
        return f"Python {releases.last} and older"
    if releases.last is None:
        return f"Python {releases.first} and newer"
    if releases.first == releases.last:
        return f"Python {releases.first}"
    return f"Python {releases.first} to {releases.last}"


def register(app: Sphinx) -> None:
    """Read the field of each page."""
    # After Sphinx itself has collected the fields.
    app.connect("doctree-read", read, priority=800)
