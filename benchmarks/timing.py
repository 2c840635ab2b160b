"""How things are timed: in turn, several times over, and the middle one counts.

A machine is never quite quiet. If ours ran first and theirs afterwards, whatever slowed
the machine in between would end up in the ratio. Taken in turn, both are slowed alike,
and a single bad minute does not move a median.
"""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping

from course_lib.records import Record


def in_turn(
    jobs: Mapping[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Run every job once, then every job again, and so on; return all their seconds.

    A job that returns a float has its own clock, and those are the seconds it took.
    """
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            start = time.perf_counter()
            took = job()
            elapsed = time.perf_counter() - start
            seconds[name].append(took if isinstance(took, float) else elapsed)
    return seconds


def spread(values: Iterable[float]) -> Record:
    """Return the median with the smallest and the largest, to four digits."""
    found = list(values)
    ends = {"median": statistics.median(found), "min": min(found), "max": max(found)}
    return {name: float(f"{value:.4g}") for name, value in ends.items()}


def versus(ours: list[float], theirs: list[float]) -> Record:
    """Return how many times faster ours is, and what that was computed from.

    The ratio is that of the medians. Its ends are the ratios of single rounds.
    """
    rounds = spread(slow / fast for fast, slow in zip(ours, theirs, strict=True))
    ratio = statistics.median(theirs) / statistics.median(ours)
    return {
        "ratio": float(f"{ratio:.4g}"),
        "ratio_of_rounds": [rounds["min"], rounds["max"]],
        "seconds": {"ours": spread(ours), "theirs": spread(theirs)},
    }
