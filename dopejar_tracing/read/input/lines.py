"""Lines of JSONL → events; what is no line of ours is counted, never in the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.input.blocks import Block

BAD_LINE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder(TraceEvent).decode


class Bad:
    """Lines of one file that could not be read.

    Attributes:
        count: how many.
        first: bytes of the file before the first; -1 if there is none.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first = -1

    def add(self, offset: int) -> None:
        """Count the line that begins there."""
        if not self.count or offset < self.first:
            self.first = offset
        self.count += 1

    def join(self, other: Bad) -> None:
        """Count those of another part of the file as well."""
        if other.count and (not self.count or other.first < self.first):
            self.first = other.first
        self.count += other.count


def read_event(line: bytes) -> TraceEvent | None:
    """The event of a line; None if it is no line of ours."""
    try:
        return _decode(line)
    except BAD_LINE:
        return None


def read_events(blocks: Iterable[Block], bad: Bad) -> Iterator[TraceEvent]:
    """The events of all lines, in their order; bad ones are counted."""
    for block in blocks:
        for offset, line in lines_of(block):
            event = read_event(line)
            if event is None:
                bad.add(offset)
            else:
                yield event


def is_blank(line: bytes) -> bool:
    """Whether there is nothing in it: then it is no line, and no bad one."""
    return not line or line.isspace()


def lines_of(block: Block) -> Iterator[tuple[int, bytes]]:
    """(where it begins, line without its newline) of all that are not blank."""
    offset = block.offset
    for line in block.data.split(b"\n"):
        if not is_blank(line):
            yield offset, line
        offset += len(line) + 1


def split_lines(data: bytes) -> list[bytes]:
    """Lines without their newlines, none of them blank."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line for line in lines if not is_blank(line)] if b"" in lines or b"\r" in lines else lines


class Glance:
    """Reads of each line only what is asked for, a third of the work that all of it is.

    What was not asked for may then be wrong unnoticed, in lines that nobody looks at any closer.

    Args:
        fields: keys of a line; `trace_id` is always read.
        metadata: keys of the metadata; None: all of it. They are attributes then, null if they are not there.
    """

    def __init__(self, fields: Iterable[str], metadata: Iterable[str] | None = None) -> None:
        keys = None if metadata is None else frozenset(metadata)
        decoder = msgspec.json.Decoder(_part_of_event(frozenset(fields) | {"trace_id"}, keys))
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines

    def quick(self, block: Block) -> list[Any] | None:
        """What was asked for of each line that is not blank; None if they must be read one by one."""
        try:
            return self._decode_lines(block.data)
        except BAD_LINE:
            return None

    def one_by_one(self, block: Block, bad: Bad, *, whole: bool = False) -> tuple[list[Any], list[bytes]]:
        """What was asked for, or with `whole` everything, of each good line; and those lines."""
        decode = _decode if whole else self._decode
        glances, lines = [], []
        for offset, line in lines_of(block):
            try:
                glances.append(decode(line))
            except BAD_LINE:
                bad.add(offset)
            else:
                lines.append(line)
        return glances, lines


@cache
def _part_of_event(fields: frozenset[str], metadata: frozenset[str] | None) -> type[msgspec.Struct]:
    kinds: dict[str, Any] = {"parent_id": str | None, "duration_ms": int, "metadata": dict[str, Any]}
    if metadata is not None:
        keys = [(name, Any, None) for name in sorted(metadata)]
        kinds["metadata"] = msgspec.defstruct("Metadata", keys, namespace={"get": _get}, gc=False)
    parts = [(name, kinds.get(name, str)) for name in sorted(fields)]
    # Nothing that was JSON leads back to itself, so the garbage collector need not follow it.
    return msgspec.defstruct("Glance", parts, gc=False)


def _get(metadata: Any, key: str) -> Any:
    """As a dict has it."""
    return getattr(metadata, key, None)
