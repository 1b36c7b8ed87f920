"""Pages about several releases: the history of each example, and what changed in each release."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from conftest import Build, Built, interpreter_or_skip
from markup import LOOP, contents, directive, found, md, output, soup

from bytedoc.answers.opcodes import Opcode
from bytedoc.comparing.changes import changes, of_kind
from bytedoc.comparing.history import histories
from bytedoc.interpreters import Interpreters
from bytedoc.request import Interpreter
from bytedoc.runner import ask

RELEASES = ["3.8", "3.9", "3.12", "3.13"]


def one(name: str, content: str = "", argument: str = "", /, **options: str | bool) -> str:
    """A directive in MyST."""
    return directive("md", name, argument, content, **options)


PROJECT = {
    **md(
        one("dis", LOOP, name="loop", object="total"),
        one("dis", "", "loop", object="total"),
        one("dis", "x = 1"),
        one("dis", "match x:\n    case 1: pass", since="3.10", name="newer"),
        one("code-object", "y = 1", name="no-listing"),
        name="page",
    ),
    **md(one("dis", "", "loop"), name="folder/other"),
    "index.md": "# Index\n\n" + contents("page", "folder/other"),
}


@pytest.fixture
def all_here(interpreters: Interpreters) -> dict[str, Interpreter]:
    """The interpreters of the releases; without one the test is skipped."""
    return {release: interpreter_or_skip(interpreters, release) for release in RELEASES}


def conf(releases: list[str] = RELEASES, **more: object) -> Mapping[str, object]:
    """The configuration for some releases."""
    return {"bytedoc_releases": releases, **more}


def pages(built: Built, folder: str) -> list[str]:
    """The pages in a folder of the output."""
    root = built.out / folder
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.html"))


def test_each_example_with_a_listing_has_a_page(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    assert built.warnings == ""
    names = pages(built, "history")
    assert {"index.html", "loop.html", "newer.html"} < set(names)
    assert len(names) == 4  # and that of the example without a name
    assert "no-listing.html" not in names


@pytest.mark.parametrize("page", ["page.html", "folder/other.html"])
def test_a_listing_leads_to_its_history(
    build: Build, all_here: dict[str, Interpreter], page: str
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    listings = soup(built, page).select(".bytedoc-dis")
    assert listings
    for listing in listings:
        address = str(found(listing, ".bytedoc-history-link a")["href"])
        name, _, anchor = address.partition("#")
        path = (built.out / page).parent / name
        assert path.is_file()
        assert f'id="{anchor}"' in path.read_text(encoding="utf-8")


def test_a_history_shows_all_releases_and_what_changed(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    history = soup(built, "history/loop.html")
    text = history.get_text()
    groups = [row.get_text() for row in history.select(".bytedoc-groups td:first-child")]
    assert groups[: len(groups) // 2] or groups
    for release in RELEASES:
        assert any(release in group for group in groups)
    assert "BINARY_ADD" not in text or "BINARY_OP" in text
    assert "INPLACE_ADD became BINARY_OP" in " ".join(text.split())
    assert "What every release of Python makes of this example" in text


def test_a_history_has_a_section_for_each_code_object_that_is_shown(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    headings = [item.get_text() for item in soup(built, "history/loop.html").select("h2")]
    assert len(headings) == 2
    assert any("total" in heading for heading in headings)
    assert any("module" in heading for heading in headings)


def test_an_example_for_some_releases_is_compared_in_these(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    groups = soup(built, "history/newer.html").select_one(".bytedoc-groups")
    assert groups is not None
    assert "3.12" in groups.get_text()
    assert "3.8" not in groups.get_text()


def test_the_index_leads_to_every_history(build: Build, all_here: dict[str, Interpreter]) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    links = {str(link["href"]) for link in soup(built, "history/index.html").select("table a")}
    names = set(pages(built, "history")) - {"index.html"}
    assert links == names


@pytest.mark.parametrize(
    ("builder", "more"),
    [
        ("html", {"bytedoc_releases": ["3.12"]}),
        ("html", {"bytedoc_histories": False}),
        ("text", {}),
    ],
)
def test_there_are_none_for_one_release_where_not_wanted_and_in_other_formats(
    build: Build, all_here: dict[str, Interpreter], builder: str, more: Mapping[str, object]
) -> None:
    built = build(PROJECT, builder, conf={**conf(), **more}, target="3.12")
    assert built.warnings == ""
    assert not (built.out / "history").exists()
    assert not (built.out / "changes").exists()
    assert "all releases" not in built.read(f"page.{'html' if builder == 'html' else 'txt'}")


def test_what_changed_in_instructions_leads_to_what_changed_in_examples(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    told = {**PROJECT, **md(directive("md", "changes", "3.9"), name="told")}
    built = build(told, conf=conf(), target="3.12")
    link = found(output(built, "changes", name="told.html"), ".bytedoc-history-link a")
    assert link["href"] == "changes/3.9.html"
    built = build(conf=conf(bytedoc_site=True), target="3.12", fresh=True)
    link = found(output(built, "changes", name="told.html"), ".bytedoc-history-link a")
    assert link["href"] == "../changes/3.9.html"


@pytest.mark.parametrize("page", ["history/loop.html", "history/index.html", "changes/3.9.html"])
def test_pages_about_all_releases_lead_to_the_lists_of_them(
    build: Build, all_here: dict[str, Interpreter], page: str
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    folder = (built.out / page).parent
    links = soup(built, page).select(".body a[href]")
    targets = {(folder / str(link["href"]).partition("#")[0]).resolve() for link in links}
    lists = {built.out.resolve() / f"{name}/index.html" for name in ("history", "changes")}
    assert targets >= lists - {(built.out / page).resolve()}


def test_in_a_site_listings_lead_to_histories_beside_the_guides(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(bytedoc_site=True), target="3.12")
    assert not (built.out / "history").exists()
    link = found(output(built, "dis", name="folder/other.html"), ".bytedoc-history-link a")
    assert str(link["href"]).startswith("../../history/loop.html#")


def test_only_what_changed_is_written_again(build: Build, all_here: dict[str, Interpreter]) -> None:
    settings = conf()
    built = build(PROJECT, conf=settings, target="3.12")
    before = stamps(built)
    assert stamps(build(conf=settings, target="3.12")) == before
    edited = {"page.md": PROJECT["page.md"].replace("x = 1", "x = 2")}
    again = build(edited, conf=settings, target="3.12")
    after = stamps(again)
    assert after.keys() != before.keys()  # the example has no name but its source
    changed = {name for name in after if after[name] != before.get(name)}
    assert not any(name.startswith("history/newer") for name in changed)
    assert "history/index.html" in changed
    assert set(pages(again, "history")) == {
        name.removeprefix("history/") for name in after if name.startswith("history/")
    }
    (again.out / "history" / "loop.html").unlink()
    assert (build(conf=settings, target="3.12").out / "history" / "loop.html").is_file()


def stamps(built: Built) -> dict[str, int]:
    """When each page about several releases was written."""
    return {
        path.relative_to(built.out).as_posix(): path.stat().st_mtime_ns
        for folder in ("history", "changes")
        for path in (built.out / folder).rglob("*.html")
    }


def test_each_release_but_the_first_has_a_page_of_what_changed(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    assert pages(built, "changes") == ["3.12.html", "3.13.html", "3.9.html", "index.html"]
    text = soup(built, "changes/3.9.html").get_text()
    sets = [
        [Opcode.from_json(item) for item in ask(all_here[name].executable, "opcodes")["opcodes"]]
        for name in ("3.8", "3.9")
    ]
    wanted = changes(*(of_kind(each, "real") for each in sets))
    assert wanted.added
    assert wanted.removed
    for item in (*wanted.added, *wanted.removed):
        assert item.name in text
    assert f"{len(wanted.added)} instructions were added" in text


def test_what_changed_names_the_examples_that_differ_and_leads_to_their_histories(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    built = build(PROJECT, conf=conf(), target="3.12")
    page = soup(built, "changes/3.12.html")
    terms = page.select(".bytedoc-changed-examples dt a")
    assert any(term.get_text().startswith("loop") for term in terms)
    for term in terms:
        name, _, anchor = str(term["href"]).partition("#")
        path = built.out / "changes" / name
        assert f'id="{anchor}"' in path.read_text(encoding="utf-8")
    same = soup(built, "changes/3.9.html").get_text()
    assert "The bytecode of none of" in same


def test_a_release_that_can_not_answer_is_said_on_the_page(build: Build) -> None:
    missing = conf(["3.97", "3.98", f"3.{__import__('sys').version_info[1]}"])
    built = build(PROJECT, conf=missing)
    assert built.warnings == ""
    text = soup(built, "history/loop.html").get_text()
    assert "3.97not recorded" in "".join(text.split("\n")).replace(" ", "") or "3.97" in text
    assert "not recorded" in text


def test_histories_follow_from_examples_and_uses_alone() -> None:
    assert histories({}, {}) == {}


def test_the_compare_directive_shows_the_same_in_text(
    build: Build, all_here: dict[str, Interpreter]
) -> None:
    files = {**PROJECT, **md(one("compare", "", "loop", object="total"), name="comparing")}
    files["index.md"] += "\n\n" + contents("comparing")
    built = build(files, "text", conf=conf(), target="3.12")
    text = built.read("comparing.txt")
    assert "INPLACE_ADD" in text
    assert "became" in text


def test_a_comparison_of_what_is_not_recorded_is_told_at_its_line(
    build: Build, tmp_path: Path
) -> None:
    built = build(
        md(one("dis", LOOP, name="loop"), one("compare", "", "loop")), conf=conf(["3.97", "3.98"])
    )
    assert "compare of loop on 3.97: 3.97 has no capture and no interpreter here" in built.warnings
    assert "[bytedoc.not-recorded]" in built.warnings
    assert "not recorded" in shown_page(built)


def shown_page(built: Built) -> str:
    """The text of the page."""
    return soup(built).get_text()
