"""Metadata that is too large for a line, cut to a size (`max_metadata_bytes`).

Small values stay whole, and large ones share what is left. This is for the rare line that is over its limit:
clear before fast, yet it takes no longer than its input is long.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from dopejar_tracing.model.copier import CUT

RESERVED = frozenset(
    "duration_us level error error_type error_at logger interrupted truncated encoding_error".split()
)
"""Keys that the contract (§3) keeps for what the tracer says."""
MIN_LIMIT = 600
"""Bytes in which all reserved keys have room."""

Size = Callable[[Any], int]
"""Bytes of a value as compact JSON in UTF-8."""

_MARK = len(f'"{CUT}"'.encode())
_KEY = 64  # bytes of a key that is never cut
_LEAST, _ENOUGH = 32, 256  # bytes that make an entry worth its key, where room is short and where it is not


def fit(metadata: dict[str, Any], limit: int, size: Size) -> dict[str, Any]:
    """The metadata in at most `limit` bytes, and `truncated` in it.

    The reserved keys come before all else, each cut if need be. Texts that were cut end with `…`, lists have
    it as their last item; dicts lose their last keys, and so does the metadata itself if it has too many.
    What stays is in its order.

    Args:
        metadata: plain JSON data; stays as it is.
        limit: bytes of JSON, at least `MIN_LIMIT`.
        size: measures a value.
    """
    metadata = metadata | {"truncated": True}
    told = _fit_entries(((key, metadata[key]) for key in metadata if key in RESERVED), limit * 3 // 4, size)
    room = limit - size(dict(told))
    said = _fit_entries(((key, metadata[key]) for key in metadata if key not in RESERVED), room, size)
    left = {True: iter(told), False: iter(said)}  # the first of each kind, in their order
    merged = (next(left[key in RESERVED], None) for key in metadata)
    return dict(entry for entry in merged if entry)


def _fit_entries(entries: Iterable[tuple[str, Any]], room: int, size: Size) -> list[tuple[str, Any]]:
    """As many of the first entries of a dict as have room in so many bytes, cut to share it."""
    most = max(_KEY, room // 8)
    named: dict[str, Any] = {}

    def measured() -> Iterable[tuple[int, int]]:
        for key, value in entries:
            name = _fit_key(key, most, named, size)
            named[name] = value
            yield size(name) + len(":,"), _weight(value, room, size)

    shares = _share(measured(), room - len("{}"), room)
    return [
        (name, _fit_value(value, share, size))
        for (name, value), share in zip(named.items(), shares, strict=False)  # the last one had no room
    ]


def _fit_value(value: Any, room: int | None, size: Size) -> Any:
    """The value in at most so many bytes, which are `_LEAST` or more; None leaves it whole."""
    if room is None:
        return value
    if type(value) is str:
        return _fit_text(value, room, size)
    if type(value) is dict:
        return dict(_fit_entries(value.items(), room, size))
    if type(value) is not list:
        return CUT
    weights = ((len(","), _weight(item, room, size)) for item in value)
    shares = _share(weights, room - len("[]") - _MARK, room)
    items = [_fit_value(item, share, size) for item, share in zip(value, shares, strict=False)]
    return items if len(items) == len(value) else [*items, CUT]


def _fit_text(text: str, room: int, size: Size) -> str:
    text = text[:room]  # no character takes less than a byte
    # The first length that is too long, and the one before it.
    return text[: bisect_right(range(len(text)), room, key=lambda at: size(text[:at] + CUT)) - 1] + CUT


def _fit_key(key: str, room: int, taken: dict[str, Any], size: Size) -> str:
    """The key in about so many bytes: what was cut may need a number to differ from another."""
    name = key if _weight(key, room, size) <= room else _fit_text(key, room, size)
    if name in taken:
        name += str(len(taken))
    while name in taken:
        name += "_"
    return name


def _weight(value: Any, enough: int, size: Size) -> int:
    """Bytes of the value, or any number above `enough` if a text has more; it is not looked at whole then."""
    return len(value) if type(value) is str and len(value) > enough else size(value)


def _share(sizes: Iterable[tuple[int, int]], room: int, wide: int) -> list[int | None]:
    """What each of the first values is cut to, as many of them as can have enough; None is whole.

    Args:
        sizes: for each value the bytes beside it, such as its key, and its own.
        room: bytes for all of them.
        wide: bytes by which to tell what is enough.
    """
    enough = max(_LEAST, min(_ENOUGH, wide // 16))
    weights: list[int] = []
    needed = 0
    for beside, weight in sizes:
        needed += min(weight, enough)
        room -= beside
        if needed > room:
            room += beside
            break
        weights.append(weight)
    level = _level(weights, room)
    return [None if weight <= level else level for weight in weights]


def _level(weights: list[int], room: int) -> int:
    """What each may take at most, so that together they have room: water that finds its level."""
    left = len(weights)
    for weight in sorted(weights):
        if weight * left > room:
            return room // left
        room -= weight
        left -= 1
    return room + max(weights, default=0)
