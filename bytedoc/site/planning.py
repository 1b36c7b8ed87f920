"""The builder ``site-plan``: reads the pages, has everything asked, and leaves a `Plan`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.builders import Builder

from .. import recording
from ..domain import bytedoc_domain
from ..errors import InterpreterError
from ..interpreters import called
from ..release import FLOOR, Release
from ..request import digest_of
from .plan import LAST, NAME, Plan
from .releases import described, today

if TYPE_CHECKING:
    from ..results import Results

#: The package, whose files make the pages.
PACKAGE = Path(__file__).parents[1]
#: An address in memory, in what Python says of an object.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class PlanBuilder(Builder):
    """Finds out what a site is made of; writes no page."""

    name = "site-plan"
    epilog = ""
    allow_parallel = True

    def init(self) -> None:
        # What is imported now, extensions above all; later it depends on what there is to do.
        files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        self._modules = [Path(file) for file in files if file]

    def get_outdated_docs(self) -> list[str]:
        return []

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return ""

    def write_documents(self, docnames: AbstractSet[str]) -> None:
        """No page is written."""

    def finish(self) -> None:
        results = bytedoc_domain(self.env).results
        folder = Path(self.outdir)
        before = Plan.read(folder / LAST)
        plan = self.plan(results)
        if not plan.missing and (before is None or before.signature != plan.signature):
            # Here, where nothing else of the build runs, as it is best for timings.
            recording.Session(results, checks=True)
            plan = self.plan(results)  # what was asked belongs to it
        plan.write(folder / NAME)

    def plan(self, results: Results) -> Plan:
        """What is to be built, as far as it was asked already."""
        versions: dict[str, str] = {}
        missing: dict[str, str] = {}
        identities: list[str] = []
        for release in results.releases:
            try:
                interpreter = results.interpreter(str(release))
            except InterpreterError as error:
                missing[str(release)] = error.message
            else:
                versions[str(release)] = interpreter.version
                identities.append(interpreter.identity)
        releases = described(versions, self.config.bytedoc_end_of_life, today())
        parts = [
            identities,
            [str(item) for item in releases],
            [[name, plain(value)] for name, value, _ in self.config],
            str(today()) if self.config.html_last_updated_fmt is not None else "",
            sys.version,
            sorted((item.name, item.version) for item in metadata.distributions()),
            states(self.files()),
            answers(results.cache),
        ]
        return Plan(
            releases=releases,
            missing=missing,
            available=tuple(available(results)) if missing else (),
            signature=digest_of(parts),
            pages=len(self.env.all_docs),
            cache=str(results.cache.resolve()),
            base=self.config.html_baseurl,
        )

    def files(self) -> Iterator[Path]:
        """All files that the pages come from, as far as anything tells."""
        config = self.config
        yield from self.confdir.glob("*.*")
        yield from (Path(self.env.doc2path(name)) for name in self.env.all_docs)
        for names in self.env.dependencies.values():
            yield from (Path(self.srcdir, name) for name in names)
        yield from (Path(self.srcdir, name) for name in self.env.images)
        yield from (Path(self.srcdir, name) for name in self.env.dlfiles)
        yield from self._modules
        folders = [
            *config.templates_path,
            *config.html_static_path,
            *config.html_extra_path,
            *config.html_theme_path,
            *config.locale_dirs,
            config.bytedoc_captures,
        ]
        for folder in (*(Path(self.confdir, name) for name in folders), PACKAGE):
            yield from tree(folder)
        for name in (config.html_logo, config.html_favicon):
            if name:
                yield Path(self.confdir, name)


def tree(folder: Path) -> Iterator[Path]:
    """The files in a folder and those below, or the one file that it is."""
    if folder.is_file():
        yield folder
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(parent, name) for name in names)


def states(paths: Iterable[Path]) -> list[list[str | int]]:
    """What tells one state of files from another."""
    found: list[list[str | int]] = []
    for path in sorted({os.fspath(path) for path in paths}):
        try:
            status = os.stat(path)  # noqa: PTH116 - two thousand times
        except OSError:
            continue
        found.append([path, status.st_size, status.st_mtime_ns])
    return found


def answers(cache: Path) -> list[list[str | int]]:
    """What tells one state of the results of interpreters from another: when one was added."""
    return states(cache.glob("*.jsonl"))


def plain(value: Any) -> Any:
    """A configuration value as JSON that is the same in each process."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return [[plain(key), plain(item)] for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(str(plain(item)) for item in value)
    return _ADDRESS.sub("", repr(value))


def available(results: Results) -> list[str]:
    """The releases that could have a guide: they have an interpreter here, or a capture."""
    found = set(results.captures.releases())
    if results.config.execute:
        found |= {Release.parse(name) for name in results.config.interpreters}
        found |= {release for release in _looked_for() if any(called(release))}
        found.add(Release(*sys.version_info[:2]))
    return [str(release) for release in sorted(found)]


def _looked_for() -> Iterator[Release]:
    """Releases from the oldest on to some that may not be there yet."""
    for minor in range(FLOOR.minor, sys.version_info.minor + 8):
        yield Release(FLOOR.major, minor)
