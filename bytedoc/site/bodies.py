"""The bodies of pages: what a guide leaves for the comparison with the guides of other releases.

A body is the HTML of a page's own content, without what the theme puts around it.
"""

from __future__ import annotations

from pathlib import Path

from .folders import write_if_changed


def folder_of(work: Path, release: str) -> Path:
    """The folder of the bodies of a guide, in the folder of what is needed to build a site."""
    return work / "bodies" / release


def path_of(folder: Path, docname: str) -> Path:
    """The file of a page's body."""
    return folder / f"{docname}.html"


def keep_body(folder: Path, docname: str, body: str) -> None:
    """Leave the body of a page; a file that holds it already stays as it is."""
    write_if_changed(path_of(folder, docname), body.encode("utf-8"))


def forget_body(folder: Path, docname: str) -> None:
    """The guide has no such page any more."""
    path_of(folder, docname).unlink(missing_ok=True)
