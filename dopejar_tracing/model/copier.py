"""Any object, as the plain JSON data that is nearest to it.

Values are copied when they are given, since their owner may change them a moment later. A copy is bounded in
depth, number and length, and an object that fails costs its own value and nothing else.
"""

from __future__ import annotations

import functools
import re
from collections import Counter, OrderedDict, UserString, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, ValuesView
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import Any, cast
from uuid import UUID

from dopejar_tracing.model.foreign import ask, is_foreign, type_name
from dopejar_tracing.model.kinds import QUALNAME, declared, fields_of, model_items, of_numpy

MAX_DEPTH = 12
MAX_ITEMS = 1_000
"""Values copied from one object given, all its levels together."""
MAX_TEXT = 16_384
"""Characters of one text inside metadata."""
CUT = "…"

_LAST_WORD = 200  # characters that a cut may go back to end between two words
_TEXTUAL = (timedelta, Decimal, PurePath, UUID, UserString, range, complex)
_BYTES = (bytes, bytearray, memoryview)
_NAMED = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    MethodDescriptorType,
    WrapperDescriptorType,
    functools._lru_cache_wrapper,
)
_SEQUENCES = (Sequence, AbstractSet, ValuesView)  # no Iterator: reading one would take from its owner
_KNOWN = frozenset({set, frozenset, deque, OrderedDict, Counter, defaultdict})  # and known to have an end
_HELD = 64
_KEY = MAX_DEPTH + 1  # depth of a key, where whatever holds others is a text
_NUMPY_READY = "?bhilqBHILQd"  # dtypes whose tolist() is as plain as can be
_INT64 = range(-(2**63), 2**64)
_MAX_BITS = 2_048  # within 640 digits, which Python prints whatever its limit (sys.set_int_max_str_digits)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+(?=>)")


