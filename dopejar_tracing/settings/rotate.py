"""`rotate`: when the file is set aside and a new one begun, and what becomes of the old ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from dopejar_tracing.settings.checks import Check, Problems, check_each, mapping, number, one_of, size

Period = Literal["minute", "hour", "day", "week"]
Compression = Literal["gzip"]


class Rotate(msgspec.Struct, frozen=True, kw_only=True):
    """When to rotate; at least one of `max_bytes` and `every` is set."""

    max_bytes: int | None = None
    """The file is not made larger than this, unless one line alone is."""
    every: Period | None = None
    """A file holds lines of one such period, in UTC, as the timestamps are."""
    keep: int | None = None
    """Rotated files that are kept; None: all."""
    compress: Compression | None = None


_CHECKS: Mapping[str, Check] = {
    "max_bytes": size(1, nullable=True),
    "every": one_of(Period, nullable=True),
    "keep": number(1, 1_000_000, nullable=True),
    "compress": one_of(Compression, nullable=True),
}
_WHEN = "max_bytes or every, or both"


def check_rotate(key: str, value: object, problems: Problems) -> Rotate | None:
    """A mapping of `Rotate`'s fields; null: the file is never rotated."""
    if value is None or isinstance(value, Rotate):
        return value
    count = len(problems.found)
    given = mapping(key, value, problems, f"{', '.join(_CHECKS)} to values, or null")
    fields = check_each(given, _CHECKS, Problems(f"{problems.place}{key}.", problems.found))
    rotate = Rotate(**fields)
    if len(problems.found) == count and rotate.max_bytes is None and rotate.every is None:
        problems.add(key, _WHEN, value)
    return rotate
