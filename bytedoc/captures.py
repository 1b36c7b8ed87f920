"""The captures of a project: a folder with a file for each release that was recorded."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CaptureError, InterpreterError
from .release import Release
from .request import Interpreter

if TYPE_CHECKING:
    from .capture import Capture

_NAME = r"(\d+\.\d+)\.json"


class Captures:
    """The captures in a folder.

    Args:
        folder: where the files are; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[Release, Capture | CaptureError | None] = {}

    def releases(self) -> list[Release]:
        """The releases that have a file, in order."""
        if not self.folder.is_dir():
            return []
        names = (re.fullmatch(_NAME, path.name) for path in self.folder.iterdir())
        return sorted(Release.parse(match[1]) for match in names if match)

    def path(self, release: Release) -> Path:
        """The file of a release."""
        return self.folder / f"{release}.json"

    def get(self, release: Release) -> Capture | None:
        """The capture of a release; None where there is none.

        Raises:
            CaptureError: the file is damaged, or of another schema.
        """
        if release not in self._loaded:
            from .capture import load  # noqa: PLC0415 - few builds read captures

            try:
                self._loaded[release] = load(self.path(release), release)
            except CaptureError as error:
                self._loaded[release] = error
        found = self._loaded[release]
        if isinstance(found, CaptureError):
            raise found
        return found

    def usable(self, release: Release) -> Capture | None:
        """The capture of a release; None where there is none that can be read."""
        try:
            return self.get(release)
        except CaptureError:
            return None

    def signature(self) -> list[tuple[str, int, int]]:
        """What tells one state of the files from another."""
        found = []
        for release in self.releases():
            status = self.path(release).stat()
            found.append((str(release), status.st_mtime_ns, status.st_size))
        return found

    def problems(self) -> list[CaptureError]:
        """What is wrong with the files that were asked for."""
        return [found for found in self._loaded.values() if isinstance(found, CaptureError)]

    def interpreter(self, release: Release) -> Interpreter:
        """The interpreter that a release was recorded with.

        Raises:
            InterpreterError: the release has no capture, or a damaged one.
        """
        found = self.usable(release)
        if found is None:
            message = f"no interpreter may be started, and {self.path(release).name} is not there"
            if self.path(release).exists():
                message = f"no interpreter may be started, and {self.path(release).name} is damaged"
            raise InterpreterError("not-recorded", message)
        return found.interpreter
