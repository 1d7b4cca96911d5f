"""Any object as plain JSON data, whatever its methods do."""

from __future__ import annotations

import array
import enum
import functools
import math
import re
import subprocess
import sys
import threading
from collections import Counter, OrderedDict, UserDict, UserList, UserString, deque, namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import attrs
import msgspec
import numpy
import orjson
import pydantic
import pydantic.v1
import pytest
from corpora.hostile import BEARABLE, HOSTILE, Raising, in_itself, nested
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.copier import CUT, MAX_DEPTH, MAX_ITEMS, MAX_TEXT, Copier


@dataclass
class Point:
    """Plain data."""

    x: object
    y: object = 2
    secret: str = field(default="hunter2", repr=False)


class Pair(msgspec.Struct):
    """Plain data of msgspec."""

    left: object
    right: object


class Colour(enum.Enum):
    """Plain values by name."""

    RED = "red"
    MANY = (1, 2)


class Model(pydantic.BaseModel):
    """A model whose code fails when it is run."""

    model_config = pydantic.ConfigDict(extra="allow")
    number: int
    key: pydantic.SecretStr = pydantic.SecretStr("hunter2")
    hidden: str = pydantic.Field(default="hunter2", repr=False)
    inner: Model | None = None
    _private: int = 1

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def computed(self) -> int:
        """Not to be run."""
        raise SystemExit

    @functools.cached_property
    def cached(self) -> int:
        """Run by the host, and no part of the model."""
        return 1

    @pydantic.model_serializer
    def serialized(self) -> Any:
        """Not to be run."""
        raise SystemExit


class Numbers(pydantic.RootModel[list[int]]):
    """A model that is a list."""


class OldModel(pydantic.v1.BaseModel):
    """A model of version 1."""

    number: int
    key: pydantic.v1.SecretStr = pydantic.v1.SecretStr("hunter2")

    class Config:
        """What is more is kept."""

        extra = "allow"


@attrs.define
class Attributes:
    """Plain data of attrs."""

    x: int
    y: list[int]
    secret: str = attrs.field(default="hunter2", repr=False)


Named = namedtuple("Named", "x y")  # noqa: PYI024 - as hosts have them


@functools.lru_cache
def cached() -> None:
    """Wrapped in an object of C."""


