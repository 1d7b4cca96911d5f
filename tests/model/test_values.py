"""Any object, as text or as plain JSON data, whatever its methods do."""

from __future__ import annotations

import enum
import math
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.values import (
    CUT,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    Copier,
    copy_metadata,
    copy_value,
    cut,
    gather_metadata,
    is_said,
    summary_of,
    text_of,
)

ERRORS = [ValueError, RecursionError, MemoryError, GeneratorExit, SystemExit, BaseException]


class Raising:
    """Fails wherever it is looked at."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error

    def __str__(self) -> str:
        raise self._error

    __repr__ = __str__


class Recursive:
    """Has no end."""

    def __str__(self) -> str:
        return str(self)


class Number:
    """Says something that is no text."""

    def __str__(self) -> str:
        return 7  # type: ignore[return-value]  # noqa: PLE0307 - on purpose


class Lying(str):
    """A text with methods of its own."""

    __slots__ = ()

    def __len__(self) -> int:
        return 1

    def __str__(self) -> str:
        return self

    def isascii(self) -> bool:
        """A lie."""
        return True

    def encode(self, *_: object) -> bytes:
        """Another one."""
        raise ValueError


class Answering:
    """Answers with a text that has methods of its own."""

    def __str__(self) -> str:
        return Lying("\ud800" * 3)


class OwnDecimal(Decimal):
    """A known type that answers so too."""

    __str__ = Answering.__str__


class OddInt(int):
    """A number that is none when asked."""

    def __int__(self) -> int:
        raise ValueError


class OddFloat(float):
    """Another number."""

    def __float__(self) -> float:
        raise ValueError


class OddClass:
    """Does not even say what it is."""

    @property
    def __class__(self) -> Any:
        raise ValueError

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class OddMapping(Mapping[Any, Any]):
    """A mapping whose items are what it was given."""

    def __init__(self, items: Callable[[], Any]) -> None:
        self._items = items

    def __getitem__(self, key: object) -> Any:
        raise KeyError(key)

    def __len__(self) -> int:
        raise ValueError

    def __iter__(self) -> Iterator[Any]:
        raise ValueError

    def items(self) -> Any:
        """Not always pairs."""
        return self._items()


class Endless(list[Any]):
    """A list without an end."""

    def __iter__(self) -> Iterator[Any]:
        return iter(count())


@dataclass
class Point:
    """Plain data."""

    x: object
    y: object = 2


@dataclass
class Broken:
    """Data that cannot be read."""

    x: int = 1

    def __getattribute__(self, name: str) -> Any:
        if name == "x":
            raise ValueError
        return super().__getattribute__(name)


class Pair(msgspec.Struct):
    """Plain data of msgspec."""

    left: object
    right: object


class Colour(enum.Enum):
    """Plain values by name."""

    RED = "red"
    MANY = (1, 2)


class Endlessly(enum.Enum):
    """Values that lead back to themselves."""

    ME = 1

    @property
    def value(self) -> Any:
        """Itself."""
        return self


def in_itself(kind: type[Any]) -> Any:
    """A list or dict that holds itself."""
    value = kind()
    if isinstance(value, dict):
        value["me"] = value
    else:
        value.append(value)
    return value


def nested(depth: int) -> object:
    """Lists in lists."""
    value: object = "core"
    for _ in range(depth):
        value = [value]
    return value


def items_raise() -> None:
    """Like `items()` of a broken mapping."""
    raise ValueError


HOSTILE: list[Callable[[], object]] = [
    *(lambda error=error: Raising(error) for error in ERRORS),
    *(lambda error=error: error(Raising(error)) for error in ERRORS),
    Recursive,
    Number,
    lambda: Lying("\ud800" * 3),
    Answering,
    lambda: OwnDecimal(1),
    lambda: OddInt(3),
    lambda: OddFloat(0.5),
    OddClass,
    lambda: OddMapping(items_raise),
    lambda: OddMapping(lambda: 7),
    lambda: OddMapping(lambda: [1, 2]),
    lambda: OddMapping(lambda: zip(count(), count(), strict=False)),
    lambda: OddMapping(lambda: [(Raising(SystemExit), Raising(SystemExit))]),
    Endless,
    Broken,
    lambda: Endlessly.ME,
    lambda: in_itself(list),
    lambda: in_itself(dict),
    lambda: in_itself(deque),
    lambda: nested(500),
    lambda: [list(range(2_000))] * 3,
    lambda: {Raising(ValueError): 1, Recursive(): 2},
    object,
    lambda: len,
    lambda: Colour,
    lambda: iter([1]),
    lambda: memoryview(b"abcd").cast("I"),
    lambda: 10**5_000,
    lambda: -(1 << 100_000),
]

any_text = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    ["\ud800", "\udfff" * 40, "\0", "é" * 30]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.complex_numbers()
    | st.binary()
    | any_text
    | st.datetimes()
    | st.decimals()
    | st.uuids()
    | st.sampled_from([make for make in HOSTILE if make is not OddClass]).map(lambda make: make())
)
keys = st.none() | st.booleans() | st.integers() | any_text | st.tuples(st.integers(), any_text) | st.floats()
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | inner.map(Point)
        | st.builds(Pair, inner, inner)
        | st.frozensets(st.integers() | any_text, max_size=4)
    ),
    max_leaves=12,
)


def is_plain(value: object) -> bool:
    """Whether there is nothing in it but what JSON has, by exact type."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(map(is_plain, value))
    return type(value) in {str, int, float, bool, type(None)}


