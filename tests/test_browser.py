"""Built pages in a real browser: what one copies from a listing, and what is complained of."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import bs4
import pytest
from conftest import Build, Built
from markup import LOOP, QUICK, directive, dis, md

from bytedoc.request import Interpreter

#: Collects what can be copied from each listing and output, and writes it into the page; errors of
#: the page's own scripts as well.
SCRIPT = """\
<script>
const errors = [];
addEventListener("error", event => errors.push(String(event.message || event.target.src)), true);
addEventListener("load", () => {
  const texts = [...document.querySelectorAll(".bytedoc-output pre")].map(pre => {
    const selection = getSelection();
    selection.removeAllRanges();
    selection.selectAllChildren(pre);
    return selection.toString();
  });
  const found = document.createElement("script");
  found.type = "application/json";
  found.id = "found";
  found.textContent = JSON.stringify({texts, errors}).replaceAll("<", "\\\\u003c");
  document.body.append(found);
});
</script>
"""


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where the browser is; without it the tests are skipped, but not in continuous integration."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is required")
    if path is None:
        pytest.skip("chromium is not installed")
    return path


def visit(chromium: str, page: Path | str, profile: Path, *options: str) -> str:
    """A page as it is when its scripts have run, or what another option makes chromium write."""
    command = [
        chromium,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--enable-logging=stderr",
        "--log-level=0",
        f"--user-data-dir={profile}",
        *options,
        page if isinstance(page, str) else page.as_uri(),
    ]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=120)
    complaints = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert complaints == []
    return done.stdout


@pytest.fixture
def built(build: Build) -> Built:
    """A page with listings and output, in the theme of our own documentation."""
    files = md(
        directive("md", "dis", "", LOOP, name="loop"),
        directive("md", "dis", "", "x = '</pre> <b>&amp;'", layout="beside"),
        directive("md", "run", "", "print('  a\\n\\n\\tb  <i>')"),
        directive("md", "timing", "", "pass"),
        directive("md", "opcode-table"),
    )
    return build(files, conf={**QUICK, "html_theme": "furo"})


def test_what_is_selected_in_a_listing_is_what_dis_prints(
    built: Built, building: Interpreter, chromium: str, tmp_path: Path
) -> None:
    page = built.out / "index.html"
    page.write_text(built.read("index.html").replace("<head>", f"<head>{SCRIPT}", 1), "utf-8")
    written = visit(chromium, page, tmp_path / "profile", "--dump-dom")
    found = bs4.BeautifulSoup(written, "html.parser").select_one("#found")
    assert found is not None
    result = json.loads(found.get_text())
    assert result["errors"] == []
    wanted = [
        dis(building.executable, LOOP, name="loop"),
        dis(building.executable, "x = '</pre> <b>&amp;'\n"),
        "  a\n\n\tb  <i>\n",
    ]
    # A browser leaves out the line break at the end of the last line.
    assert [text.rstrip("\n") for text in result["texts"]] == [text.rstrip("\n") for text in wanted]


def test_no_resource_is_loaded_from_elsewhere(built: Built) -> None:
    pages = [path for path in built.out.rglob("*.html") if "_static" not in path.parts]
    assert pages
    for path in pages:
        page = bs4.BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        addresses = [
            str(element.get(name))
            for element in page.select("[src], [srcset], [poster], [data], link[href], [action]")
            for name in ("src", "srcset", "poster", "data", "href", "action")
            if element.get(name)
        ]
        assert addresses
        assert [address for address in addresses if re.match(r"(?i)([a-z]+:)?//", address)] == []
    styles = (built.out / "_static" / "bytedoc.css").read_text(encoding="utf-8")
    assert "url(" not in styles
    assert "@import" not in styles


@pytest.mark.parametrize("width", [360, 1400])
def test_a_page_is_not_wider_than_the_window(
    built: Built, chromium: str, tmp_path: Path, width: int
) -> None:
    page = built.out / "index.html"
    script = (
        "<script>addEventListener('load', () => { document.title = "
        "document.documentElement.scrollWidth - document.documentElement.clientWidth; })</script>"
    )
    page.write_text(built.read("index.html").replace("</body>", f"{script}</body>", 1), "utf-8")
    size = f"--window-size={width},900"
    written = visit(chromium, page, tmp_path / "profile", size, "--dump-dom")
    title = bs4.BeautifulSoup(written, "html.parser").select_one("title")
    assert title is not None
    assert title.get_text() == "0"