def generator() -> Iterator[int]:
    """Never begun."""
    yield 1


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
    | st.sampled_from(BEARABLE).map(lambda make: make())
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
    """Values in it, all levels together, but for the marks of what was cut."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (value != CUT) + sum(map(size_of, inner))


class TestCopier:
    """Any object as plain data."""

    @given(values)
    def test_anything(self, value: object) -> None:
        """Whatever was given, the copy is plain, in bounds, and orjson can write it."""
        copied = Copier().copy(value)
        assert is_plain(copied)
        assert size_of(copied) <= MAX_ITEMS + MAX_DEPTH
        assert orjson.dumps(copied)

    @pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
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
            ([math.nan, math.inf, -math.inf], ["NaN", "Infinity", "-Infinity"]),
            ([b"caf\xc3\xa9 \xff", bytearray(b"b"), memoryview(b"c")], ["café \\xff", "b", "c"]),
            ("a\ud800", "a\\ud800"),
            (
                [datetime(2026, 1, 13, tzinfo=UTC), date(2026, 1, 13), timedelta(seconds=5)],
                ["2026-01-13T00:00:00+00:00", "2026-01-13", "0:00:05"],
            ),
            ([Decimal("0.10"), UUID(int=1), PurePosixPath("/a")], ["0.10", str(UUID(int=1)), "/a"]),
            (KeyError("k"), "KeyError: 'k'"),
            (KeyError(), "KeyError"),
            (Named(1, (2,)), {"x": 1, "y": [2]}),
            (Attributes(1, [2]), {"x": 1, "y": [2]}),
            (SimpleNamespace(a=1, b=(2,)), {"a": 1, "b": [2]}),
            (Counter("aab"), {"a": 2, "b": 1}),
            ([UserDict(a=1), UserList([1]), UserString("a")], [{"a": 1}, [1], "a"]),
            ([{"a": 1}.keys(), {"a": 1}.values(), {"a": 1}.items()], [["a"], [1], [["a", 1]]]),
            (array.array("d", [0.5]), [0.5]),
            ([range(3), re.compile("a+"), re.compile(b"b+")], ["range(0, 3)", "a+", "b+"]),
            (
                [generator, cached, len, str.join, "".join, Raising().__str__, lambda: 1],
                [
                    "generator",
                    "cached",
                    "len",
                    "str.join",
                    "str.join",
                    "Raising.__str__",
                    "TestCopier.<lambda>",
                ],
            ),
            ([object(), generator()], ["<object object>", "<generator object generator>"]),
            (
                {
                    Colour.RED: 1,
                    b"b": 2,
                    PurePosixPath("/a"): 3,
                    date(2026, 1, 13): 4,
                    math.nan: 5,
                    Raising: 6,
                },
                {"red": 1, "b": 2, "/a": 3, "2026-01-13": 4, "NaN": 5, "Raising": 6},
            ),
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
        assert copier.copy({"a": 1, "b": Raising(), "c": [Raising(OSError), 2]}) == {
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

    @pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
    def test_neighbours(self, make: Callable[[], object]) -> None:
        """An object that fails leaves those beside it whole, those before and after it."""
        copied = Copier().copy({"before": [1], "it": make(), "after": "text", "last": 0.5})
        assert [copied["before"], copied["after"], copied["last"]] == [[1], "text", 0.5]

    def test_endless_neighbours(self) -> None:
        """Of several objects without an end none takes all the room."""
        copied = Copier().copy([{"it": HOSTILE["items() without end"](), "at": at} for at in range(5)])
        assert [len(item["it"]) > 10 and item["at"] for item in copied] == [*range(5)]

    def test_unconsumed(self) -> None:
        """Generators and iterators are not read: what is in them is their owner's."""
        numbers, letters = count(), generator()
        Copier().copy([numbers, letters, map(str, numbers), zip(letters, strict=False)])
        assert next(numbers) == 0
        assert next(letters) == 1

    def test_changed_meanwhile(self) -> None:
        """A dict that another thread changes all the time costs its own value at most."""
        shared: dict[int, object] = {}
        done = threading.Event()

        def change() -> None:
            for at in count():
                if done.is_set():
                    return
                shared[at % 500] = [at]
                shared.pop((at * 7) % 500, None)

        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(200):
                copied = Copier().copy({"before": 1, "shared": shared, "after": [2]})
                assert is_plain(copied)
                assert [copied["before"], copied["after"]] == [1, [2]]
        finally:
            done.set()
            thread.join()

    @pytest.mark.parametrize("limit", [MAX_TEXT, 1_000])
    def test_whole_words(self, limit: int) -> None:
        """A text is cut between two words where that is near, so that half a secret is not left."""
        copier = Copier(max_text=limit)
        text = "x" * (limit - 100) + " sk-" + "s" * 200
        assert copier.copy(text) == "x" * (limit - 100) + CUT
        assert copier.truncated

    def test_few_digits(self) -> None:
        """A large number is written whatever the host lets Python print."""
        digits = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(640)
        try:
            assert Copier().copy(1 << 2_047) == str(1 << 2_047)
            assert Copier().copy(1 << 2_048) == hex(1 << 2_048)
        finally:
            sys.set_int_max_str_digits(digits)


class TestPydantic:
    """Models, whose own code is not run."""

    @pytest.mark.parametrize(
        ("value", "copied"),
        [
            (
                Model(number=1, inner=Model(number=2), more=(3,)),  # type: ignore[call-arg]
                {
                    "number": 1,
                    "key": "**********",
                    "inner": {"number": 2, "key": "**********", "inner": None},
                    "more": [3],
                },
            ),
            (Model.model_construct(number=1), {"number": 1, "key": "**********", "inner": None}),
            (Numbers([1, 2]), [1, 2]),
            (OldModel(number=1, more=(2,)), {"number": 1, "key": "**********", "more": [2]}),  # type: ignore[call-arg]
        ],
    )
    def test_models(self, value: object, copied: object) -> None:
        """A model is read as a mapping; what is secret stays so."""
        copier = Copier()
        assert copier.copy(value) == copied
        assert (copier.truncated, copier.encoding_error) == (False, None)

    def test_cached(self) -> None:
        """What the host computed in passing is no part of it."""
        model = Model(number=1)
        assert model.cached == 1
        assert "cached" not in Copier().copy(model)


