"""W3C Trace Context: the headers `traceparent` and `tracestate`, taken apart and put together.

After https://www.w3.org/TR/trace-context/ (level 1), and of https://www.w3.org/TR/trace-context-2/ (level 2)
what cuts nobody's chain: a key of `tracestate` may begin with a digit, and flag 02, a random trace-id, goes
on with the trace-id. Nothing here raises: what is malformed is as if it were not there, as both want it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

SAMPLED = 0x01
RANDOM = 0x02

MAX_MEMBERS = 32
MAX_LENGTH = 512
"""Characters of a `tracestate` that go on at least, and from us at most."""
LARGE = 128
"""Characters of a member that is dropped before smaller ones are."""

Members = tuple[tuple[str, str], ...]
"""(key, value) of each member of a `tracestate`, the latest service's first."""

_WHITESPACE = " \t"  # OWS of RFC 7230, and no other
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MEMBER = re.compile(
    r"([a-z0-9](?:[a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}|[a-z0-9_\-*/]{0,255}))=("
    r"[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e])"
)


class Traceparent(NamedTuple):
    """A `traceparent`: 16 bytes and 8 bytes in lower-case hexadecimal, neither all zeros, and the flags."""

    trace_id: str
    parent_id: str
    flags: int

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.parent_id}-{self.flags:02x}"


def parse_traceparent(values: Sequence[str]) -> Traceparent | None:
    """The one valid `traceparent` among the values of all headers of that name; None if there is none.

    Of a version later than ours the fields that we know are read, and of its flags the one that may be.
    """
    match = _TRACEPARENT.fullmatch(values[0].strip(_WHITESPACE)) if len(values) == 1 else None
    if match is None:
        return None
    version, trace_id, parent_id, flags, rest = match.groups()
    known = version == "00"
    if version == "ff" or (known and rest is not None) or not (trace_id.strip("0") and parent_id.strip("0")):
        return None
    return Traceparent(trace_id, parent_id, int(flags, 16) & (0xFF if known else SAMPLED))


def parse_tracestate(values: Iterable[str]) -> Members:
    """The members of all `tracestate` headers together; none if a single one of them is invalid.

    Empty members are left out and not counted, since they come about where headers are combined.
    """
    members = {}
    count = 0
    for text in ",".join(values).split(","):
        member = text.strip(_WHITESPACE)
        if not member:
            continue
        match = _MEMBER.fullmatch(member)
        if match is None:
            return ()
        members[match[1]] = match[2]
        count += 1
        if count > MAX_MEMBERS:
            return ()
    return tuple(members.items()) if len(members) == count else ()  # a key that came twice


def lead(key: str, value: str, members: Members) -> Members:
    """The members with this one in front, the place of the service that sends; what is too much is dropped.

    Of more than 32 members the last go. Beyond 512 characters those of more than 128 go first, then the last.
    A value that the specification does not allow is left out.
    """
    others = [member for member in members if member[0] != key]
    own = [(key, value)] if _MEMBER.fullmatch(f"{key}={value}") else []
    kept = (own + others)[:MAX_MEMBERS]
    while len(format_tracestate(kept)) > MAX_LENGTH and len(kept) > 1:
        large = [place for place in range(len(own), len(kept)) if len("=".join(kept[place])) > LARGE]
        del kept[large[-1] if large else -1]
    return tuple(kept)


def format_tracestate(members: Iterable[tuple[str, str]]) -> str:
    """The header; empty, and then not to be sent, if there are no members."""
    return ",".join(f"{key}={value}" for key, value in members)


def trace_id_of(root: str) -> str:
    """The trace-id of a chain that began with this ID: the first 16 bytes of its SHA-256."""
    return _hexadecimal(root, slice(16))


def parent_id_of(span: str) -> str:
    """The parent-id that stands for this ID: the last 8 bytes of its SHA-256."""
    return _hexadecimal(span, slice(-8, None))


def _hexadecimal(text: str, part: slice) -> str:
    import hashlib  # loads OpenSSL, which only those need who call other services

    taken = hashlib.sha256(text.encode(errors="replace")).digest()[part]
    return f"{int.from_bytes(taken, 'big') or 1:0{2 * len(taken)}x}"  # never all zeros
