"""Plots of values over columns, such as releases: where everything in one stands.

Horizontal places are in percent, vertical ones and all sizes in pixels: a plot is as wide as there
is room, and its words are as large as those around it.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

#: The height of the field in which values stand, and what is above it, in pixels.
HEIGHT, TOP = 220.0, 10.0
#: Where the greatest value is so many times the least, distances stand for ratios.
_LOGARITHMIC_FROM = 40.0
#: About so many lines go across the field.
_LINES = 5
#: So many pixels are the values of a column apart from each other, so that all are seen.
_APART = 5.0
#: The outlines of points, in pixels from their middle: they tell lines apart without any colour.
_SHAPES = (
    "M-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0-7.2 0Z",  # circle
    "M-3.3-3.3h6.6v6.6h-6.6Z",  # square
    "M0-4.8L4.4 3.2H-4.4Z",  # triangle
    "M0-4.7L4.7 0L0 4.7L-4.7 0Z",  # diamond
    "M0 4.8L4.4-3.2H-4.4Z",  # triangle on its head
)
#: So many colours there are; see the style sheet.
_COLOURS = 6


class Value(NamedTuple):
    """A value: how far it is from being certain, in both directions, and both in words."""

    value: float
    spread: float
    said: str


class Column(NamedTuple):
    """A place on the horizontal axis.

    Attributes:
        label: what it is called.
        mark: what marks it as made under other circumstances; its points are hollow.
        scene: lines join only values of the same scene.
        make: lines between values of different makes are dashed.
    """

    label: str
    mark: str = ""
    scene: int = 0
    make: int = 0


class Series(NamedTuple):
    """Values that belong together, one for each column; None where there is none."""

    label: str
    values: Sequence[Value | None]


class Segment(NamedTuple):
    """A line from one point to the next."""

    x1: float
    y1: float
    x2: float
    y2: float
    is_dashed: bool


class Point(NamedTuple):
    """A value in a plot; its spread goes from *low* to *high*, and *said* are its words."""

    x: float
    y: float
    low: float
    high: float
    is_hollow: bool
    said: str


class Line(NamedTuple):
    """A series in a plot.

    Attributes:
        label: what it is called.
        colour: the number of its colour, from 1.
        shape: the outline of its points.
        shift: how many pixels all of it is moved to the right.
    """

    label: str
    colour: int
    shape: str
    shift: float
    segments: Sequence[Segment]
    points: Sequence[Point]


class Scale(NamedTuple):
    """The vertical axis: its ends, its ticks, and whether distances stand for ratios."""

    lowest: float
    highest: float
    ticks: Sequence[float]
    is_logarithmic: bool

    @classmethod
    def of(cls, values: Sequence[Value]) -> "Scale":
        """One on which all of these are; there is at least one, and none is negative."""
        highest = max(item.value + item.spread for item in values)
        smallest = min((item.value for item in values if item.value > 0), default=0.0)
        if smallest and max(item.value for item in values) >= _LOGARITHMIC_FROM * smallest:
            return cls._logarithmic(smallest, highest)
        step = _step(highest / _LINES) if highest > 0 else 1.0
        count = max(1, math.ceil(highest / step - 1e-9))
        return cls(0.0, count * step, [number * step for number in range(count + 1)], False)

    @classmethod
    def _logarithmic(cls, smallest: float, highest: float) -> "Scale":
        """Powers of ten, or a few more between them where there are few."""
        first = math.floor(math.log10(smallest) + 1e-9)
        last = math.ceil(math.log10(highest) - 1e-9)
        factors = (1, 2, 5) if highest < 200 * smallest else (1,)
        known = [factor * 10.0**power for power in range(first, last + 1) for factor in factors]
        lowest = max(tick for tick in known if tick <= smallest * (1 + 1e-9))
        above = min(tick for tick in known if tick >= highest * (1 - 1e-9))
        return cls(lowest, above, [tick for tick in known if lowest <= tick <= above], True)

    def y(self, value: float) -> float:
        """Where a value is, in pixels from the top."""
        if self.is_logarithmic:
            value = max(value, self.lowest)
            share = math.log(value / self.lowest) / math.log(self.highest / self.lowest)
        else:
            share = value / self.highest
        return round(TOP + HEIGHT * (1 - share), 2)


def _step(least: float) -> float:
    """The smallest of 1, 2, 2.5, 5, 10, 20 and so on that is not below a positive number."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= least * (1 - 1e-9))


class Plot(NamedTuple):
    """A plot, ready to be drawn.  See ``templates/plot.html``.

    Attributes:
        anchor: what its ids begin with.
        caption: what is plotted, as it stands above the plot.
        description: the same for those who can't see it, with what the plot shows.
        columns: place, label and mark of each column.
        ticks: place and label of each line across.
        lines: the series.
        bottom: where the field ends.
    """

    anchor: str
    caption: str
    description: str
    columns: Sequence[tuple[float, str, str]]
    ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    bottom: float = TOP + HEIGHT


def draw(
    anchor: str,
    caption: str,
    description: str,
    columns: Sequence[Column],
    series: Sequence[Series],
    label: Callable[[float], str],
) -> Plot:
    """A plot of some series, of which at least one has a value; *label* writes a tick's value."""
    scale = Scale.of([value for item in series for value in item.values if value is not None])
    places = [round(100 * (number + 0.5) / len(columns), 3) for number in range(len(columns))]
    said = f"{caption}, on a logarithmic scale" if scale.is_logarithmic else caption
    return Plot(
        anchor,
        said,
        description,
        [(x, column.label, column.mark) for x, column in zip(places, columns, strict=True)],
        [(scale.y(tick), label(tick)) for tick in scale.ticks],
        [
            Line(
                item.label,
                number % _COLOURS + 1,
                _SHAPES[number % len(_SHAPES)],
                _APART * (number - (len(series) - 1) / 2),
                list(_segments(item.values, columns, places, scale)),
                list(_points(item.values, columns, places, scale)),
            )
            for number, item in enumerate(series)
        ],
    )


def _points(
    values: Sequence[Value | None], columns: Sequence[Column], places: Sequence[float], scale: Scale
) -> Iterator[Point]:
    for value, column, x in zip(values, columns, places, strict=True):
        if value is not None:
            low, high = scale.y(value.value - value.spread), scale.y(value.value + value.spread)
            yield Point(x, scale.y(value.value), low, high, bool(column.mark), value.said)


def _segments(
    values: Sequence[Value | None], columns: Sequence[Column], places: Sequence[float], scale: Scale
) -> Iterator[Segment]:
    """Lines from each value to the next, where that is of the same scene."""
    known = zip(values, columns, places, strict=True)
    for (one, here, x1), (other, there, x2) in pairwise(known):
        if one is not None and other is not None and here.scene == there.scene:
            dashed = here.make != there.make
            yield Segment(x1, scale.y(one.value), x2, scale.y(other.value), dashed)
