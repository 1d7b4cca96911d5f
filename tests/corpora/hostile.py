"""Objects that fail, lie, or have no end, wherever they are looked at.

`HOSTILE` makes each of them anew, by a name. None of them may cost more than its own value. A test module
takes `OfMeta` from there and does not import it, since pytest looks into the classes that it finds.
"""

from __future__ import annotations

import enum
import types
import weakref
from collections import UserDict, UserString, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from itertools import count, repeat
from pathlib import PurePosixPath
from typing import Any, ClassVar
from unittest.mock import MagicMock, Mock

import msgspec

ERRORS = [ValueError, RecursionError, MemoryError, GeneratorExit, StopIteration, SystemExit, BaseException]


class Raising:
    """Fails when it is asked for its text."""

    def __init__(self, error: type[BaseException] = ValueError) -> None:
        self._error = error

    def __str__(self) -> str:
        raise self._error

    __repr__ = __str__


class RaisingAll:
    """Fails whatever it is asked."""

    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)

    def _fail(self, *_: object) -> Any:
        raise SystemExit

    __str__ = __repr__ = __len__ = __iter__ = __bool__ = __hash__ = __eq__ = __int__ = __float__ = _fail
    __index__ = __getitem__ = __contains__ = __call__ = __format__ = __dir__ = _fail


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

    def __getitem__(self, _: object) -> str:
        raise ValueError

    def isascii(self) -> bool:
        """A lie."""
        return True

    def encode(self, *_: object) -> bytes:
        """Another one."""
        raise ValueError


class Unhashed(str):
    """A text that fails as a key, once it is told to."""

    __slots__ = ("told",)
    told: bool

    def __hash__(self) -> int:
        if hasattr(self, "told"):
            raise ValueError
        return super().__hash__()

    def __eq__(self, other: object) -> bool:
        if hasattr(self, "told"):
            raise SystemExit
        return super().__eq__(other)


class Answering:
    """Answers with a text that has methods of its own."""

    def __str__(self) -> str:
        return Lying("\ud800" * 3)


class OwnDecimal(Decimal):
    """A known type that answers so too."""

    __str__ = Answering.__str__


class OwnPath(PurePosixPath):
    """A path that fails."""

    def __str__(self) -> str:
        raise OSError


class OwnTime(datetime):
    """A time that is its own date, without end."""

    def __str__(self) -> str:
        return str(self)


class OwnZone(tzinfo):
    """A zone that is nowhere."""

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        """Not now."""
        raise SystemExit

    dst = tzname = utcoffset  # type: ignore[assignment]


class OddInt(int):
    """A number that is none when asked."""

    def __int__(self) -> int:
        raise ValueError

    __index__ = __str__ = __repr__ = __hash__ = __int__  # type: ignore[assignment]


class OddFloat(float):
    """Another number."""

    def __float__(self) -> float:
        raise ValueError

    __str__ = __repr__ = __eq__ = __hash__ = __float__  # type: ignore[assignment]


class OddBytes(bytes):
    """Bytes that cannot be had."""

    def __getitem__(self, _: object) -> Any:
        raise ValueError

    __bytes__ = __iter__ = __len__ = decode = __getitem__  # type: ignore[assignment]


class OddClass:
    """Does not even say what it is."""

    @property
    def __class__(self) -> Any:
        raise ValueError

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class Pretender:
    """Says that it is a dict."""

    @property
    def __class__(self) -> Any:
        return dict

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class AnyAttribute:
    """Has whatever attribute is asked for."""

    def __getattr__(self, name: str) -> Any:
        return AnyAttribute()


class Meta(type):
    """A class of classes that fails whatever it is asked."""

    def __getattribute__(cls, name: str) -> Any:
        raise SystemExit(name)

    def __hash__(cls) -> int:
        raise ValueError

    def __eq__(cls, other: object) -> bool:
        raise ValueError

    def __instancecheck__(cls, _: object) -> bool:
        raise ValueError

    def __subclasscheck__(cls, _: object) -> bool:
        raise ValueError

    def __str__(cls) -> str:
        raise ValueError

    __repr__ = __str__


class OfMeta(metaclass=Meta):
    """An object whose class fails."""


class MetaAny(type):
    """A class of classes that has whatever attribute is asked for."""

    def __getattr__(cls, name: str) -> Any:
        return {name: name}


class OfMetaAny(metaclass=MetaAny):
    """An object whose class declares everything."""


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


