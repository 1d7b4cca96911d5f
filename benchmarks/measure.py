"""Times several contenders in turn, so that a noisy machine is noisy for all of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from benchmarks.case import Contender
from benchmarks.commands import version
from benchmarks.running import Running


class Result(msgspec.Struct, frozen=True):
    """What it took.

    Attributes:
        name: of the contender.
        rounds: µs for one, in each round.
        bytes: in its files, for one.
    """

    name: str
    rounds: Sequence[float]
    bytes: float

    @property
    def best(self) -> float:
        """The least of all rounds, the one least disturbed."""
        return min(self.rounds)

    @property
    def median(self) -> float:
        """Of all rounds."""
        return statistics.median(self.rounds)


def installed(contenders: Sequence[Contender]) -> list[Contender]:
    """Those that have what they need."""
    return [each for each in contenders if not each.package or version(each.package)]


def measure(contenders: Sequence[Contender], folder: Path, *, times: int, rounds: int) -> list[Result]:
    """Every contender once in each round, in an order that turns; the first round warms up and is left out.

    Args:
        contenders: each gets processes of its own, which live until all have done their rounds.
        folder: where they write.
        times: spans, events or lines in a round, about.
        rounds: of which the figures are.

    Raises:
        VoidError: one of them did not write what it was to.
    """
    taken: list[list[float]] = [[] for _ in contenders]
    with ExitStack() as stack:
        running = [
            stack.enter_context(Running(contender, folder / str(place)))
            for place, contender in enumerate(contenders)
        ]
        for number in range(rounds + 1):
            for turn in range(len(running)):
                place = (number + turn) % len(running)
                micros = running[place].round(times)
                if number:
                    taken[place].append(micros)
        return [
            Result(own.contender.label, rounds, own.check())
            for own, rounds in zip(running, taken, strict=True)
        ]
