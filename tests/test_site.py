"""A site of several releases, built by its command from a small project with real interpreters."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import bs4
import pytest
from conftest import interpreter_or_skip
from markup import LOOP, contents, directive, found, md
from test_browser import chromium, visit

import bytedoc
from bytedoc.interpreters import Interpreters

__all__ = ["chromium"]  # a fixture

BASE = "https://example.org/python/"
CONF = {
    "project": "Project",
    "extensions": ["myst_parser", "bytedoc"],
    "primary_domain": "bytedoc",
    "html_theme": "basic",
    "html_baseurl": BASE,
    "html_sidebars": {"**": ["globaltoc.html", "bytedoc-switcher.html", "bytedoc-joined.html"]},
    "templates_path": ["_templates"],
    "myst_enable_extensions": ["colon_fence"],
    "myst_heading_anchors": 2,
    "bytedoc_releases": ["3.8", "3.11", "3.13"],
    "bytedoc_end_of_life": {"3.8": "2024-10-07", "3.11": "2099-10", "3.13": "2099-10-31"},
}
#: What a theme's template has around each page.
PAGE = """\
{% extends "!page.html" %}
{% block body %}{% include "bytedoc-release.html" %}{{ super() }}{% endblock %}
"""
NEWER = """\
try:
    pass
except* ValueError:
    pass