def size_of(value: object) -> int:
    """Values in it, all levels together."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(size_of, inner))


class TestCut:
    """Texts of a length."""

    @given(st.text(), st.integers(1, 40))
    def test_marks_a_cut(self, text: str, limit: int) -> None:
        """A text that fits is left alone; of another the beginning stays, and a last … in all the room."""
        expected = text if len(text) <= limit else text[: limit - 1] + "…"
        assert cut(text, limit) == expected
        assert len(expected) <= limit


class TestIsSaid:
    """Whether a caller gave a text at all."""

    @pytest.mark.parametrize(
        ("value", "said"),
        [("", False), ("x", True), (None, True), (0, True), pytest.param(Lying(""), True, id="own type")],
    )
    def test_empty(self, value: object, said: bool) -> None:
        """Nothing but the empty text is unsaid."""
        assert is_said(value) is said


class TestTextOf:
    """Any object as text."""

    @pytest.mark.parametrize(
        ("value", "text"), [("a", "a"), (7, "7"), (None, "None"), ([1, "b"], "[1, 'b']")]
    )
    def test_str(self, value: object, text: str) -> None:
        """An object is shown by `str`."""
        assert text_of(value) == text

    @pytest.mark.parametrize("error", ERRORS)
    def test_raising(self, error: type[BaseException]) -> None:
        """An object that fails says so by its type."""
        assert text_of(Raising(error)) == f"<Raising: {error.__name__} in __str__>"

    @pytest.mark.parametrize(("value", "why"), [(Recursive(), "RecursionError"), (Number(), "TypeError")])
    def test_misbehaving(self, value: object, why: str) -> None:
        """So does one whose text has no end, or is none."""
        assert text_of(value) == f"<{type(value).__name__}: {why} in __str__>"

    @pytest.mark.parametrize("value", [pytest.param(Lying("\ud800" * 3), id="itself"), Answering()])
    def test_exact(self, value: object) -> None:
        """A text with methods of its own is taken for what it holds."""
        assert type(text_of(value)) is str
        assert text_of(value) == "\ud800" * 3

    def test_interrupt(self) -> None:
        """A Ctrl-C is the user's, and goes on its way."""
        with pytest.raises(KeyboardInterrupt):
            text_of(Raising(KeyboardInterrupt))


class TestSummaryOf:
    """Any object as a summary (contract §3)."""

    @given(values, st.integers(8, 120))
    def test_fits_and_encodes(self, value: object, limit: int) -> None:
        """A summary is never longer than its limit, and JSON can hold it."""
        summary = summary_of(value, limit)
        assert len(summary) <= limit
        assert orjson.loads(orjson.dumps(summary)) == summary

    @given(st.text(), st.integers(8, 120))
    def test_marks_a_cut(self, text: str, limit: int) -> None:
        """What fits is said as it is; a last … marks what was cut."""
        assert summary_of(text, limit) == cut(text, limit)

    def test_surrogates(self) -> None:
        r"""Lone surrogates are written out, `\ud800`, before the length is measured."""
        assert summary_of("a\ud800", 100) == "a\\ud800"
        assert summary_of("\ud800" * 90, 100) == ("\\ud800" * 17)[:99] + "…"