class OddDict(dict[Any, Any]):
    """A dict whose methods fail."""

    def items(self) -> Any:
        """Not now."""
        raise SystemExit

    keys = values = __iter__ = __len__ = __getitem__ = copy = items  # type: ignore[assignment]


class Growing(dict[Any, Any]):
    """A dict that changes while it is read."""

    def items(self) -> Any:
        """One more each time."""
        for key, value in super().items():
            self[len(self)] = 1
            yield key, value


class Endless(list[Any]):
    """A list without an end."""

    def __iter__(self) -> Iterator[Any]:
        return iter(count())


class Deep(Sequence[Any]):
    """A list in a list, without an end."""

    def __getitem__(self, _: object) -> Any:
        return Deep()

    def __len__(self) -> int:
        return 2


class Failing(Sequence[Any]):
    """A list that fails at its third item."""

    def __getitem__(self, at: Any) -> Any:
        if at == 2:
            raise SystemExit
        return at

    def __len__(self) -> int:
        raise ValueError


class OddTuple(tuple[Any, ...]):
    """A tuple whose fields are none."""

    _fields = ("a", 7, Raising())
    __slots__ = ()

    @property
    def a(self) -> Any:
        """Not now."""
        raise SystemExit


@dataclass
class Broken:
    """Data of which one part cannot be read."""

    w: int = 1
    x: int = 2
    unset: int = field(init=False)

    def __getattribute__(self, name: str) -> Any:
        if name == "x":
            raise ValueError
        return super().__getattribute__(name)


class OddFields:
    """Looks like data of every kind, and is of none."""

    __dataclass_fields__ = __attrs_attrs__ = __struct_fields__ = __pydantic_fields__ = __fields__ = 7
    _fields = model_fields = __array_interface__ = 7


class OddAttributes:
    """Attributes of something else."""

    __attrs_attrs__ = (Raising(), 7)


class OddModel:
    """A model that holds nothing."""

    __slots__ = ()
    __pydantic_fields__: ClassVar[Any] = {"a": None}


class OddRoot:
    """A model whose root is itself."""

    __pydantic_root_model__ = True

    @property
    def root(self) -> Any:
        """Itself."""
        return self


class BrokenStruct(msgspec.Struct):
    """A struct of which one part is not there."""

    left: Any = 1
    right: Any = 2


class Endlessly(enum.Enum):
    """Values that lead back to themselves."""

    ME = 1

    @property
    def value(self) -> Any:
        """Itself."""
        return self


class Tracing:
    """Traces a line of its own when it is asked for its text, and with it itself."""

    def __str__(self) -> str:
        from dopejar_tracing import trace_event

        trace_event(
            "system", "looked_at", metadata={"who": self, "n": 2**70, "items": [1, {"a": float("nan")}]}
        )
        return "Tracing"


class Loud(Exception):  # noqa: N818 - it is no error
    """An exception that cannot say what it is about."""

    def __str__(self) -> str:
        raise SystemExit

    @property
    def args(self) -> Any:  # type: ignore[override]
        """Not now."""
        raise ValueError


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


def _raise(error: type[BaseException] = ValueError) -> Any:
    raise error


def _struct() -> BrokenStruct:
    value = BrokenStruct()
    del value.left
    return value


def _told() -> Unhashed:
    value = Unhashed("k")
    value.told = True
    return value


def _keyed(key: Any) -> dict[Any, int]:
    found = {key: 1, "neighbour": 2}
    if isinstance(key, Unhashed):
        key.told = True
    return found


def _dead() -> Any:
    return weakref.proxy(Raising())


def _released() -> memoryview:
    view = memoryview(b"abc")
    view.release()
    return view


def _namespace() -> Any:
    space = types.SimpleNamespace(a=1, b=Raising())
    space.me = space
    return space


def _long_name(value: Any) -> Any:
    value.__name__ = value.__qualname__ = "x" * 100_000 + "é"
    return value


