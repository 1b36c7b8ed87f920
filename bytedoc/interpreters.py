"""From a release to an interpreter: where it is, and what it says it is.

What an interpreter said is kept, with the size and times of the files that it consists of.  As
long as those are the same, it is not started again only to be asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .errors import InterpreterError
from .release import FLOOR, Release
from .request import Interpreter


class Interpreters:
    """The interpreters of this machine.

    Args:
        named: the path of the interpreter of a release, as the configuration gives it.
        memory: the file in which to remember what interpreters said.
    """

    def __init__(self, named: Mapping[str, str], memory: Path) -> None:
        self._named = dict(named)
        self._memory = memory
        self._remembered: dict[str, Any] | None = None
        self._found: dict[str, Interpreter | InterpreterError] = {}

    def get(self, wanted: str) -> Interpreter:
        """The interpreter for a release (``3.8``), a path, or, if empty, the one that runs this.

        Raises:
            InterpreterError: there is none, or it can't be used.
        """
        if wanted not in self._found:
            try:
                self._found[wanted] = self._get(wanted)
            except InterpreterError as error:
                self._found[wanted] = error
        found = self._found[wanted]
        if isinstance(found, InterpreterError):
            raise found
        return found

    def _get(self, wanted: str) -> Interpreter:
        if not wanted:
            return self._identify(sys.executable)
        if wanted in self._named:
            path = str(Path(self._named[wanted]).expanduser())
            found = self._identify(path if os.sep in path else shutil.which(path) or path)
            if str(found.release) != wanted:
                raise InterpreterError(
                    "interpreter-missing",
                    f"bytedoc_interpreters gives {path} for {wanted}, but that is {found}",
                )
            return found
        try:
            release = Release.parse(wanted)
        except ValueError:
            if os.sep in wanted or Path(wanted).exists():
                return self._identify(str(Path(wanted).expanduser()))
            raise InterpreterError(
                "interpreter-missing",
                f"{wanted!r} is neither a release such as 3.13 nor the path of an interpreter",
            ) from None
        if release < FLOOR:
            raise InterpreterError(
                "interpreter-version", f"Python {release} can't be shown; the oldest is {FLOOR}"
            )
        return self._look_for(release)

    def others(self, chosen: Interpreter) -> list[Interpreter]:
        """The other builds of an interpreter's release that are on this machine."""
        builds, _ = self._builds(chosen.release)
        found = {item.identity: item for item in reversed(builds)}
        return [item for name, item in found.items() if name != chosen.identity]

    def _builds(self, release: Release) -> tuple[list[Interpreter], list[InterpreterError]]:
        """The builds of a release on this machine, and what is wrong with those that don't work."""
        builds, problems = [], []
        for path in called(release):
            try:
                builds.append(self._identify(path))
            except InterpreterError as error:
                problems.append(error)
        return [build for build in builds if build.release == release], problems

    def _look_for(self, release: Release) -> Interpreter:
        """The newest build of a release that is on this machine."""
        known = self._recall()["releases"].get(str(release))
        if isinstance(known, str):
            try:
                found = self._identify(known)
            except InterpreterError:
                found = None
            if found is not None and found.release == release:
                return found
        if release == Release(*sys.version_info[:2]):
            return self._identify(sys.executable)
        builds, problems = self._builds(release)
        if builds:
            newest = max(builds, key=self._preference)
            self._recall()["releases"][str(release)] = newest.executable
            self._save()
            return newest
        if problems:
            raise problems[0]
        raise InterpreterError(
            "interpreter-missing",
            f"no CPython {release} was found on this machine: install it, or name it in "
            f"bytedoc_interpreters = {{{str(release)!r}: '/path/to/python{release}'}}",
        )

    def _preference(self, build: Interpreter) -> tuple[bool, list[int], bool]:
        """Orders builds of a release: final ones, newer ones, those that no wrapper starts."""
        numbers = [int(number) for number in re.findall(r"\d+", build.version)]
        is_final = build.version.replace(".", "").isdigit()
        return is_final, numbers, self._remembered_identity(build.executable) is not None

    def _identify(self, executable: str) -> Interpreter:
        """Ask the interpreter what it is, unless it said so before and has not changed since."""
        remembered = self._remembered_identity(executable)
        if remembered is not None:
            return remembered
        if not Path(executable).exists():
            raise InterpreterError("interpreter-missing", f"there is no {executable}")
        if executable == sys.executable and sys.implementation.name == "cpython":
            from .probe import identity  # noqa: PLC0415 - the one interpreter that is running already

            record = identity.answer({})  # type: ignore[no-untyped-call] # 3.6 syntax
        else:
            from .runner import ask  # noqa: PLC0415 - the others are rarely asked

            record = ask(executable, "identity")
        # A wrapper or shim may start another interpreter tomorrow without changing itself.
        if os.path.realpath(record["executable"]) == os.path.realpath(executable):
            self._recall()["identities"][executable] = {
                "files": _states({executable, *record["files"]}),
                "record": dict(record),
            }
            self._save()
        return Interpreter.from_json(executable, record)

    def _remembered_identity(self, executable: str) -> Interpreter | None:
        entry = self._recall()["identities"].get(executable)
        try:
            if entry is None or _states(entry["files"]) != entry["files"]:
                return None
            return Interpreter.from_json(executable, entry["record"])
        except (KeyError, TypeError, AttributeError):
            return None  # written by another version of bytedoc, or damaged

    def _recall(self) -> dict[str, Any]:
        """The two parts of the memory; one that is damaged is empty."""
        if self._remembered is None:
            try:
                found = json.loads(self._memory.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                found = None
            parts = found if isinstance(found, dict) else {}
            self._remembered = {
                name: part if isinstance(part := parts.get(name), dict) else {}
                for name in ("identities", "releases")
            }
        return self._remembered

    def _save(self) -> None:
        with contextlib.suppress(OSError):  # then it is asked again in the next build
            self._write()

    def _write(self) -> None:
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        part = self._memory.with_name(f"{self._memory.name}.{os.getpid()}")
        part.write_text(json.dumps(self._recall(), indent=1, sort_keys=True), encoding="utf-8")
        part.replace(self._memory)


def called(release: Release) -> Iterator[str]:
    """The executables that the name says are of a release; on Windows, no name says that."""
    # Imported only where an interpreter is looked for.
    import findpython  # noqa: PLC0415
    from findpython.providers import ALL_PROVIDERS  # noqa: PLC0415

    if os.name == "nt":
        for item in findpython.find_all(release.major, release.minor, allow_prereleases=True):
            yield str(item.executable)
        return
    for kind in ALL_PROVIDERS.values():
        provider = kind.create()
        for item in provider.find_pythons() if provider is not None else ():
            if item.executable.name == f"python{release}":
                yield str(item.executable)


def _states(paths: Any) -> dict[str, list[Any] | None]:
    """What tells one state of each file from another, following links; None where it is gone."""
    found: dict[str, list[Any] | None] = {}
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - in every build
        except OSError:
            found[path] = None
        else:
            found[path] = [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]
    return found
