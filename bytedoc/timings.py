"""Times of statements, as an interpreter measured them."""

import statistics
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

Json = Any  #: What ``json.loads`` gives.


class Measurement(NamedTuple):
    """The times of one statement: *values* in seconds per loop, each over *loops* loops."""

    loops: int
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds per loop."""
        return statistics.median(self.values)

    @property
    def minimum(self) -> float:
        """The shortest, in seconds per loop."""
        return min(self.values)

    @property
    def deviation(self) -> float:
        """The median absolute deviation (as in ``pyperf``), in seconds per loop."""
        median = self.median
        return statistics.median([abs(value - median) for value in self.values])

    @property
    def is_unstable(self) -> bool:
        """Whether the values are too far apart to be relied on.

        As in ``pyperf check``: a standard deviation (of a sample) above 10 % of the mean, or a
        value more than 50 % off it.
        """
        mean = statistics.fmean(self.values)
        far = max(abs(value - mean) for value in self.values)
        deviation = statistics.stdev(self.values) if len(self.values) > 1 else 0.0
        return deviation > 0.1 * mean or far > 0.5 * mean


class Timing(NamedTuple):
    """Times of several statements, measured in one go.

    Attributes:
        rows: one for each statement, in order.
        clock: the clock's implementation.
        resolution: the clock's resolution in seconds.
        machine: the processor, its cores and the operating system.
    """

    rows: tuple[Measurement, ...]
    clock: str
    resolution: float
    machine: str

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> Self:
        """Make it from the probe's ``timing`` answer."""
        return cls(
            tuple(Measurement(row["loops"], tuple(row["values"])) for row in record["rows"]),
            record["clock"]["implementation"],
            record["clock"]["resolution"],
            record["machine"],
        )
