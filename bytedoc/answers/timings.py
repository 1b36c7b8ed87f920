"""Times of statements, as an interpreter measured them."""

import statistics
from collections.abc import Mapping, Sequence
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
        return self.spread > 0.1 or far > 0.5 * mean

    @property
    def spread(self) -> float:
        """The standard deviation (of a sample), as a part of the mean."""
        deviation = statistics.stdev(self.values) if len(self.values) > 1 else 0.0
        return deviation / statistics.fmean(self.values)

    @classmethod
    def from_json(cls, row: Mapping[str, Json]) -> Self:
        """Make it from a row of the probe's ``timing`` answer."""
        return cls(row["loops"], tuple(row["values"]))


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
            tuple(map(Measurement.from_json, record["rows"])),
            record["clock"]["implementation"],
            record["clock"]["resolution"],
            record["machine"],
        )


def steadiest(attempts: Sequence[Sequence[Json]]) -> tuple[list[Json], bool]:
    """Of each statement the row to keep, and whether all of these are stable.

    Among stable rows that is the one with the least median, for other work on the machine only
    ever adds to a time; where none is stable, the one whose values are least apart.

    Args:
        attempts: the rows of each time that the statements were measured; at least one.
    """

    def order(row: Json) -> tuple[bool, float]:
        measured = Measurement.from_json(row)
        unstable = measured.is_unstable
        return unstable, measured.spread if unstable else measured.median

    rows = [min(rows, key=order) for rows in zip(*attempts, strict=True)]
    return rows, not any(Measurement.from_json(row).is_unstable for row in rows)