"""
PROJECT = {
    "_templates/page.html": PAGE,
    "index.md": "# Start\n\nWords before all others.\n\n" + contents("loops", "newer", "sub/words"),
    **md(
        directive("md", "dis", "", LOOP, name="loop", expect="FOR_ITER"),
        "The name is {value}`loop: co_name`. See [groups](newer.md#groups), {example}`caught`.",
        name="loops",
    ),
    "newer.md": "---\nbytedoc-releases: 3.11+\n---\n"
    "# Newer\n\nFor some.\n\n## Groups\n\n" + directive("md", "dis", "", NEWER, name="caught"),
    **md("Only words, and {doc}`/loops`.", name="sub/words"),
}
RELEASES = ["3.8", "3.11", "3.13"]


@dataclass(frozen=True)
class Site:
    """A project, and the site of it.

    Attributes:
        source: the folder of the project.
        out: the folder of the site.
        said: what the last run printed.
        status: its exit status.
    """

    source: Path
    out: Path
    said: str = ""
    status: int = 0

    @property
    def command(self) -> list[str]:
        """What builds the site."""
        doctrees = self.source.parent / "doctrees"
        return [
            *(sys.executable, "-m", "bytedoc.site", str(self.source), str(self.out)),
            *("-d", str(doctrees)),
        ]

    def build(
        self,
        *arguments: str,
        files: Mapping[str, str] | None = None,
        conf: Mapping[str, object] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Site:
        """Write what is to be changed, and build."""
        for name, text in (files or {}).items():
            path = self.source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        if conf is not None or not (self.source / "conf.py").exists():
            values = {**CONF, **(conf or {})}
            text = "".join(f"{name} = {value!r}\n" for name, value in values.items())
            (self.source / "conf.py").write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*self.command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env=surroundings() | (environment or {}),
        )
        return Site(self.source, self.out, done.stdout, done.returncode)

    def page(self, name: str) -> bs4.BeautifulSoup:
        """A page, parsed."""
        return bs4.BeautifulSoup((self.out / name).read_text(encoding="utf-8"), "html.parser")

    def files(self) -> dict[str, int]:
        """The time of every file."""
        return {
            path.relative_to(self.out).as_posix(): path.stat().st_mtime_ns
            for path in sorted(self.out.rglob("*"))
            if path.is_file()
        }


def surroundings() -> dict[str, str]:
    """The environment, in which this bytedoc is found."""
    return {**os.environ, "PYTHONPATH": str(Path(bytedoc.__file__).parents[1])}


def new(folder: Path) -> Site:
    """A project without a site."""
    (folder / "source").mkdir()
    return Site(folder / "source", folder / "site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, interpreters: Interpreters) -> Site:
    """The site of `PROJECT`."""
    for release in RELEASES:
        interpreter_or_skip(interpreters, release)
    built = new(tmp_path_factory.mktemp("site")).build("--", "-n", "-W", files=PROJECT)
    assert built.status == 0, built.said
    return built


@pytest.fixture
def project(tmp_path: Path, interpreters: Interpreters) -> Site:
    """A small project for tests that change it."""
    for release in RELEASES[:2]:
        interpreter_or_skip(interpreters, release)
    return new(tmp_path)


SMALL = {"index.md": "# Small\n\nWords.\n\n" + directive("md", "dis", "", LOOP, name="loop")}
TWO = {"bytedoc_releases": RELEASES[:2]}


# -- links ------------------------------------------------------------------------------------


def links(page: bs4.BeautifulSoup) -> Iterator[str]:
    """Where a page leads, and what it loads."""
    for attribute in ("href", "src", "action"):
        for element in page.select(f"[{attribute}]:not(base):not([rel=canonical])"):
            yield str(element[attribute])


def broken(folder: Path) -> list[str]:
    """The links within a folder that lead nowhere, if its files are opened as they are."""
    pages = {
        path: bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for path in folder.rglob("*.html")
    }
    anchors = {
        path: {str(element["id"]) for element in page.select("[id]")}
        for path, page in pages.items()
    }
    found = []
    for path, page in pages.items():
        if page.base is not None:
            continue
        for link in links(page):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = Path(os.path.normpath(path.parent / unquote(parts.path)))
            target = target if parts.path else path
            has_anchor = not parts.fragment or unquote(parts.fragment) in anchors.get(target, ())
            if not target.is_file() or not target.is_relative_to(folder) or not has_anchor:
                found.append(f"{path.relative_to(folder)}: {link}")
    return found


def test_every_link_leads_somewhere_also_when_files_are_opened(site: Site) -> None:
    assert broken(site.out) == []


def test_links_that_lead_nowhere_would_be_seen(tmp_path: Path) -> None:
    """As the test before holds for a site without links, too."""
    text = '<p id="here"><a href="other.html">1</a><a href="#there">2</a><a href="#here">3</a>'
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert broken(tmp_path) == ["page.html: other.html", "page.html: #there"]


def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    for path in site.out.rglob("*.html"):
        page = site.page(path.relative_to(site.out).as_posix())
        for element in page.select("script[src], img[src], link[rel=stylesheet]"):
            address = str(element.get("src") or element.get("href"))
            assert not urlsplit(address).netloc, f"{path}: {address}"


# -- releases ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["index.html", "loops.html", "sub/words.html", "genindex.html"])
@pytest.mark.parametrize("release", RELEASES)
def test_the_switcher_leads_to_the_same_page(site: Site, release: str, name: str) -> None:
    page = site.page(f"{release}/{name}")
    here = f"{release}/{name}"
    entries = page.select(".bytedoc-switcher li a")
    reached = [urljoin(here, str(entry["href"])) for entry in entries]
    assert reached == [f"{other}/{name}" for other in reversed(RELEASES)]
    current = [entry for entry in entries if entry.get("aria-current")]
    assert [entry.get_text(" ", strip=True).split()[0] for entry in current] == [release]
    assert found(page, ".bytedoc-switcher summary strong").get_text() == release


def test_a_page_says_which_release_it_shows(site: Site, interpreters: Interpreters) -> None:
    for release in RELEASES:
        said = found(site.page(f"{release}/sub/words.html"), ".bytedoc-guide").get_text()
        assert f"Python {release}" in said
        assert interpreters.get(release).version in said.replace("\xa0", " ")


def test_a_release_past_its_end_of_life_says_so_and_leads_to_the_stable_page(site: Site) -> None:
    note = found(site.page("3.8/sub/words.html"), ".bytedoc-guide-note")
    assert "reached its end of life on 7 October 2024" in note.get_text()
    assert found(note, "a")["href"] == "../../stable/sub/words.html"
    assert site.page("3.11/sub/words.html").select(".bytedoc-guide-note") == []


def test_the_stable_guide_is_that_of_the_newest_release(site: Site) -> None:
    newest, stable = site.out / "3.13", site.out / "stable"
    names = {path.relative_to(newest) for path in newest.rglob("*") if path.is_file()}
    assert names == {path.relative_to(stable) for path in stable.rglob("*") if path.is_file()}
    for name in names:
        assert (newest / name).read_bytes() == (stable / name).read_bytes()


def test_a_page_has_one_canonical_address(site: Site) -> None:
    for folder, expected in (("3.13", "stable"), ("stable", "stable"), ("3.8", "3.8")):
        page = site.page(f"{folder}/sub/words.html")
        assert [link["href"] for link in page.select("link[rel=canonical]")] == [
            f"{BASE}{expected}/sub/words.html"
        ]
    front = found(site.page("index.html"), "link[rel=canonical]")
    assert front["href"] == f"{BASE}index.html"


def test_previews_of_links_say_what_a_page_is_about(site: Site) -> None:
    page = site.page("3.8/index.html")
    assert found(page, "meta[name=description]")["content"] == "Words before all others."
    title = found(page, "meta[property='og:title']")["content"]
    assert title == "Start (Python 3.8)"
    assert found(page, "meta[property='og:url']")["content"] == f"{BASE}3.8/index.html"


# -- pages for some releases -------------------------------------------------------------------


def test_a_page_for_other_releases_leads_to_the_nearest_of_them(site: Site) -> None:
    page = site.page("3.8/newer.html")
    assert found(page, "h1").get_text().startswith("Newer")
    note = found(page, ".bytedoc-page-releases")
    assert "This page is for Python 3.11 and newer." in note.get_text()
    assert found(note, "a")["href"] == "../3.11/newer.html"
    assert page.select(".bytedoc-output") == []
    assert "For some." not in page.get_text()
    assert page.select("#groups")  # where links to the section lead
    assert len(site.page("3.11/newer.html").select(".bytedoc-output")) == 1


def test_the_switcher_says_where_a_page_is_not(site: Site) -> None:
    entries = site.page("3.13/newer.html").select(".bytedoc-switcher li")
    lacking = [entry.a for entry in entries if "without this page" in entry.get_text()]
    assert [str(entry["href"]) for entry in lacking if entry] == ["../3.8/newer.html"]


@pytest.mark.parametrize(("text", "message"), [("3.10", "'3.10'"), ("new", "'new' is not a range")])
def test_a_range_of_releases_that_is_none_is_told(project: Site, text: str, message: str) -> None:
    page = {"index.md": f"---\nbytedoc-releases: {text}\n---\n# Page\n"}
    built = project.build("3.11", files=page, conf=TWO)
    assert "index.md:1: WARNING: bytedoc-releases:" in built.said
    assert message in built.said


# -- what joins the guides ---------------------------------------------------------------------


def test_the_front_page_leads_to_every_guide(site: Site) -> None:
    page = site.page("index.html")
    listed = [str(link["href"]) for link in page.select(".bytedoc-releases a")]
    assert listed == [f"{release}/index.html" for release in reversed(RELEASES)]


def test_the_contents_around_joined_pages_lead_into_the_stable_guide(site: Site) -> None:
    page = site.page("history/loop.html")
    assert page.select("a[href='../stable/sub/words.html']")
    assert site.page("3.8/loops.html").select("a[href^='../history/loop.html']")


def test_a_page_that_is_not_there_finds_its_links_at_any_address(site: Site) -> None:
    page = site.page("404.html")
    assert found(page, "base")["href"] == "/python/404.html"
    head = list(found(page, "head").select("base, [href], [src]"))
    assert head[0].name == "base", "what stands before it is looked for elsewhere"
    for link in links(page):
        if urlsplit(link).netloc:
            continue
        path = urlsplit(urljoin("/python/404.html", link)).path
        assert (site.out / unquote(path.removeprefix("/python/"))).is_file(), link


def test_without_the_address_of_the_site_a_script_finds_where_it_begins(
    project: Site, chromium: str, tmp_path: Path
) -> None:
    built = project.build("3.11", files=SMALL, conf={"html_baseurl": ""})
    assert "no sitemap.xml" in built.said
    assert not (built.out / "sitemap.xml").exists()
    deep = built.out / "3.11" / "deep" / "er"
    deep.mkdir(parents=True)
    (deep / "gone.html").write_bytes((built.out / "404.html").read_bytes())
    dom = visit(chromium, deep / "gone.html", tmp_path / "profile", "--dump-dom")
    base = found(bs4.BeautifulSoup(dom, "html.parser"), "base")
    assert str(base["href"]) == f"{built.out}/404.html"


def test_the_place_on_the_page_is_kept_on_the_way_to_another_release(
    site: Site, chromium: str, tmp_path: Path
) -> None:
    address = f"{(site.out / '3.8' / 'loops.html').as_uri()}#example_loop"
    dom = visit(chromium, address, tmp_path / "profile", "--dump-dom")
    entries = bs4.BeautifulSoup(dom, "html.parser").select(".bytedoc-switcher a")
    assert [str(entry["href"]) for entry in entries] == [
        f"{(site.out / release / 'loops.html').as_uri()}#example_loop"
        for release in reversed(RELEASES)
    ]


def test_the_lists_for_machines_name_every_release_and_page(site: Site) -> None:
    switcher = json.loads((site.out / "switcher.json").read_text(encoding="utf-8"))
    assert [entry["version"] for entry in switcher] == ["3.13", "3.11", "3.8"]
    assert switcher[0] == {
        "name": "3.13 (stable)",
        "version": "3.13",
        "url": f"{BASE}3.13/",
        "preferred": True,
    }
    tree = ET.parse(site.out / "sitemap.xml")
    listed = [str(element.text) for element in tree.iter() if element.tag.endswith("loc")]
    assert len(listed) == len(set(listed))
    for address in listed:
        assert (site.out / address.removeprefix(BASE)).is_file(), address
    assert f"{BASE}stable/sub/words.html" in listed
    assert f"{BASE}3.8/sub/words.html" in listed
    assert f"{BASE}3.8/newer.html" not in listed
    assert f"{BASE}404.html" not in listed


def test_each_guide_has_an_inventory_for_other_projects(site: Site) -> None:
    for folder in (*RELEASES, "stable"):
        inspect = [sys.executable, "-m", "sphinx.ext.intersphinx"]
        path = site.out / folder / "objects.inv"
        done = subprocess.run([*inspect, str(path)], capture_output=True, text=True, check=True)
        section = done.stdout.partition("bytedoc:example\n")[2]
        assert re.search(r"^\s+loop\s*: loops\.html#example_loop$", section, re.MULTILINE)


# -- building again ----------------------------------------------------------------------------


def test_when_nothing_changed_nothing_is_written(project: Site) -> None:
    first = project.build(files=SMALL, conf=TWO)
    before = first.files()
    again = project.build()
    assert again.status == 0
    assert "nothing changed in 3.8, 3.11" in again.said
    assert again.files() == before


def test_a_page_that_changed_changes_in_every_guide(project: Site) -> None:
    project.build(files=SMALL, conf=TWO)
    built = project.build(files={"index.md": SMALL["index.md"].replace("Words", "Other words")})
    for folder in (*RELEASES[:2], "stable"):
        assert "Other words." in built.page(f"{folder}/index.html").get_text()


def test_what_someone_changed_or_deleted_in_a_site_is_made_again(project: Site) -> None:
    project.build(files=SMALL, conf=TWO)
    (project.out / "3.8" / "index.html").write_text("damaged", encoding="utf-8")
    (project.out / "stable" / "index.html").unlink()
    (project.out / "switcher.json").unlink()
    built = project.build()
    assert built.status == 0
    assert broken(built.out) == []
    assert "Words." in built.page("3.8/index.html").get_text()
    assert (built.out / "switcher.json").is_file()


def test_a_release_is_added_by_naming_it_and_removed_by_not(project: Site) -> None:
    first = project.build(files=SMALL, conf={"bytedoc_releases": ["3.8"]})
    assert first.page("index.html").select("a[href='3.11/index.html']") == []
    more = project.build(conf=TWO)
    assert more.status == 0
    assert more.page("3.8/index.html").select(".bytedoc-switcher a[href='../3.11/index.html']")
    (project.out / "notes.txt").write_text("not ours", encoding="utf-8")
    less = project.build(conf={"bytedoc_releases": ["3.11"]})
    assert "3.8: removed" in less.said
    assert not (less.out / "3.8").exists()
    assert (less.out / "notes.txt").exists()
    assert broken(less.out) == []


def test_an_interrupted_build_is_finished_by_the_next(project: Site) -> None:
    project.build(files=SMALL, conf=TWO)
    (project.source / "index.md").write_text("# Small\n\nChanged.\n", encoding="utf-8")
    with subprocess.Popen(
        [*project.command, "-j", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=surroundings(),
        start_new_session=True,
        # Whoever runs the tests in the background may have it ignored.  (No thread runs here.)
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if ": built in" in line:  # the first of two guides
                os.killpg(process.pid, signal.SIGINT)
                break
        rest = process.stdout.read()
    assert process.returncode == 130, rest
    assert "interrupted" in rest
    assert "Traceback" not in rest
    built = project.build()
    assert built.status == 0
    for release in RELEASES[:2]:
        assert "Changed." in built.page(f"{release}/index.html").get_text()
    assert broken(built.out) == []


def test_captures_are_enough_for_a_site(project: Site, tmp_path: Path) -> None:
    files = {**SMALL, "conf.py": ""}
    project.build("3.11", files=files, conf=TWO)
    record = [sys.executable, "-m", "sphinx", "-q", "-b", "capture"]
    folder = project.source / "captures"
    subprocess.run([*record, str(project.source), str(folder)], check=True, env=surroundings())
    alone = Site(project.source, tmp_path / "alone")
    built = alone.build(
        *("-d", str(tmp_path / "fresh"), "--captures-only", "--", "-W"),
        environment={"PATH": ""},
    )
    assert built.status == 0, built.said
    shown = found(built.page("3.8/index.html"), ".bytedoc-dis pre").get_text()
    assert "FOR_ITER" in shown
    assert not list((tmp_path / "fresh" / "bytedoc").glob("3.*"))  # no results were made


# -- what is wrong -----------------------------------------------------------------------------


def test_the_failure_of_one_guide_is_told_and_the_others_are_built(project: Site) -> None:
    claim = directive("md", "dis", "", LOOP, name="loop", expect="RESUME")
    built = project.build("--", "-W", "--keep-going", files=md(claim), conf=TWO)
    assert built.status == 1
    assert "index.md:3: WARNING: dis of loop on 3.8: " in built.said
    assert built.said.rstrip().endswith("failed, for the reasons above: 3.8")
    assert (built.out / "3.11" / "index.html").is_file()
    again = project.build("--", "-W", "--keep-going")
    assert again.status == 1
    assert "nothing changed in 3.11" in again.said


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["3.99"], ["3.99: no CPython 3.99 was found", "there are: ", "3.11"]),
        (["3.5"], ["Python 3.5 can't be shown; the oldest is 3.6"]),
        (["new"], ["'new' is not a release such as 3.13"]),
        (["3.11", "-j", "0"], ["'0' is not a number of processes"]),
    ],
)
def test_what_is_wrong_on_the_command_line_is_told(
    project: Site, arguments: Sequence[str], messages: Sequence[str]
) -> None:
    built = project.build(*arguments, files=SMALL, conf=TWO)
    assert built.status == 2
    assert "Traceback" not in built.said
    for message in messages:
        assert message in built.said
    assert not (built.out / "index.html").exists()


def test_a_folder_of_others_is_left_alone(project: Site) -> None:
    project.out.mkdir()
    (project.out / "thesis.txt").write_text("years of work", encoding="utf-8")
    built = project.build("3.11", files=SMALL, conf=TWO)
    assert built.status == 2
    assert "was not written by this command" in built.said
    assert [path.name for path in project.out.iterdir()] == ["thesis.txt"]


def test_a_folder_without_a_project_is_told(project: Site) -> None:
    done = subprocess.run(
        project.command, capture_output=True, text=True, check=False, env=surroundings()
    )
    assert done.returncode == 2
    assert f"there is no conf.py in {project.source}" in done.stderr


def test_pages_that_cannot_be_read_end_the_build(project: Site) -> None:
    built = project.build("3.11", files=SMALL, conf={"extensions": ["no_such_extension"]})
    assert built.status == 2
    assert "Could not import extension no_such_extension" in built.said
    assert "the pages could not be read" in built.said
