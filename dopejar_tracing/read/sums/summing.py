"""Files → their summary, by one process or by several, each of which reads a stretch of them."""

from __future__ import annotations

import multiprocessing
import operator
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from multiprocessing.connection import Connection, wait
from pickle import UnpicklingError

import msgspec

from dopejar_tracing.errors import TracingError
from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import Bad, Glance
from dopejar_tracing.read.input.reading import Group, Reading, Start
from dopejar_tracing.read.input.source import Source
from dopejar_tracing.read.sums.summarize import METADATA, Summarizer
from dopejar_tracing.read.sums.summary import Summary

WORTHWHILE = 1 << 26
"""Bytes for each process; for fewer, starting it takes longer than it saves."""
_OFTEN = 1 << 22
"""Bytes after which a process tells how far it is."""

Progress = Callable[[int], None]
"""Told how many bytes more have been read."""
Make = Callable[[bool], Summarizer]
"""Makes a summarizer, for the first part of a trace or for a later one."""


class Stretch(msgspec.Struct, frozen=True):
    """A part of a file, from where a line begins to where one ends."""

    source: Source
    start: int = 0
    end: int | None = None


class _Result(msgspec.Struct):
    summary: Summary
    events: int
    bad: list[Bad]


def sum_up(
    reading: Reading, blocks: Iterable[tuple[Source, Block]], summarizer: Summarizer, progress: Progress
) -> Summary:
    """The summary of some blocks.

    Args:
        reading: that they belong to; it counts what is bad.
        blocks: in the order in which they were written.
        summarizer: takes the events.
        progress: see there.
    """
    glance = Glance(summarizer.fields, METADATA if summarizer.is_brief else None)
    for source, block in blocks:
        summarizer.add(reading.glances(source, block, glance))
        progress(len(block.data))
    return summarizer.summary


def divide(group: Group, start: Start, jobs: int) -> list[list[Stretch]]:
    """What each of so many processes reads of one group; fewer, if that is not worth it.

    Args:
        group: the parts of a file.
        start: where it is read from.
        jobs: how many processes there may be.
    """
    sizes = [source.size for source in group[start.part :]]
    share = max(WORTHWHILE, -(-(sum(sizes) - start.offset) // jobs))
    shares: list[list[Stretch]] = [[]]
    room, begin = share, start.offset
    for source, size in zip(group[start.part :], sizes, strict=True):
        while size - begin > room and (cut := source.next_line(begin + room)) is not None and cut < size:
            shares[-1].append(Stretch(source, begin, cut))
            shares.append([])
            room, begin = share, cut
        shares[-1].append(Stretch(source, begin))
        room, begin = room - (size - begin), 0
        if room <= 0:
            shares.append([])
            room = share
    return [own for own in shares if own]


def sum_together(
    reading: Reading, stretches: Sequence[Sequence[Stretch]], make: Make, progress: Progress
) -> Summary:
    """Sum up by several processes.

    Args:
        reading: of the files; it is told what was wrong with them.
        stretches: what each process reads, in the order in which it was written.
        make: see there.
        progress: see there.

    Raises:
        TracingError: a process ended before its work did.
    """
    context = multiprocessing.get_context("fork")  # what is looked for are functions, which cannot be sent
    results: dict[int, _Result] = {}
    receivers: dict[Connection, int] = {}
    with _interrupted_later():
        for number, own in enumerate(stretches):
            receiver, sender = context.Pipe(duplex=False)
            context.Process(target=_work, args=(sender, own, make(number == 0)), daemon=True).start()
            sender.close()
            receivers[receiver] = number
    while receivers:
        for receiver in [each for each in wait([*receivers]) if isinstance(each, Connection)]:
            said = _heard(receiver)
            if isinstance(said, int):
                progress(said)
            else:
                results[receivers.pop(receiver)] = said
    return _joined(reading, stretches, results)


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Ctrl-C waits: in the middle of a fork it would be lost here, and a traceback there."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _heard(receiver: Connection) -> int | _Result:
    try:
        said: int | _Result | TracingError = receiver.recv()
    except (EOFError, OSError, UnpicklingError):  # whatever a process left behind that was killed
        msg = "a process that read for this one has ended before its work did"
        raise TracingError(msg) from None
    if isinstance(said, TracingError):
        raise said
    return said


def _joined(reading: Reading, stretches: Sequence[Sequence[Stretch]], results: dict[int, _Result]) -> Summary:
    for number, own in enumerate(stretches):
        reading.events += results[number].events
        for stretch, bad in zip(own, results[number].bad, strict=True):
            reading.bad[stretch.source].join(bad)
    return reduce(operator.add, (results[number].summary for number in sorted(results)))


def _work(sender: Connection, stretches: Sequence[Stretch], summarizer: Summarizer) -> None:
    """What each process does. What goes wrong is told; if nobody listens any more, it ends without a word."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with suppress(BrokenPipeError):
        try:
            sender.send(_result(sender, stretches, summarizer))
        except TracingError as error:
            sender.send(error)


def _result(sender: Connection, stretches: Sequence[Stretch], summarizer: Summarizer) -> _Result:
    """The files are opened anew, since an open one has one position for all processes."""
    sources = [Source(stretch.source.name) for stretch in stretches]
    for source, stretch in zip(sources, stretches, strict=True):
        if stretch.end is not None:
            source.limit(stretch.end)
    reading = Reading([sources])
    blocks = (
        (source, block)
        for source, stretch in zip(sources, stretches, strict=True)
        for block in source.forward(stretch.start)
    )
    summary = sum_up(reading, blocks, summarizer, _Seldom(sender.send))
    return _Result(summary, reading.events, [*reading.bad.values()])


class _Seldom:
    """Tells of progress, but not of each block."""

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._untold = 0

    def __call__(self, count: int) -> None:
        self._untold += count
        if self._untold >= _OFTEN:
            self._tell(self._untold)
            self._untold = 0
