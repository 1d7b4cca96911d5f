"""All that one command reads: its files, in their order, and what was wrong with them."""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from dopejar_tracing.read.input.blocks import Block
from dopejar_tracing.read.input.lines import Bad, Glance, split_lines
from dopejar_tracing.read.input.source import Source, UnreadableError
from dopejar_tracing.read.query.filters import Select
from dopejar_tracing.settings.rotated import rotated_from

Group = Sequence[Source]
"""The parts of one file, the oldest first."""


class Start(NamedTuple):
    """Where in a group reading begins."""

    part: int = 0
    offset: int = 0
    """Bytes of that part that are left out."""


WHOLE = 1 << 22
"""Bytes up to which every line is read whole, so that each bad one is counted; of what comes after, only
what is asked for is read."""
_TIME = re.compile(rb'"timestamp":\s*"([^"]{1,40})')


class Reading:
    """What is read, and what came of it.

    Args:
        groups: the files.

    Attributes:
        events: how many lines of ours have been read.
        bad: of each source, the lines that are none.
        removed: rotated files that were deleted before they were read.
        pause: called before each block is looked at: what was found so far may be shown.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.events = 0
        self.removed: list[Source] = []
        self.pause: Callable[[], object] = lambda: None
        self._read = 0  # bytes
        self._spoiled: tuple[Block | None, int] = (None, 0)  # the last block with such a line, and its end
        self.bad = {source: Bad() for group in groups for source in group}

    def close(self) -> None:
        """Let go of the files."""
        for source in self.bad:
            source.close()

    def blocks(self, starts: Sequence[Start]) -> Iterator[tuple[Source, Block]]:
        """The blocks of all files; of several files side by side, in the order of their times.

        Args:
            starts: where each group begins.
        """
        streams = [self.parts(group, start) for group, start in zip(self.groups, starts, strict=True)]
        if len(streams) == 1:
            return streams[0]
        return heapq.merge(*streams, key=lambda part: time_of(part[1].data))

    def parts(self, group: Group, start: Start) -> Iterator[tuple[Source, Block]]:
        """The blocks of one group."""
        offset = start.offset
        for source in group[start.part :]:
            try:
                for block in source.forward(offset):
                    yield source, block
                    self.pause()
            except UnreadableError as error:
                if not self._was_removed(source, error):
                    raise
            offset = 0
            if source is not group[-1]:  # which may have been rotated by now: it is held
                source.release()

    def _was_removed(self, source: Source, error: UnreadableError) -> bool:
        """Whether a rotated file was deleted by whoever keeps so many; it is noted."""
        if not isinstance(error.__cause__, FileNotFoundError) or rotated_from(source.name) == source.name:
            return False
        self.removed.append(source)
        return True

    def glances(self, source: Source, block: Block, glance: Glance) -> list[Any]:
        """What is asked for of each line of a block."""
        return self._glanced(source, block, glance)[0]

    def _glanced(self, source: Source, block: Block, glance: Glance) -> tuple[list[Any], list[bytes] | None]:
        """The same, with the lines where they had to be taken apart for it."""
        self._read += len(block.data)
        glances = glance.quick(block) if self._read > WHOLE else None
        lines = None
        if glances is None:
            glances, lines = glance.one_by_one(block, self.bad[source], whole=self._read <= WHOLE)
        self.events += len(glances)
        return glances, lines

    def lines(
        self,
        source: Source,
        block: Block,
        glance: Glance,
        select: Select,
        missing: AbstractSet[str] = frozenset(),
    ) -> Iterator[tuple[Any, bytes]]:
        """The lines of a block that are selected, or missing, with what was read of them.

        Args:
            source: of the block.
            block: to look into.
            glance: what is read of each line.
            select: what is looked for.
            missing: IDs that are wanted as well; they may change with each line that is handed out.
        """
        glances, lines = self._glanced(source, block, glance)
        for at in _wanted(glances, select(glances), missing):
            lines = lines or split_lines(block.data)
            if len(lines) != len(glances):  # two events in a line, or an event in two
                yield from self._strictly(source, block, glance, select, missing)
                return
            yield glances[at], lines[at]

    def _strictly(
        self, source: Source, block: Block, glance: Glance, select: Select, missing: AbstractSet[str]
    ) -> Iterator[tuple[Any, bytes]]:
        glances, lines = glance.one_by_one(block, self.bad[source])
        for at in _wanted(glances, select(glances), missing):
            yield glances[at], lines[at]

    def spoil(self, source: Source, block: Block, line: bytes) -> None:
        """Count a line of the block that is none of ours after all."""
        spoiled, at = self._spoiled
        at = max(0, block.data.find(line, at if spoiled is block else 0))
        self._spoiled = block, at + len(line)
        self.bad[source].add(block.offset + at)
        self.events -= 1


def _wanted(glances: Sequence[Any], selected: list[int], missing: AbstractSet[str]) -> Iterator[int]:
    """The places of what is selected, and between them of what is missing when its turn comes."""
    at = 0
    for selection in (*selected, len(glances)):
        while missing and at < selection:
            if glances[at].trace_id in missing:
                yield at
            at += 1
        if selection < len(glances):
            yield selection
        at = selection + 1


def time_of(line: bytes) -> bytes:
    """The timestamp of a line, or of the first in a block that has one."""
    match = _TIME.search(line)
    return match[1] if match else b""