class TestCopier:
    """Any object as plain data."""

    @given(values)
    def test_anything(self, value: object) -> None:
        """Whatever was given, the copy is plain, in bounds, and orjson can write it."""
        copied = Copier().copy(value)
        assert is_plain(copied)
        assert size_of(copied) <= MAX_ITEMS + MAX_DEPTH
        assert orjson.dumps(copied)

    @pytest.mark.parametrize("make", HOSTILE)
    @pytest.mark.parametrize(
        "wrap", [lambda value: value, lambda value: {"k": [value]}, lambda value: Pair(value, 1)]
    )
    def test_hostile(self, make: Callable[[], object], wrap: Callable[[object], object]) -> None:
        """So is it for objects that fail, lie, or have no end, alone or inside others."""
        copied = Copier().copy(wrap(make()))
        assert is_plain(copied)
        assert size_of(copied) <= MAX_ITEMS + MAX_DEPTH
        assert orjson.dumps(copied)

    @pytest.mark.parametrize(
        ("value", "copied"),
        [
            ((1, "a", None, True, 0.5), [1, "a", None, True, 0.5]),
            (deque([1]), [1]),
            ({3}, [3]),
            (OrderedDict(a=frozenset({1})), {"a": [1]}),
            (Point(1), {"x": 1, "y": 2}),
            (Point, "Point"),
            (Pair((1,), {}), {"left": [1], "right": {}}),
            ([Colour.RED, Colour.MANY], ["red", [1, 2]]),
            ({1: "a", (2, "b"): "c", None: "d"}, {"1": "a", "(2, 'b')": "c", "None": "d"}),
            ({1: "a", "1": "b", "1_": "c"}, {"1": "a", "1_": "b", "1__": "c"}),
            ([2**64 - 1, -(2**63), 2**64], [2**64 - 1, -(2**63), str(2**64)]),
            (1 << 5_000, hex(1 << 5_000)),
            ([math.nan, math.inf, -math.inf], ["nan", "inf", "-inf"]),
            ([b"caf\xc3\xa9 \xff", bytearray(b"b"), memoryview(b"c")], ["café \\xff", "b", "c"]),
            ("a\ud800", "a\\ud800"),
            (
                [datetime(2026, 1, 13, tzinfo=UTC), date(2026, 1, 13), timedelta(seconds=5)],
                ["2026-01-13 00:00:00+00:00", "2026-01-13", "0:00:05"],
            ),
            ([Decimal("0.10"), UUID(int=1), PurePosixPath("/a")], ["0.10", str(UUID(int=1)), "/a"]),
            (KeyError("k"), "KeyError: 'k'"),
        ],
    )
    def test_kinds(self, value: object, copied: object) -> None:
        """Each kind has its nearest plain data, and no remark."""
        copier = Copier()
        assert copier.copy(value) == copied
        assert (copier.truncated, copier.encoding_error) == (False, None)

    def test_own_value_alone(self) -> None:
        """An object that fails costs its own value; the first failure is remarked."""
        copier = Copier()
        assert copier.copy({"a": 1, "b": Raising(ValueError), "c": [Raising(OSError), 2]}) == {
            "a": 1,
            "b": "<Raising: ValueError>",
            "c": ["<Raising: OSError>", 2],
        }
        assert copier.encoding_error == "Raising: ValueError"

    def test_later_changes(self) -> None:
        """A copy stays as the object was when it was given."""
        value = {"a": [1]}
        copied = Copier().copy(value)
        value["a"].append(2)
        assert copied == {"a": [1]}

    @pytest.mark.parametrize(
        ("value", "copied"),
        [
            pytest.param(nested(MAX_DEPTH), nested(MAX_DEPTH), id="deep"),
            pytest.param([0] * (MAX_ITEMS - 1), [0] * (MAX_ITEMS - 1), id="wide"),
            pytest.param("x" * MAX_TEXT, "x" * MAX_TEXT, id="long"),
            pytest.param("é".encode() * MAX_TEXT, "é" * MAX_TEXT, id="long bytes"),
        ],
    )
    def test_up_to_the_bounds(self, value: object, copied: object) -> None:
        """What is within the bounds is whole."""
        copier = Copier()
        assert copier.copy(value) == copied
        assert not copier.truncated

    @pytest.mark.parametrize(
        ("value", "copied"),
        [
            pytest.param(nested(MAX_DEPTH + 1), str(nested(MAX_DEPTH)).replace("core", CUT), id="deep"),
            pytest.param([0] * MAX_ITEMS, str([0] * (MAX_ITEMS - 1) + [CUT]), id="wide"),
            pytest.param(
                {str(at): 0 for at in range(MAX_ITEMS)}, str({str(at): 0 for at in range(999)}), id="keys"
            ),
            pytest.param("x" * (MAX_TEXT + 1), "x" * (MAX_TEXT - 1) + CUT, id="long"),
            pytest.param(b"x" * (MAX_TEXT + 1), "x" * (MAX_TEXT - 1) + CUT, id="long bytes"),
            pytest.param("😀".encode() * 2 * MAX_TEXT, "😀" * (MAX_TEXT - 1) + CUT, id="long bytes of UTF-8"),
            pytest.param(
                "\ud800" * 3_000, ("\\ud800" * 3_000)[: MAX_TEXT - 1] + CUT, id="long when written out"
            ),
            pytest.param(1 << 70_000, hex(1 << 70_000)[: MAX_TEXT - 1] + CUT, id="long number"),
        ],
    )
    def test_beyond_the_bounds(self, value: object, copied: str) -> None:
        """What is beyond them is cut, marked by …, and remarked."""
        copier = Copier()
        assert str(copier.copy(value)) == copied
        assert copier.truncated

    @pytest.mark.parametrize("value", [in_itself(list), in_itself(dict)])
    def test_in_itself(self, value: object) -> None:
        """An object that holds itself ends at the greatest depth."""
        copier = Copier()
        assert str(copier.copy(value)).count(CUT) == 1
        assert copier.truncated

    @pytest.mark.parametrize("value", [Raising(KeyboardInterrupt), [{"k": Raising(KeyboardInterrupt)}]])
    def test_interrupt(self, value: object) -> None:
        """A Ctrl-C is the user's, and goes on its way."""
        with pytest.raises(KeyboardInterrupt):
            Copier().copy(value)