class Copier:
    """Copies values to plain JSON data: dict, list, str, int, float, bool, None.

    Attributes:
        truncated: something was left out, for depth, number or length.
        encoding_error: what could not be read, the first such case, or None.
    """

    __slots__ = ("_inside", "_items", "_max_text", "encoding_error", "truncated")

    def __init__(self, max_items: int = MAX_ITEMS, max_text: int = MAX_TEXT) -> None:
        self._items = max_items - 1  # the value itself
        self._max_text = max_text
        self._inside = False
        self.truncated = False
        self.encoding_error: str | None = None

    def copy(self, value: object, depth: int = 0) -> Any:
        """The nearest plain data."""
        kind = type(value)
        if kind is str:
            text = cast("str", value)
            return text if len(text) <= self._max_text and text.isascii() else self._text(text)
        if value is None or kind is bool:
            return value
        if kind is int:
            return self._integer(cast("int", value))
        if kind is float:
            return _number(cast("float", value))
        try:
            if kind is dict and depth < MAX_DEPTH:
                found = cast("dict[object, object]", value)
                return self._mapping(found.items(), depth + 1, len(found))
            if (kind is list or kind is tuple) and depth < MAX_DEPTH:
                return self._sequence(cast("list[object]", value), depth + 1)
            return self._foreign(value, depth)
        except BaseException as error:  # a thread changed it meanwhile, say
            return self._excuse(value, error)

    def _foreign(self, value: object, depth: int) -> Any:
        if self._inside:
            return self._look(value, depth)
        self._inside = True
        try:
            return ask(lambda: self._look(value, depth), lambda error: self._failed(value, error))
        finally:
            self._inside = False

    def _look(self, value: Any, depth: int) -> Any:
        # By type(value), here and below: __class__, which isinstance asks, may be foreign.
        kind = type(value)
        if issubclass(kind, Enum):
            return self.copy(value.value, depth)
        if issubclass(kind, str):
            return self._text(value)
        if issubclass(kind, int):
            return self._integer(int.__index__(value))
        if issubclass(kind, float):
            return _number(float.__float__(value))
        if issubclass(kind, _BYTES):
            start = bytes(memoryview(value)[: 4 * self._max_text + 4])
            return self._text(start.decode("utf-8", "backslashreplace"))
        if issubclass(kind, (date, time)):  # and so datetime
            return self._text(value.isoformat())
        if issubclass(kind, _TEXTUAL):
            return self._text(exact(value))
        if issubclass(kind, BaseException):
            return self._text(f"{type_name(value)}: {exact(value)}".removesuffix(": "))
        if issubclass(kind, re.Pattern):
            return self.copy(value.pattern, depth)
        if issubclass(kind, type):
            return self._text(QUALNAME.__get__(value))
        if issubclass(kind, _NAMED):
            return self._text(value.__qualname__)
        if issubclass(kind, of_numpy("generic")):
            return self._numpy_scalar(value, depth)
        return self._compound(value, kind, depth)

    def _compound(self, value: Any, kind: type, depth: int) -> Any:
        if depth == MAX_DEPTH:
            self.truncated = True
            return CUT
        if depth < MAX_DEPTH:
            return self._opened(value, kind, depth + 1)
        return self._text(exact(value))

    def _opened(self, value: Any, kind: type, depth: int) -> Any:
        """What is in the value, by whatever way it can be read; else its text."""
        known = kind in _KNOWN
        if kind is of_numpy("ndarray"):  # not its subclasses: masks and units are in their own text
            return self._array(value, depth)
        if issubclass(kind, Mapping):
            return self._mapping(value.items(), depth, len(value) if known else None)
        names = fields_of(kind)
        if names is not None:
            return self._mapping(self._attributes(value, names), depth, len(names))
        if issubclass(kind, _SEQUENCES):
            return self._sequence(value, depth, known=known)
        if issubclass(kind, SimpleNamespace):
            return self._mapping(vars(value).items(), depth, len(vars(value)))
        if declared(kind, "__pydantic_root_model__") is True:
            return self.copy(value.root, depth)
        fields = declared(kind, "__pydantic_fields__", "model_fields", "__fields__")  # newest version first
        if type(fields) is dict:
            return self.copy(model_items(value, fields), depth - 1)
        # An address says nothing to a reader, and differs in every run.
        return self._text(_ADDRESS.sub("", exact(value)[: self._max_text + 1]))

    def _mapping(
        self, items: Iterable[tuple[object, object]], depth: int, length: int | None
    ) -> dict[str, Any] | str:
        copied: dict[str, Any] = {}
        # Room of its own for each of the usual number of keys, which no value before it can take.
        held = self._hold(depth) if length is None else min(length, _HELD, self._items)
        self._items -= held
        try:
            for key, item in items:
                if self._items > 0:
                    self._items -= 1
                elif held and length is not None:
                    held -= 1
                else:
                    self.truncated = True
                    return copied or CUT
                short = type(key) is str and key.isascii() and len(key) <= self._max_text
                name = cast("str", key) if short else self._key(key)
                if name in copied:
                    name = _free(name, copied)
                copied[name] = self.copy(item, depth)
        finally:
            self._items += held
        return copied

    def _sequence(self, items: Iterable[object], depth: int, *, known: bool = True) -> list[Any] | str:
        copied: list[Any] = []
        held = 0 if known else self._hold(depth)
        self._items -= held
        try:
            for item in items:
                if self._items <= 0:
                    self.truncated = True
                    return [*copied, CUT] if copied else CUT
                self._items -= 1
                copied.append(self.copy(item, depth))
        finally:
            self._items += held
        return copied

    def _hold(self, depth: int) -> int:
        """What an object that may have no end leaves to those beside it; at the top there are none."""
        return self._items // 2 if depth > 1 else 0

    def _attributes(self, value: object, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
        for name in names:
            try:
                item = getattr(value, name)
            except BaseException as error:
                item = self._excuse(value, error)
            yield name, item

    def _array(self, array: Any, depth: int) -> Any:
        if array.ndim == 0:
            return self.copy(array[()], depth)
        if array.ndim == 1 and array.dtype.char in _NUMPY_READY:
            return self._sequence(array[: self._items + 1].tolist(), depth)  # never the whole of a huge one
        return self._sequence(array, depth)  # of rows, which are views

    def _numpy_scalar(self, value: Any, depth: int) -> Any:
        kind, names = value.dtype.kind, value.dtype.names
        if kind == "V":
            return self.copy({name: value[name] for name in names} if names else value.tobytes(), depth)
        if kind == "f":
            number = float(str(value))  # as it is written: 0.1 of a float32, not 0.10000000149011612
            if isfinite(number) or value.dtype.itemsize <= 8:
                return _number(number)
        return value.item() if kind in "biu" else self._text(exact(value))

    def _key(self, key: object) -> str:
        return self._text(str(self.copy(key, _KEY)))

    def _integer(self, value: int) -> int | str:
        # Beyond 64 bits JSON readers differ.
        if value in _INT64:
            return value
        return str(value) if value.bit_length() <= _MAX_BITS else self._text(hex(value))

    def _text(self, text: str) -> str:
        # str.__getitem__: a subclass may have methods of its own.
        text = encodable(str.__getitem__(text, slice(self._max_text + 1)))
        if len(text) <= self._max_text:
            return text
        self.truncated = True
        end = self._max_text - 1
        # Back to the end of a word: half a secret would not look like one to the redactor that runs later.
        words = (at for at in range(end, max(0, end - _LAST_WORD), -1) if text[at].isspace())
        return text[: next(words, end)] + CUT

    def _excuse(self, value: object, error: BaseException) -> str:
        if not is_foreign(error):
            raise error
        return self._failed(value, error)

    def _failed(self, value: object, error: BaseException) -> str:
        self.encoding_error = self.encoding_error or self._text(f"{type_name(value)}: {type_name(error)}")
        return self._text(f"<{type_name(value)}: {type_name(error)}>")


def exact(value: object) -> str:
    """`str(value)`, whose answer may be of a subclass with methods of its own, as an exact text."""
    return str.__str__(str(value))


def encodable(text: str) -> str:
    r"""The text with lone surrogates, which UTF-8 cannot hold, written as `\ud800`."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _number(value: float) -> float | str:
    if isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def _free(key: str, taken: Mapping[str, object]) -> str:
    """The key with something behind it: two keys may read the same (1 and "1")."""
    key += "_"
    if key in taken:  # the number is nearly always free, and found at once
        key += str(len(taken))
    while key in taken:
        key += "_"
    return key
