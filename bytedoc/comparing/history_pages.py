"""The HTML of histories: the page of one example, and the list of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from docutils import nodes

from ..errors import BytedocError
from ..render import PageRenderer
from ..views.base import failed, table
from ..views.compare import history_nodes, summary
from . import release_changes
from .history import INDEX, History, Subject, section_of, wanted

if TYPE_CHECKING:
    from ..results import Results


def page(results: Results, history: History) -> dict[str, Any]:
    """What the template of an example's page is given."""
    example = history.example
    renderer = PageRenderer(results.domain, history.pagename)
    title = f"History of {example.name}" if example.named else "History of an example"
    section = nodes.section("", nodes.title("", title), ids=["history"])
    section += nodes.paragraph(
        "",
        "",
        nodes.Text("What every release of Python makes of this example of the page "),
        link_to(results, history.pagename, example.docname, example.anchor),
        nodes.Text("."),
    )
    source = example.source.rstrip("\n")
    section += nodes.literal_block(
        source, source, language="python", classes=["bytedoc-source"], force=True
    )
    several = len(history.subjects) > 1
    for subject in history.subjects:
        content = subject_nodes(results, renderer, history, subject)
        anchor = section_of(subject.use)
        if several:
            heading = nodes.title("", "", *subject_title(subject))
            section += nodes.section("", heading, *content, ids=[anchor])
        else:
            section += nodes.container("", *content, ids=[anchor])
    return context(results, history.pagename, title, section)


def subject_nodes(
    results: Results, renderer: PageRenderer, history: History, subject: Subject
) -> list[nodes.Node]:
    """The listings of all releases, and what changed between them."""
    target = results.target()
    try:
        answers = results.results_across(subject.use)
    except BytedocError as error:
        return failed(None, error)
    if target is None:
        return []
    return history_nodes(subject.use, history.example, answers, renderer.page(target))


def subject_title(subject: Subject) -> list[nodes.Node]:
    """What a listing is of, where an example has several."""
    options = subject.use.options
    name = options.get("object")
    found: list[nodes.Node] = [nodes.literal("", name)] if name else [nodes.Text("The module")]
    if options.get("mode"):
        found.append(nodes.Text(f", compiled in mode {options['mode']}"))
    if options.get("optimize"):
        found.append(nodes.Text(f", optimize {options['optimize']}"))
    return found


def index_page(results: Results, histories: Iterable[History]) -> dict[str, Any]:
    """What the list of all examples is: page by page, with the runs of equal bytecode."""
    pagename = INDEX
    by_page: dict[str, list[History]] = {}
    for history in histories:
        by_page.setdefault(history.example.docname, []).append(history)
    title = "All examples, in all releases"
    section = nodes.section("", nodes.title("", title), ids=["histories"])
    for docname, found in sorted(by_page.items()):
        heading = nodes.title("", "", link_to(results, pagename, docname))
        rows = [index_row(results, pagename, history) for history in found]
        content = table(("Example", "Same bytecode in"), rows, (40, 60))
        section += nodes.section("", heading, content, ids=[nodes.make_id(docname)])
    return context(results, pagename, title, section)


def index_row(results: Results, pagename: str, history: History) -> list[nodes.Node | str]:
    """An example, and the runs of releases in which its bytecode is the same."""
    example = history.example
    name = example.name if example.named else example.source.strip().split("\n")[0]
    address = results.builder.get_relative_uri(pagename, history.pagename)
    link = nodes.reference("", "", nodes.literal("", name), refuri=address, internal=True)
    try:
        runs = summary(results.results_across(history.subjects[0].use))
    except BytedocError as error:
        runs = error.message
    return [link, runs]


def link_to(results: Results, pagename: str, docname: str, anchor: str = "") -> nodes.reference:
    """A link from one of these pages to a page of the project, named by its title."""
    title = results.domain.env.titles.get(docname)
    address = results.builder.get_relative_uri(pagename, docname)
    return nodes.reference(
        "",
        docname if title is None else title.astext(),
        refuri=f"{address}#{anchor}" if anchor else address,
        internal=True,
    )


def context(results: Results, pagename: str, title: str, section: nodes.section) -> dict[str, Any]:
    """A section as the body of a page, with links to the lists of all such pages at its end."""
    builder: Any = results.builder
    section += further(results, pagename)
    # Which page is written is told to it page by page, and may not have been at all.
    builder.current_docname, builder.secnumbers, builder.fignumbers = pagename, {}, {}
    body = builder.render_partial(section)["fragment"]
    return {
        "title": title,
        "body": body,
        "parents": [],
        "display_toc": False,
        "is_of_all_releases": True,
    }


def further(results: Results, pagename: str) -> list[nodes.Node]:
    """Links from one of these pages to the lists of all that are there."""
    lists = []
    if wanted(results):
        lists.append((INDEX, "all examples"))
    if release_changes.wanted(results):
        lists.append((release_changes.INDEX, "what changed, release by release"))
    links = [
        nodes.reference(
            "", text, refuri=results.builder.get_relative_uri(pagename, name), internal=True
        )
        for name, text in lists
        if name != pagename
    ]
    if not links:
        return []
    between = [part for link in links for part in (nodes.Text(", "), link)][1:]
    return [nodes.paragraph("", "Further: ", *between, classes=["bytedoc-note"])]
