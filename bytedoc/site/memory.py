"""What was built before, and whether it is still as it was left."""

from __future__ import annotations

import json
from pathlib import Path

from ..request import digest_of
from . import folders
from .releases import STABLE


class Memory:
    """Notes of finished builds, a file each.

    Args:
        folder: where the notes are.
        out: the folder of the site.
    """

    #: The name under which what joins the guides is known.
    ROOT = "joined"

    def __init__(self, folder: Path, out: Path) -> None:
        self._folder = folder
        self._out = out

    def names(self) -> list[str]:
        """What was built."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def keep(self, name: str, signature: str) -> None:
        """Note that something was built.

        Args:
            name: a release, or `ROOT`.
            signature: of all that it was made of; empty if it is to be built again anyway.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        note = {"out": str(self._out), "signature": signature, "files": self._files(name)}
        self._path(name).write_text(json.dumps(note), encoding="utf-8")

    def forget(self, name: str) -> None:
        """Note that something is built, and not finished."""
        self._path(name).unlink(missing_ok=True)

    def holds(self, name: str, signature: str) -> bool:
        """Whether something was built from just this, and its files are as they were left."""
        return self._note(name).get("signature") == signature and self.is_untouched(name)

    def is_untouched(self, name: str) -> bool:
        """Whether the files of something are as the last build left them, or not there at all."""
        note = self._note(name)
        if not note:
            return not self._folder_of(name).exists()
        return note.get("out") == str(self._out) and note.get("files") == self._files(name)

    def _note(self, name: str) -> dict[str, folders.Json]:
        return folders.read_json(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _folder_of(self, name: str) -> Path:
        return self._out if name == self.ROOT else self._out / name

    def _files(self, name: str) -> str:
        folder = self._folder_of(name)
        if name != self.ROOT:
            return digest_of(folders.states(folder))
        others = {*self.names(), STABLE} - {self.ROOT}
        return digest_of([folders.states(folder, without=others), folders.states(folder / STABLE)])
