"""The views: one module each, with what it asks, how it judges the answer and how it shows it."""

from __future__ import annotations

from .base import View
from .code_object import CodeObjectView
from .dis import Dis
from .interpreter import InterpreterView, OpcodeTable
from .run import Run
from .timing import TimingView
from .value import OpcodeName, ValueView

#: Every view by its name.
VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        Dis(),
        CodeObjectView(),
        Run(),
        TimingView(),
        InterpreterView(),
        OpcodeTable(),
        ValueView(),
        OpcodeName(),
    )
}