class TestCopyValue:
    """A value, and what had to be left out of it."""

    @pytest.mark.parametrize(
        ("value", "notes"),
        [
            ([1], {}),
            (nested(20), {"truncated": True}),
            (Raising(ValueError), {"encoding_error": "Raising: ValueError"}),
            ([nested(20), Raising(OSError)], {"truncated": True, "encoding_error": "Raising: OSError"}),
        ],
    )
    def test_notes(self, value: object, notes: dict[str, Any]) -> None:
        """The notes say it by the contract's reserved keys."""
        found: dict[str, Any] = {}
        copy_value(value, found)
        assert found == notes

    def test_first_error_stays(self) -> None:
        """Of several failures the first is noted."""
        notes: dict[str, Any] = {}
        copy_metadata({"a": Raising(ValueError), "b": Raising(OSError)}, notes)
        assert notes == {"encoding_error": "Raising: ValueError"}


class TestCopyMetadata:
    """A caller's keys."""

    def test_copies(self) -> None:
        """Plain values are taken as they are, others are copied, in the caller's order."""
        inner = [1]
        notes: dict[str, Any] = {}
        copied = copy_metadata({"z": inner, "a": "text", "n": None, "p": PurePosixPath("/p")}, notes)
        inner.append(2)
        assert [*copied.items()] == [("z", [1]), ("a", "text"), ("n", None), ("p", "/p")]
        assert notes == {}


class TestGatherMetadata:
    """Values given as a mapping, and by name."""

    @pytest.mark.parametrize(
        ("metadata", "more", "gathered"),
        [
            (None, {}, {}),
            (None, {"a": 1}, {"a": 1}),
            ({"a": 1, "b": (2,)}, {"a": 3}, {"a": 3, "b": [2]}),
            ({1: "x"}, {}, {"1": "x"}),
            ("a note", {"a": 1}, {"metadata": "a note", "a": 1}),
            ([1, 2], {}, {"metadata": [1, 2]}),
        ],
    )
    def test_together(self, metadata: object, more: dict[str, object], gathered: dict[str, Any]) -> None:
        """What is given by name wins; what is no mapping goes under `metadata`."""
        notes: dict[str, Any] = {}
        assert gather_metadata(metadata, more, notes) == gathered
        assert notes == {}

    @pytest.mark.parametrize("make", HOSTILE)
    def test_hostile(self, make: Callable[[], object]) -> None:
        """Nothing that is given as metadata keeps the line from being written."""
        assert orjson.dumps(gather_metadata(make(), {"k": [make()]}, {}))
