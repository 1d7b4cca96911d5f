"""Summaries for the commands that need them: of which files, with how many processes, how far it is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from dopejar_tracing.cli.filters import known_layers
from dopejar_tracing.read.find.last import narrowed
from dopejar_tracing.read.input.reading import Reading
from dopejar_tracing.read.query.filters import Query
from dopejar_tracing.read.sums.summarize import Summarizer
from dopejar_tracing.read.sums.summary import Summary
from dopejar_tracing.read.sums.summing import divide, sum_together, sum_up

LONG = 1 << 26
"""Bytes from which on it is worth to say how far it is."""
_OFTEN = 0.1
"""Seconds after which that is said anew."""


class Wanted:
    """What is to be summed up, of whatever files.

    Args:
        by: what events are grouped by.
        query: which of them count.
        last: how many of the last; None: all.
        slowest: how many of the slowest spans are kept.
        jobs: processes that may read; None: one for each processor.
        own_time: whether spans' own time is wanted.
    """

    def __init__(
        self,
        by: tuple[str, ...],
        query: Query,
        *,
        last: int | None,
        slowest: int,
        jobs: int | None = None,
        own_time: bool = True,
    ) -> None:
        self.by = by
        self.query = query
        self._last = last
        self._slowest = slowest
        self._jobs = jobs or _processors()
        self._own_time = own_time

    def sum_up(self, reading: Reading) -> Summary:
        """The summary of some files."""
        starts, query = narrowed(reading, self.query, self._last)
        sizes = sum(source.size for group in reading.groups for source in group)
        with _progress(sizes if self._last is None else 0) as tell:
            if len(reading.groups) == 1 and self._jobs > 1 and self._last is None:
                stretches = divide(reading.groups[0], starts[0], self._jobs)
                if len(stretches) > 1:
                    return sum_together(reading, stretches, lambda first: self.summarizer(query, first), tell)
            return sum_up(reading, reading.blocks(starts), self.summarizer(query), tell)

    def summarizer(self, query: Query, is_first: bool = True) -> Summarizer:
        """An empty one."""
        return Summarizer(
            self.by,
            query,
            layers=known_layers(),
            slowest=self._slowest,
            own_time=self._own_time,
            is_first=is_first,
        )


def _processors() -> int:
    """How many this process may use; not every system can tell."""
    count: int = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return count


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], Any]]:
    """A bar on stderr, if that is a terminal and it takes long."""
    if total < LONG or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # Drawn by this thread alone: processes are started meanwhile, which one with several had better not do.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=total)
        drawn = 0.0

        def tell(count: int) -> None:
            nonlocal drawn
            now = time.monotonic()
            bar.update(task, advance=count, refresh=now - drawn > _OFTEN)
            drawn = now if now - drawn > _OFTEN else drawn

        yield tell