HOSTILE: dict[str, Callable[[], object]] = {
    **{f"raises {error.__name__}": partial(Raising, error) for error in ERRORS},
    **{f"{error.__name__} of it": partial(lambda error: error(Raising(error)), error) for error in ERRORS},
    "raises always": RaisingAll,
    "recursive": Recursive,
    "text is a number": Number,
    "lying text": lambda: Lying("\ud800" * 3),
    "long lying text": lambda: Lying("x" * 100_000),
    "text without a hash": _told,
    "key without a hash": lambda: _keyed(Unhashed("k")),
    "answers a lying text": Answering,
    "lying UserString": lambda: UserString(Lying("\ud800")),
    "lying decimal": lambda: OwnDecimal(1),
    "failing path": lambda: OwnPath("a"),
    "endless time": lambda: OwnTime(2026, 1, 13, tzinfo=UTC),
    "time without a zone": lambda: datetime(2026, 1, 13, tzinfo=OwnZone()),
    "odd int": lambda: OddInt(3),
    "odd float": lambda: OddFloat(0.5),
    "odd bytes": lambda: OddBytes(b"abc"),
    "odd class": OddClass,
    "pretends to be a dict": Pretender,
    "any attribute": AnyAttribute,
    "failing metaclass": partial(object.__new__, OfMeta),
    "failing class": lambda: OfMeta,
    "metaclass of all attributes": OfMetaAny,
    "class of all attributes": lambda: OfMetaAny,
    "Mock": Mock,
    "MagicMock": MagicMock,
    "Mock of a dict": lambda: Mock(spec=dict),
    "items() raises": lambda: OddMapping(_raise),
    "items() exits": lambda: OddMapping(lambda: _raise(SystemExit)),
    "items() is a number": lambda: OddMapping(lambda: 7),
    "items() are numbers": lambda: OddMapping(lambda: [1, 2]),
    "items() are triples": lambda: OddMapping(lambda: [(1, 2, 3)]),
    "items() without end": lambda: OddMapping(lambda: zip(count(), count(), strict=False)),
    "one key without end": lambda: OddMapping(lambda: repeat(("k", 1))),
    "items() fail": lambda: OddMapping(lambda: [(Raising(SystemExit), Raising(SystemExit))]),
    "UserDict of it": lambda: UserDict(a=Raising()),
    "failing dict": lambda: OddDict(a=1),
    "growing dict": lambda: Growing(a=1, b=2),
    "endless list": Endless,
    "endlessly deep": Deep,
    "fails at the third": Failing,
    "odd fields of a tuple": lambda: OddTuple((1, 2)),
    "broken dataclass": lambda: Broken(1),
    "odd fields": OddFields,
    "odd attributes": OddAttributes,
    "odd model": OddModel,
    "odd root": OddRoot,
    "broken struct": _struct,
    "endless enum": lambda: Endlessly.ME,
    "traces itself": Tracing,
    "loud exception": Loud,
    "group of them": lambda: BaseExceptionGroup("g", [Loud(), SystemExit(Raising())]),
    "list in itself": lambda: in_itself(list),
    "dict in itself": lambda: in_itself(dict),
    "deque in itself": lambda: in_itself(deque),
    "namespace in itself": _namespace,
    "deep": lambda: nested(500),
    "very deep": lambda: nested(100_000),
    "wide": lambda: [list(range(2_000))] * 3,
    "wide dict": lambda: dict.fromkeys(range(100_000)),
    "failing keys": lambda: {Raising(): 1, Recursive(): 2, (1, Raising()): 3, frozenset({Number()}): 4},
    "keys that read the same": lambda: {Answering(): at for at in range(2_000)},
    "long keys": lambda: {"k" * 100_000: 1, "k" * 100_001: 2, b"k" * 100_000: 3},
    "object": object,
    "dead proxy": _dead,
    "released view": _released,
    "view of numbers": lambda: memoryview(b"abcd").cast("I"),
    "view of rows": lambda: memoryview(b"abcd").cast("B", (2, 2)),
    "iterator": lambda: iter([1]),
    "endless iterator": count,
    "method of it": lambda: Raising().__str__,
    "class of a long name": lambda: _long_name(type("Long", (), {})),
    "object of a long name": lambda: object.__new__(_long_name(type("Long", (), {"__str__": _raise}))),
    "function of a long name": lambda: _long_name(lambda: 1),
    "huge int": lambda: 10**5_000,
    "huge negative int": lambda: -(1 << 100_000),
    "range of it": lambda: range(10**5_000),
    "bad decimal": lambda: Decimal("sNaN123"),
}
"""Makers of objects, by what is wrong with them."""


def _is_bearable(make: Callable[[], object]) -> bool:
    """Whether hypothesis can hold it: it asks what it has drawn for its class."""
    try:
        isinstance(make(), _Asked)
    except BaseException:
        return False
    return True


class _Asked:
    """A class that nothing is of."""


BEARABLE = [
    HOSTILE[name]
    for name in HOSTILE
    if name not in {"odd class", "failing class", "failing metaclass"} and _is_bearable(HOSTILE[name])
]
"""Those that hypothesis can hold without falling over them."""
