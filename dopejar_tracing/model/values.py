"""Any object, as text or as plain JSON data, whatever its methods do.

What is traced belongs to somebody else: it may raise when it is looked at, hold itself, be larger
than memory, or change a moment later. So values are copied when they are given, within bounds, and
an object that fails costs its own value and nothing else.
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, cast
from uuid import UUID

import msgspec

from dopejar_tracing.model.foreign import ask, is_foreign, type_name

MAX_DEPTH = 12
MAX_ITEMS = 1_000
"""Values copied from one object given, all its levels together."""
MAX_TEXT = 16_384
"""Characters of one text inside metadata."""
CUT = "…"

SCALARS = frozenset({str, int, bool, float, type(None)})
"""Exact types that nothing can change: they are taken as they are."""

_TEXTUAL = (datetime, date, time, timedelta, Decimal, PurePath, UUID, complex)
_SEQUENCES = (list, tuple, set, frozenset, deque)
_INT64 = range(-(2**63), 2**64)


def cut(text: str, limit: int) -> str:
    """At most `limit` characters; what was cut is marked by a last `…` (contract §3)."""
    return text if len(text) <= limit else text[: limit - 1] + CUT


def plain_text(value: object) -> str:
    """The text itself, of a text or of a subclass, whose methods may be foreign; of anything else, none."""
    return str.__str__(cast("str", value)) if issubclass(type(value), str) else ""


def is_said(value: object) -> bool:
    """Whether this is anything but the empty text; asked of the type first, since `==` may be foreign."""
    return type(value) is not str or value != ""


def text_of(value: object) -> str:
    """`str(value)`, or a text that says why there is none."""
    if type(value) is str:
        return value
    return ask(lambda: _str(value), lambda error: f"<{type_name(value)}: {type_name(error)} in __str__>")


def _str(value: object) -> str:
    # str.__str__: what str() returns may be of a subclass, with methods of its own.
    return str.__str__(str(value))


def _unreadable(value: object, error: BaseException) -> str:
    return f"<{type_name(value)}: {type_name(error)}>"


def complaint(error: BaseException) -> str:
    """`ValueError: what it says`, of any exception, also one that cannot say it."""
    return f"{type_name(error)}: {text_of(error)}"


def summary_of(value: object, limit: int) -> str:
    """Text of at most `limit` characters that `json` can encode."""
    if type(value) is str and len(value) <= limit:  # nearly always, hence the short way
        return value if value.isascii() else cut(_encodable(value), limit)
    return cut(_encodable(text_of(value)[: limit + 1]), limit)


class Copier:
    """Copies values to plain JSON data: dict, list, str, int, float, bool, None.

    Attributes:
        truncated: something was left out, for depth, number or length.
        encoding_error: what could not be read, the first such case, or None.
    """

    __slots__ = ("_items", "encoding_error", "truncated")

    def __init__(self, max_items: int = MAX_ITEMS) -> None:
        self._items = max_items
        self.truncated = False
        self.encoding_error: str | None = None

    def copy(self, value: object, depth: int = 0) -> Any:
        """The nearest plain data."""
        return ask(lambda: self._try(value, depth), lambda error: self._failed(value, error))

    def _try(self, value: object, depth: int) -> Any:
        try:
            return self._copy(value, depth)
        except BaseException as error:
            if not is_foreign(error):
                raise
            return self._failed(value, error)

    def _copy(self, value: object, depth: int) -> Any:
        self._items -= 1
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Enum):
            return self._try(value.value, depth)
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, int):
            return self._integer(int(value))
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else self._text(repr(float(value)))
        if isinstance(value, (bytes, bytearray, memoryview)):
            return self._text(bytes(value[: 4 * MAX_TEXT + 4]).decode("utf-8", "backslashreplace"))
        if isinstance(value, _TEXTUAL):
            return self._text(str(value))
        if isinstance(value, BaseException):
            return self._text(f"{type_name(value)}: {_str(value)}")
        return self._compound(value, depth)

    def _compound(self, value: object, depth: int) -> Any:
        if depth >= MAX_DEPTH:
            self.truncated = True
            return CUT
        if isinstance(value, Mapping):
            return self._mapping(value.items(), depth + 1)
        if isinstance(value, _SEQUENCES):
            return self._sequence(value, depth + 1)
        if isinstance(value, type):
            return self._text(value.__qualname__)
        if dataclasses.is_dataclass(value):
            names = [field.name for field in dataclasses.fields(value)]
            return self._mapping(((name, getattr(value, name)) for name in names), depth + 1)
        if isinstance(value, msgspec.Struct):
            names = list(value.__struct_fields__)
            return self._mapping(((name, getattr(value, name)) for name in names), depth + 1)
        return self._text(str(value))

    def _mapping(self, items: Iterable[tuple[object, object]], depth: int) -> dict[str, Any]:
        copied: dict[str, Any] = {}
        for key, item in items:
            if self._items <= 0:
                self.truncated = True
                break
            copied[_free(self._key(key), copied)] = self._try(item, depth)
        return copied

    def _sequence(self, items: Iterable[object], depth: int) -> list[Any]:
        copied: list[Any] = []
        for item in items:
            if self._items <= 0:
                self.truncated = True
                copied.append(CUT)
                break
            copied.append(self._try(item, depth))
        return copied

    def _key(self, key: object) -> str:
        if type(key) is str:
            return self._text(key)
        try:
            return self._text(_str(key))
        except BaseException as error:
            if not is_foreign(error):
                raise
            return self._failed(key, error)

    def _integer(self, value: int) -> int | str:
        # Beyond 64 bits JSON readers differ; beyond some thousand digits Python refuses to print.
        if value in _INT64:
            return value
        return str(value) if value.bit_length() < 4096 else self._text(hex(value))

    def _text(self, text: str) -> str:
        # str.__str__: a subclass may have methods of its own.
        text = _encodable(str.__str__(text)[: MAX_TEXT + 1])
        self.truncated |= len(text) > MAX_TEXT
        return cut(text, MAX_TEXT)

    def _failed(self, value: object, error: BaseException) -> str:
        self.encoding_error = self.encoding_error or f"{type_name(value)}: {type_name(error)}"
        return _unreadable(value, error)


def _encodable(text: str) -> str:
    r"""The text with lone surrogates, which UTF-8 cannot hold, written as `\ud800`."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _free(key: str, taken: Mapping[str, object]) -> str:
    """The key, or the key with underscores behind it: two keys may read the same (1 and "1")."""
    while key in taken:
        key += "_"
    return key


def copy_metadata(values: Mapping[str, object], notes: dict[str, Any]) -> dict[str, Any]:
    """A copy of a caller's metadata as it is now; what had to be left out is put into `notes`."""
    return {
        key: value if type(value) in SCALARS else copy_value(value, notes) for key, value in values.items()
    }


def copy_value(value: object, notes: dict[str, Any]) -> Any:
    """Plain data of one value; `notes` get `truncated` and `encoding_error` where that happened."""
    copier = Copier()
    copied = copier.copy(value)
    if copier.truncated:
        notes["truncated"] = True
    if copier.encoding_error:
        notes.setdefault("encoding_error", copier.encoding_error)
    return copied


def gather_metadata(metadata: object, more: Mapping[str, object], notes: dict[str, Any]) -> dict[str, Any]:
    """A copy of values given as a mapping, and by name; what is no mapping goes under `metadata`."""
    if metadata is None:
        return copy_metadata(more, notes) if more else {}
    copied = copy_value(metadata, notes)
    if not isinstance(copied, dict):
        copied = {"metadata": copied}
    return copied | copy_metadata(more, notes)
