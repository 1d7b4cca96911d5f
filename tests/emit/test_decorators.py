"""Decorated functions are what they were: in type, signature, name, kind, as descriptors, and pickled."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import functools
import inspect
import pickle
import typing
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any, NamedTuple

import pytest
from helpers import Line

from dopejar_tracing import bind_trace, configure
from dopejar_tracing.points import altitude

Lines = Callable[[], list[Line]]
Decorate = Callable[[Any], Any]

DECORATORS: list[Decorate] = [
    bind_trace("memory", "work"),
    altitude.plan.traced(altitude="L2", intent="test", plan_summary="test"),
]


def plain(first: int, /, second: str = "b", *rest: float, flag: bool = True, **more: object) -> list[object]:
    """Says what it was given."""
    return [first, second, *rest, flag, *more]


async def coroutine(first: int, *, flag: bool = True) -> int:
    """A coroutine function."""
    return first


def generator(first: int) -> Iterator[int]:
    """A generator function."""
    yield first


async def async_generator(first: int) -> AsyncIterator[int]:
    """An async generator function."""
    yield first


KINDS = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
FUNCTIONS = (plain, coroutine, generator, async_generator)


@bind_trace("memory", "module", input="{number}")
def module_level(number: int) -> int:
    """One that can be pickled."""
    return number


class Machine:
    """One of each kind of member, decorated below and above what makes it one."""

    def __init__(self) -> None:
        self.made = 0

    @bind_trace("memory", "method", input="{self.made} {number}")
    def method(self, number: int) -> int:
        """A method."""
        return number

    @classmethod
    @bind_trace("memory", "below")
    def class_below(cls) -> type:
        """A class method."""
        return cls

    @bind_trace("memory", "above")
    @classmethod
    def class_above(cls) -> type:
        """A class method."""
        return cls

    @staticmethod
    @bind_trace("memory", "below")
    def static_below(number: int) -> int:
        """A static method."""
        return number

    @bind_trace("memory", "above")
    @staticmethod
    def static_above(number: int) -> int:
        """A static method."""
        return number

    @property
    @bind_trace("memory", "below")
    def property_below(self) -> int:
        """A property."""
        return 7

    @functools.cached_property
    @bind_trace("memory", "below")
    def cached_below(self) -> int:
        """A property that is made once."""
        self.made += 1
        return self.made

    partial_below = functools.partialmethod(method, 5)


above: Any = bind_trace("memory", "above", input="{self.made}")


class Above(Machine):
    """Decorated above what is no function."""

    property_above = above(property(lambda self: 7, lambda self, value: None, doc="A property."))
    cached_above = above(functools.cached_property(lambda self: object()))
    partial_above = above(functools.partialmethod(Machine.method, 5))


class TestLikeness:
    """What can be asked of a function."""

    @pytest.mark.parametrize("decorate", DECORATORS)
    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_kept(self, function: Any, decorate: Decorate) -> None:
        """Signature, hints, names, docstring, module and kind are the function's; so is its type."""
        decorated = decorate(function)
        assert type(decorated) is type(function)
        assert inspect.signature(decorated) == inspect.signature(function)
        assert typing.get_type_hints(decorated) == typing.get_type_hints(function)
        for name in ("__name__", "__qualname__", "__doc__", "__module__", "__annotations__"):
            assert getattr(decorated, name) == getattr(function, name)
        assert inspect.unwrap(decorated) is function
        assert [kind(decorated) for kind in KINDS] == [kind(function) for kind in KINDS]
        assert [kind(functools.partial(decorated, 1)) for kind in KINDS] == [kind(function) for kind in KINDS]
        assert asyncio.iscoroutinefunction(decorated) == (function is coroutine)

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_kind_of_a_partial(self, function: Any) -> None:
        """A `functools.partial` keeps the kind of its function too."""
        decorated = DECORATORS[0](functools.partial(function, 1))
        assert [kind(decorated) for kind in KINDS] == [kind(function) for kind in KINDS]

    def test_attributes(self) -> None:
        """What was set on a function is on the decorated one, and abstract methods stay abstract."""

        class Base(ABC):
            @bind_trace("memory", "x")
            @abstractmethod
            def method(self) -> None: ...

        assert Base.__abstractmethods__ == {"method"}

    def test_arguments(self, lines: Lines) -> None:
        """Arguments of every kind arrive as they were given."""
        decorated = DECORATORS[0](plain)
        given: Any = ((1, "2", 3.0), {"flag": False, "function": 1, "args": 2, "self": 3, "kwargs": 4})
        assert decorated(*given[0], **given[1]) == plain(*given[0], **given[1])

    def test_pickled_and_copied(self) -> None:
        """A decorated function is pickled by its name, and copied as itself; so are methods."""
        assert pickle.loads(pickle.dumps(module_level)) is module_level
        assert copy.deepcopy(module_level) is module_level
        assert pickle.loads(pickle.dumps(Machine().method))(3) == 3
        assert pickle.loads(pickle.dumps(Machine.class_below))() is Machine