class TestNumpy:
    """Arrays and scalars."""

    @pytest.mark.parametrize(
        ("value", "copied"),
        [
            (numpy.float64(0.1), 0.1),
            (numpy.float64("nan"), "NaN"),
            (numpy.float32(0.1), 0.1),
            (numpy.float16("-inf"), "-Infinity"),
            (numpy.longdouble("0.5"), 0.5),
            (numpy.longdouble("1e4000"), "1e+4000"),
            (numpy.int8(-3), -3),
            (numpy.uint64(2**64 - 1), 2**64 - 1),
            (numpy.bool_(True), True),
            ([numpy.str_("a"), numpy.bytes_(b"b"), numpy.void(b"c")], ["a", "b", "c"]),
            (numpy.complex64(1 + 2j), "(1+2j)"),
            (numpy.datetime64("2026-01-13T01:02:03"), "2026-01-13T01:02:03"),
            ([numpy.datetime64("NaT", "s"), numpy.timedelta64(5, "s")], ["NaT", "5 seconds"]),
            (numpy.array(5), 5),
            (numpy.array([1, 2]), [1, 2]),
            (numpy.array([[0.5, math.nan], [math.inf, 0]]), [[0.5, "NaN"], ["Infinity", 0.0]]),
            (numpy.array([0.1], dtype="f4"), [0.1]),
            (numpy.array(["2026-01-13"], dtype="M8[D]"), ["2026-01-13"]),
            (numpy.array([(1, "a")], dtype=[("i", "i4"), ("s", "U3")]), [{"i": 1, "s": "a"}]),
            (numpy.array([{"a": (1,)}, None, b"b"], dtype=object), [{"a": [1]}, None, "b"]),
            (numpy.array({"a": 1}, dtype=object), {"a": 1}),
            (numpy.zeros((2, 0)), [[], []]),
            (numpy.ma.masked_array([1, 2], mask=[False, True]), "[1 --]"),
            ({numpy.int64(1): numpy.float64(2)}, {"1": 2.0}),
        ],
    )
    def test_kinds(self, value: object, copied: object) -> None:
        """Each kind of number has its plain one, and arrays are lists."""
        copier = Copier()
        assert copier.copy(value) == copied
        assert is_plain(copier.copy(value))
        assert (copier.truncated, copier.encoding_error) == (False, None)

    @pytest.mark.parametrize("shape", [(10**15,), (10**6, 10**6), (1, 10**12)])
    @pytest.mark.parametrize("kind", ["f8", "f4"])
    def test_huge(self, kind: str, shape: tuple[int, ...]) -> None:
        """Of an array that is larger than memory only the beginning is read."""
        copier = Copier()
        copied = copier.copy(numpy.broadcast_to(numpy.ones(1, kind), shape))
        assert size_of(copied) <= MAX_ITEMS + MAX_DEPTH
        assert copier.truncated

    def test_not_loaded(self) -> None:
        """The package never loads a library of the host's."""
        code = """import sys, dopejar_tracing.model.values as v; v.copy_value([object(), {1}], {})
assert not {"numpy", "pydantic", "attrs", "attr"} & {*sys.modules}"""
        subprocess.run([sys.executable, "-c", code], check=True)

    @pytest.mark.parametrize("module", [None, object(), Raising(), HOSTILE["MagicMock"]()])
    def test_another_numpy(self, module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Something else of that name does no harm."""
        monkeypatch.setitem(sys.modules, "numpy", module)
        copier = Copier()
        assert copier.copy({"a": {1}, "b": object()}) == {"a": [1], "b": "<object object>"}
        assert copier.encoding_error is None
