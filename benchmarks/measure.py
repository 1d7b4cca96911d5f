"""Times several pieces of work in turn, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence

import msgspec

Work = Callable[[int], None]
"""Does something so many times."""


class Case(msgspec.Struct, frozen=True):
    """One thing to measure."""

    name: str
    work: Work
    prepare: Callable[[], None] = lambda: None


class Result(msgspec.Struct, frozen=True):
    """What it took."""

    name: str
    rounds: Sequence[float]
    """µs for one, in each round."""

    @property
    def best(self) -> float:
        """The least of all rounds, the one least disturbed."""
        return min(self.rounds)

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.rounds)


def measure(cases: Sequence[Case], *, times: int = 5_000, rounds: int = 15) -> list[Result]:
    """Every case once in each round, in an order that turns; the first round warms up and is left out."""
    taken: dict[str, list[float]] = {case.name: [] for case in cases}
    for number in range(rounds + 1):
        turn = number % len(cases)
        for case in [*cases[turn:], *cases[:turn]]:
            case.prepare()
            gc.collect()
            started = time.perf_counter_ns()
            case.work(times)
            elapsed = time.perf_counter_ns() - started
            if number:
                taken[case.name].append(elapsed / times / 1_000)
    return [Result(name, rounds) for name, rounds in taken.items()]