class TestDescriptors:
    """Members of classes."""

    def test_below(self, lines: Lines) -> None:
        """Decorated below what makes it a member, each is a span and gives what it should."""
        machine = Machine()
        assert machine.method(3) == machine.static_below(3) == Machine.static_below(3) == 3
        assert machine.class_below() is Machine.class_below() is Machine
        assert machine.property_below == 7
        assert machine.partial_below() == 5
        assert machine.cached_below == machine.cached_below == 1
        inputs = [line["input_summary"] for line in lines() if line["operation"] == "method"]
        assert inputs == ["0 3", "0 5"]
        assert len(lines()) == 8

    def test_above(self, lines: Lines) -> None:
        """So is what is decorated above `classmethod` and `staticmethod`."""
        machine = Machine()
        assert machine.class_above() is Machine.class_above() is Machine
        assert machine.static_above(3) == Machine.static_above(3) == 3
        assert len(lines()) == 4

    def test_above_property(self, lines: Lines) -> None:
        """So is a property: it stays one, and each of its functions is a span."""
        machine = Above()
        assert machine.property_above == 7
        machine.property_above = 8
        assert inspect.getdoc(Above.property_above) == "A property."
        assert [line["operation"] for line in lines()] == ["above", "above"]
        assert lines()[0]["input_summary"] == "0"

    def test_above_cached_property(self, lines: Lines) -> None:
        """So is a cached property, made once."""
        machine = Above()
        assert machine.cached_above is machine.cached_above
        assert len(lines()) == 1

    def test_above_partialmethod(self, lines: Lines) -> None:
        """So is a partial method."""
        assert Above().partial_above() == 5
        assert [line["operation"] for line in lines()] == ["method", "above"]

    @pytest.mark.parametrize("thing", [7, "text", None, functools.singledispatchmethod(plain)])
    def test_nothing_to_call(self, thing: Any) -> None:
        """What cannot be called stays as it is."""
        assert DECORATORS[0](thing) is thing


class TestTemplate:
    """`input="{argument}"`."""

    def test_of_another_type(self, lines: Lines) -> None:
        """A template that raises when it is asked for its text costs the function nothing."""

        class Text(str):
            __slots__ = ()

            def __str__(self) -> str:
                raise RuntimeError

        @bind_trace("memory", "read", input=Text("{name}"))
        def read(name: str) -> str:
            return name

        assert read("x") == "x"
        (line,) = lines()
        assert line["operation"] == "read"

    @pytest.mark.parametrize(
        ("template", "shown"),
        [
            ("{first}→{second}", "1→b"),
            ("{rest} {flag} {more}", "(2.5,) True {'key': 'value'}"),
            ("{key!r:>9} {{}}", "  'value' {}"),
            ("no template", "no template"),
            ("{", "{"),
            ("}{", "}{"),
        ],
    )
    def test_arguments(self, lines: Lines, template: str, shown: str) -> None:
        """It is filled with the arguments of the call, defaults included, those in `**kwargs` by name too."""

        @bind_trace("memory", "work", input=template)
        def work(
            first: int, /, second: str = "b", *rest: float, flag: bool = True, **more: object
        ) -> None: ...

        work(1, "b", 2.5, key="value")
        (line,) = lines()
        assert line["input_summary"] == shown
        assert "template_error" not in line["metadata"]

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_that_does_not_fit(self, lines: Lines, function: Any) -> None:
        """One that does not fit is a line that says so, whatever is decorated."""
        decorated: Any = bind_trace("memory", "work", input="{nobody}")(function)

        async def consume() -> None:
            if inspect.isasyncgenfunction(decorated):
                assert [number async for number in decorated(1)] == [1]
            else:
                assert await decorated(1) == 1

        if inspect.isgeneratorfunction(decorated):
            assert list(decorated(1)) == [1]
        elif function is plain:
            decorated(1)
        else:
            asyncio.run(consume())
        (line,) = lines()
        assert line["input_summary"] == "{nobody}"
        assert "nobody" in line["metadata"]["template_error"]


class TestClasses:
    """A class, decorated."""

    def test_construction(self, lines: Callable[[], list[Line]]) -> None:
        """It stays a class, and each construction is a span, in the file that it stands in."""

        @bind_trace("sys", "plain")
        class Plain:
            pass

        @bind_trace("sys", "data")
        @dataclasses.dataclass
        class Data:
            x: int

        @bind_trace("sys", "named")
        class Named(NamedTuple):
            x: int

        @bind_trace("sys", "made")
        class Made:
            def __new__(cls, *_values: int) -> typing.Self:
                return object.__new__(cls)

        assert isinstance(Plain(), Plain)
        assert Data(1) == Data(x=1)
        assert Named(2).x == 2
        assert isinstance(Made(3), Made)
        found = lines()
        assert [line["operation"] for line in found] == ["plain", "data", "data", "named", "made"]
        assert {line["component"] for line in found} == {"test_decorators.py"}


class TestDisabled:
    """While tracing is off."""

    def test_generator(self) -> None:
        """A decorated generator fills no template, and is the same."""
        configure(enabled=False)

        class Hostile:
            def __format__(self, spec: str) -> str:
                raise AssertionError

        @bind_trace("sys", "x", input="{value}")
        def numbers(value: object) -> Generator[object, object, None]:
            got = yield 1
            yield got

        generator = numbers(Hostile())
        assert next(generator) == 1
        assert generator.send(5) == 5
