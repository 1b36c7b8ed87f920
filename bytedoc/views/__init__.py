"""The views: one module each, with what it asks, how it judges the answer and how it shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from .base import View

#: The module and the class of every view, by the view's name.
_WHERE = {
    "dis": ("dis", "Dis"),
    "compare": ("compare", "Compare"),
    "code-object": ("code_object", "CodeObjectView"),
    "pipeline": ("pipeline", "PipelineView"),
    "pyc": ("pyc", "PycView"),
    "run": ("run", "Run"),
    "specialize": ("specialize", "Specialize"),
    "stack": ("stack", "Stack"),
    "timing": ("timing", "TimingView"),
    "timing-releases": ("timing_releases", "TimingReleases"),
    "interpreter": ("interpreter", "InterpreterView"),
    "frequencies": ("frequencies", "FrequenciesView"),
    "opcode": ("opcode", "OpcodeView"),
    "opcode-coverage": ("opcode_tables", "OpcodeCoverage"),
    "opcode-index": ("opcode_tables", "OpcodeIndex"),
    "opcode-releases": ("opcode_tables", "OpcodeReleases"),
    "opcode-frequency": ("frequencies", "OpcodeFrequency"),
    "opcode-table": ("interpreter", "OpcodeTable"),
    "changes": ("changes", "ChangesView"),
    "value": ("value", "ValueView"),
    "op": ("value", "OpcodeName"),
}


class Views(Mapping[str, View]):
    """Every view by its name.

    A view is imported when it is asked for the first time: a project, and above all a build in
    which a page or two have changed, uses few of them.
    """

    def __init__(self) -> None:
        self._known: dict[str, View] = {}

    def __getitem__(self, name: str) -> View:
        if name not in self._known:
            module, view = _WHERE[name]
            self._known[name] = getattr(import_module(f".{module}", __name__), view)()
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


VIEWS = Views()
