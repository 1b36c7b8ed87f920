"""Builders that write no pages: ``capture`` and ``capture-check`` for results, ``claims``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from sphinx.builders import Builder

from .domain import bytedoc_domain

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sphinx.application import Sphinx


class CaptureBuilder(Builder):
    """Records the results of each release, a file each in the folder of its output."""

    name = "capture"
    epilog = "The captures are in %(outdir)s."
    allow_parallel = True
    #: Whether answers are compared with the captures that are there, instead of written.
    checks: ClassVar[bool] = False

    def get_outdated_docs(self) -> list[str]:
        return []  # no page is written

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        return ""

    def write_documents(self, docnames: AbstractSet[str]) -> None:
        """No page is written."""

    def finish(self) -> None:
        from .recording import record  # noqa: PLC0415 - other builders don't need it

        results = bytedoc_domain(self.env).results
        record(results, Path(self.outdir), checks=self.checks)


class CaptureCheckBuilder(CaptureBuilder):
    """Compares what each release answers with its capture."""

    name = "capture-check"
    epilog = "The captures were compared with what interpreters answer."
    checks = True


class ClaimsBuilder(CaptureBuilder):
    """Tells what the prose of pages says of bytecode with nothing behind it."""

    name = "claims"
    epilog = "Every name of an instruction and every number in prose was looked for."

    def finish(self) -> None:
        from .claims import tell  # noqa: PLC0415 - other builders don't need it

        tell(bytedoc_domain(self.env))


def register(app: Sphinx) -> None:
    """Add the builders."""
    app.add_builder(CaptureBuilder)
    app.add_builder(CaptureCheckBuilder)
    app.add_builder(ClaimsBuilder)
