"""Folders of a site: which are ours, what is in them, and copies that write only what changed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

Json = Any  #: What ``json.loads`` gives.

#: The folder, in that of the doctrees, of what is needed to build a site and is no part of it.
WORK = "bytedoc-site"
#: The file that says that a folder was made by us.
MARKER = ".bytedoc-site"
_SAYS = "Written by `python -m bytedoc.site`, which also deletes what is no longer part of it.\n"


class NotOurs(Exception):
    """A folder that holds what we did not write."""


def doctrees_of(work: Path, release: str) -> Path:
    """The folder of the doctrees of one guide."""
    return work / "doctrees" / release


def work_of(doctrees: Path) -> Path | None:
    """The folder that holds the doctrees of a guide; None: they are not those of a site."""
    work = doctrees.parent.parent
    return work if work.name == WORK else None


def claim(folder: Path) -> None:
    """Make a folder for a site, or take one that we made.

    Raises:
        NotOurs: it holds something and has no marker.
    """
    marker = folder / MARKER
    if marker.exists():
        return
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotOurs(
            f"{folder} is there and was not written by this command, which would overwrite it: "
            "name another folder, or empty this one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(_SAYS, encoding="utf-8")


def states(folder: Path, without: Collection[str] = ()) -> list[list[int | str]]:
    """Name, size and time of every file in a folder: equal as long as nothing touched them.

    Args:
        folder: the folder; it need not exist.
        without: folders in it that are left out.
    """
    found: list[list[int | str]] = []
    for parent, inner, names in os.walk(folder):
        if parent == os.fspath(folder):
            inner[:] = [name for name in inner if name not in without]
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 - some thousand times
            status = os.stat(path)  # noqa: PTH116
            found.append([os.path.relpath(path, folder), status.st_size, status.st_mtime_ns])
    return sorted(found)


def mirror(source: Path, target: Path) -> int:
    """Make *target*, which is ours, a copy of *source*; returns how many files that changed."""
    wanted = {name: (size, mtime) for name, size, mtime in states(source)}
    there = {name: (size, mtime) for name, size, mtime in states(target)} if target.exists() else {}
    changed = [name for name, state in wanted.items() if there.get(name) != state]
    for name in changed:
        path = target / str(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / str(name), path)
    gone = there.keys() - wanted.keys()
    for name in gone:
        (target / str(name)).unlink()
    return len(changed) + len(gone)


def remove(folder: Path) -> None:
    """Delete a folder of ours, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def write_if_changed(path: Path, content: bytes) -> None:
    """Write a file unless it holds that already."""
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def read_json(path: Path) -> dict[str, Json]:
    """The object in a file of ours; an empty one where it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
