"""bind_trace, in all the ways in which it is used."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from helpers import Line, by_operation

from dopejar_tracing import bind_trace, configure, current_span, current_trace_id, trace_event

Lines = Callable[[], list[Line]]


class Hostile:
    """An object that resists being looked at."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __str__(self) -> str:
        raise self.error

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise self.error

    __hash__ = None  # type: ignore[assignment]


class TestContextManager:
    """`with bind_trace(...) as span`."""

    def test_line(self, lines: Lines) -> None:
        """A span is one line with what was said of it."""
        with bind_trace("altitude", "transition", input="L3→L2") as span:
            span.set_output("success", reason="user requested tactical")
        (line,) = lines()
        assert line["trace_id"] == span.trace_id
        assert line["trace_id"].startswith("alt_")
        assert line["parent_id"] is None
        assert line["hrm_layer"] == "altitude"
        assert line["operation"] == "transition"
        assert line["component"] == "test_bind.py"
        assert line["input_summary"] == "L3→L2"
        assert line["output_summary"] == "success"
        assert line["status"] == "success"
        assert list(line["metadata"]) == ["reason", "duration_us"]
        assert line["duration_ms"] == line["metadata"]["duration_us"] // 1000

    def test_written_at_its_end(self, lines: Lines) -> None:
        """A line is in the file as soon as its span has ended, and not before."""
        with bind_trace("foc", "outer"):
            with bind_trace("foc", "inner"):
                assert lines() == []
            (inner,) = [line["operation"] for line in _raw(lines)]
            assert inner == "inner"

    def test_nesting(self, lines: Lines) -> None:
        """The span around a span is its parent; siblings are never under each other."""
        with bind_trace("altitude", "root"):
            with bind_trace("focus", "first"), bind_trace("memory", "deep"):
                pass
            with bind_trace("focus", "second"):
                pass
        found = by_operation(lines())
        assert found["first"]["parent_id"] == found["root"]["trace_id"]
        assert found["deep"]["parent_id"] == found["first"]["trace_id"]
        assert found["second"]["parent_id"] == found["root"]["trace_id"]

    def test_current_trace_id(self, lines: Lines) -> None:
        """The current ID is that of the innermost open span, None outside any."""
        assert current_trace_id() is None
        with bind_trace("sys", "outer") as outer:
            assert current_trace_id() == outer.trace_id
            with bind_trace("sys", "inner") as inner:
                assert current_trace_id() == inner.trace_id
            assert current_trace_id() == outer.trace_id
        assert current_trace_id() is None

    @pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
    def test_exception(self, lines: Lines, error: BaseException) -> None:
        """An exception is recorded and goes on as the same object; an interrupt is marked as one."""
        with pytest.raises(type(error)) as raised, bind_trace("mem", "write"):
            raise error
        assert raised.value is error
        assert [Path(entry.path).name for entry in raised.traceback] == ["test_bind.py"]
        (line,) = lines()
        assert line["status"] == "error"
        assert line["metadata"]["error"] == str(error)
        assert line["metadata"]["error_type"] == type(error).__name__
        assert line["metadata"]["error_at"].startswith("test_bind.py:")
        assert line["metadata"].get("interrupted") is (None if isinstance(error, Exception) else True)

    def test_generator_exit(self, lines: Lines) -> None:
        """GeneratorExit is no error."""
        with pytest.raises(GeneratorExit), bind_trace("mem", "write"):
            raise GeneratorExit
        assert lines()[0]["status"] == "success"

    def test_reentered(self, lines: Lines) -> None:
        """One object may be entered again, also before it is left: a span each time."""
        bound = bind_trace("sys", "again")
        with bound as first, bound as second:
            pass
        with bound as third:
            pass
        assert [line["trace_id"] for line in lines()] == [second.trace_id, first.trace_id, third.trace_id]
        assert lines()[0]["parent_id"] == first.trace_id

    def test_shared_by_threads(self, lines: Lines) -> None:
        """One object used by many threads at once gives each its own span."""
        bound = bind_trace("sys", "shared")
        barrier = threading.Barrier(8)

        def work() -> None:
            for _ in range(50):
                barrier.wait()
                with bound as span:
                    trace_event("sys", "inside", input=span.trace_id)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        inside = [line for line in lines() if line["operation"] == "inside"]
        assert len(lines()) == 800
        assert all(line["parent_id"] == line["input_summary"] for line in inside)

    def test_metadata_by_name_and_as_mapping(self, lines: Lines) -> None:
        """Values to record are given by name, as a mapping, or later."""
        with bind_trace("sys", "x", metadata={"a": 1, 2: "b"}, c=[3]) as span:
            span.add_metadata(d=4)
            span.set_output("done", e=5)
        assert list(lines()[0]["metadata"].items())[:-1] == [
            ("a", 1),
            ("2", "b"),
            ("c", [3]),
            ("d", 4),
            ("e", 5),
        ]

    def test_values_not_references(self, lines: Lines) -> None:
        """What is recorded is what a value was when it was given."""
        plan = ["one"]
        with bind_trace("sys", "x", input=plan, plan=plan) as span:
            span.set_output(plan)
            plan.append("two")
        (line,) = lines()
        assert line["input_summary"] == line["output_summary"] == "['one']"
        assert line["metadata"]["plan"] == ["one"]


def _raw(lines: Lines) -> list[Line]:
    """Lines of which the parent may not be there yet."""
    return [json.loads(line) for line in Path("trace.jsonl").read_text("utf-8").splitlines()]


class TestSpanMethods:
    """What is said of a span, and when."""

    def test_block(self, lines: Lines) -> None:
        """A blocked span has the status and the reason."""
        with bind_trace("foc", "gate_check") as span:
            span.block("no consent")
        (line,) = lines()
        assert (line["status"], line["metadata"]["reason"]) == ("blocked", "no consent")

    def test_fail_with_words(self, lines: Lines) -> None:
        """A span can fail though nothing is raised."""
        with bind_trace("mem", "read") as span:
            span.fail("no such key")
        (line,) = lines()
        assert (line["status"], line["metadata"]["error"]) == ("error", "no such key")

    def test_fail_with_exception(self, lines: Lines) -> None:
        """An exception that was handled is recorded with its type and place."""
        with bind_trace("mem", "read") as span:
            try:
                raise OSError("disk")
            except OSError as error:
                span.fail(error)
        metadata = lines()[0]["metadata"]
        assert (metadata["error"], metadata["error_type"]) == ("disk", "OSError")
        assert metadata["error_at"].startswith("test_bind.py:")

    def test_last_output_counts(self, lines: Lines) -> None:
        """Of several outputs the last counts; all metadata stay."""
        with bind_trace("sys", "x") as span:
            span.set_output("one", a=1)
            span.set_output("two", b=2)
        (line,) = lines()
        assert line["output_summary"] == "two"
        assert line["metadata"].items() >= {("a", 1), ("b", 2)}

    def test_after_the_end(self, lines: Lines) -> None:
        """What is said after the end is an event under the span; the span's own line stays as it was."""
        with bind_trace("sys", "work") as span:
            span.set_output("first")
        span.set_output("second", a=1)
        span.block("too late")
        span.finish()
        work, second, blocked = lines()
        assert work["output_summary"] == "first"
        assert work["status"] == "success"
        assert second["operation"] == blocked["operation"] == "late_output"
        assert second["parent_id"] == blocked["parent_id"] == work["trace_id"]
        assert (second["output_summary"], second["metadata"]) == ("second", {"a": 1})
        assert blocked["status"] == "blocked"

    def test_from_another_thread(self, lines: Lines) -> None:
        """A span may be spoken of by any thread while it is open."""
        with bind_trace("sys", "work") as span:
            thread = threading.Thread(target=span.set_output, args=("from afar",))
            thread.start()
            thread.join()
        assert lines()[0]["output_summary"] == "from afar"

    def test_reserved_key_of_the_caller(self, lines: Lines) -> None:
        """A caller's value under a reserved key that is needed steps aside; it is not lost."""
        with bind_trace("sys", "x", duration_us="mine"):
            pass
        metadata = lines()[0]["metadata"]
        assert metadata["duration_us_"] == "mine"
        assert isinstance(metadata["duration_us"], int)


class TestBadInput:
    """Tracing never breaks the application."""

    @pytest.mark.parametrize("error", [ValueError("x"), RecursionError(), SystemExit(1), GeneratorExit()])
    def test_hostile_objects(self, lines: Lines, error: BaseException) -> None:
        """An object whose methods raise is a line, wherever it is given."""
        thing: Any = Hostile(error)
        with bind_trace(
            "sys", "x", thing, input=thing, output=thing, metadata=thing, level=thing, a=thing
        ) as span:
            span.set_output(thing, b=[thing])
            span.add_metadata(c={"d": thing})
            span.block(thing) if isinstance(error, GeneratorExit) else span.fail(thing)
        with bind_trace(thing, thing):
            pass
        trace_event(thing, thing, thing, input=thing, output=thing, status=thing, level=thing, metadata=thing)
        assert len(lines()) == 3
        assert type(error).__name__ in lines()[0]["input_summary"]
        assert lines()[1]["hrm_layer"] == "system"

    @pytest.mark.parametrize(
        "value", ["\ud800", 2**80, float("nan"), {(1, 2): {3}}, b"\xff", object(), [[]] * 9]
    )
    def test_any_value(self, lines: Lines, value: object) -> None:
        """What JSON cannot hold is a line all the same."""
        with bind_trace("sys", "x", input=value, a=value) as span:
            span.set_output(value, b=[value])
        trace_event("sys", "y", input=value, output=value, metadata={"v": value})
        assert len(lines()) == 2

    def test_cycle(self, lines: Lines) -> None:
        """A value that holds itself is cut off."""
        cycle: list[Any] = []
        cycle.append(cycle)
        trace_event("sys", "x", a=cycle)
        assert lines()[0]["metadata"]["truncated"] is True

    @pytest.mark.parametrize("layer", ["Altitude!", "", None, 42, ("a",), ["a"]])
    def test_no_layer(self, lines: Lines, layer: Any) -> None:
        """What cannot be a layer is filed under system, and named."""
        with bind_trace(layer, "x"):
            pass
        trace_event(layer, "y")
        for line in lines():
            assert line["hrm_layer"] == "system"
            assert line["metadata"]["unknown_layer"] == str(layer)

    def test_undeclared_layer(self, lines: Lines) -> None:
        """A name that nobody declared works, with its first letters as prefix, and is named."""
        trace_event("tools", "call")
        (line,) = lines()
        assert line["trace_id"].startswith("too_")
        assert (line["hrm_layer"], line["metadata"]["unknown_layer"]) == ("tools", "tools")

    def test_unknown_status_and_level(self, lines: Lines) -> None:
        """A status or level that does not exist is named."""
        trace_event("sys", "x", status="fine", level="loud")
        (line,) = lines()
        assert line["status"] == "success"
        assert line["metadata"] == {"unknown_level": "loud", "unknown_status": "fine"}


class TestDecorator:
    """`@bind_trace(...)`."""

    def test_function(self, lines: Lines) -> None:
        """A call is a span; the arguments are summarised, defaults included."""

        @bind_trace("altitude", "transition", input="{from_level}→{to_level}")
        def transition(from_level: str, to_level: str = "L2") -> str:
            """Change."""
            return f"{from_level} {to_level} {current_trace_id()}"

        assert inspect.signature(transition).parameters.keys() == {"from_level", "to_level"}
        assert (transition.__name__, transition.__doc__) == ("transition", "Change.")
        result = transition("L3")
        (line,) = lines()
        assert result == f"L3 L2 {line['trace_id']}"
        assert line["input_summary"] == "L3→L2"
        assert line["component"] == "test_bind.py"

    def test_current_span(self, lines: Lines) -> None:
        """The function can speak of the span around it; outside any, what it says goes nowhere."""

        @bind_trace("memory", "read")
        def read() -> None:
            current_span().set_output("found", hits=3)

        read()
        current_span().set_output("nobody")
        assert not current_span()
        (line,) = lines()
        assert (line["output_summary"], line["metadata"]["hits"]) == ("found", 3)

    def test_coroutine_function(self, lines: Lines) -> None:
        """A coroutine's span lasts as long as the coroutine, and tasks do not mix."""

        @bind_trace("memory", "read", input="{key}")
        async def read(key: str) -> None:
            await asyncio.sleep(0)
            trace_event("memory", "hit", input=key)

        async def main() -> None:
            async with bind_trace("focus", "route"):
                await asyncio.gather(*(read(f"k{number}") for number in range(20)))

        assert inspect.iscoroutinefunction(read)
        asyncio.run(main())
        found = {line["trace_id"]: line for line in lines()}
        hits = [line for line in found.values() if line["operation"] == "hit"]
        assert len(hits) == 20
        for hit in hits:
            reading = found[hit["parent_id"]]
            assert reading["input_summary"] == hit["input_summary"]
            assert found[reading["parent_id"]]["operation"] == "route"

    def test_cancelled(self, lines: Lines) -> None:
        """A task that is cancelled leaves an interrupted error."""

        @bind_trace("memory", "read")
        async def wait() -> None:
            await asyncio.sleep(60)

        async def main() -> None:
            task = asyncio.create_task(wait())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        (line,) = lines()
        assert line["status"] == "error"
        assert line["metadata"]["interrupted"] is True

    def test_method_and_recursion(self, lines: Lines) -> None:
        """Methods work, and a function that calls itself nests."""

        class Counter:
            name = "c"

            @bind_trace("system", "count", input="{self.name} {number}")
            def count(self, number: int) -> int:
                return number if number == 0 else self.count(number - 1)

        assert Counter().count(2) == 0
        deepest, middle, first = lines()
        assert [line["input_summary"] for line in (first, middle, deepest)] == ["c 2", "c 1", "c 0"]
        assert deepest["parent_id"] == middle["trace_id"]

    def test_exception(self, lines: Lines) -> None:
        """An exception goes through as the same object."""
        error = ValueError("no")

        @bind_trace("system", "x")
        def fail() -> None:
            raise error

        with pytest.raises(ValueError, match="no") as raised:
            fail()
        assert raised.value is error
        assert lines()[0]["metadata"]["error_type"] == "ValueError"

    @pytest.mark.parametrize(
        ("template", "filled"),
        [
            ("{user}/{password}", "bob/[redacted]"),
            ("{password:>20} {password.x} {password!r}", "[redacted] [redacted] [redacted]"),
            ("{api_key} {token} {token_count:d}", "None True 3"),
        ],
    )
    def test_secret_argument(self, lines: Lines, template: str, filled: str) -> None:
        """An argument whose name says that it is a secret is masked; that there is none is not."""

        @bind_trace("system", "x", input=template)
        def call(
            user: str, password: str, api_key: str | None = None, token: bool = True, **more: int
        ) -> None: ...

        call("bob", "hunter2Zq", token_count=3)
        assert lines()[0]["input_summary"] == filled
        assert "template_error" not in lines()[0]["metadata"]

    @pytest.mark.parametrize("template", ["{missing}", "{a.b.c}", "{a:d}", "{0}"])
    def test_template_that_does_not_fit(self, lines: Lines, template: str) -> None:
        """A template that does not fit is a line that says so."""

        @bind_trace("system", "x", input=template)
        def function(a: str) -> str:
            return a

        assert function("value") == "value"
        (line,) = lines()
        assert line["input_summary"] == template
        assert line["metadata"]["template_error"]

    def test_wrong_call(self, lines: Lines) -> None:
        """A call that does not fit the function raises Python's own error."""

        @bind_trace("system", "x", input="{a}")
        def function(a: str) -> str:
            return a

        with pytest.raises(TypeError, match="missing 1 required positional argument"):
            function()  # type: ignore[call-arg]
        assert lines()[0]["status"] == "error"

    def test_decorated_before_configure(self, lines: Lines) -> None:
        """What was decorated while tracing was off is traced once it is on, and the reverse."""
        configure(enabled=False)

        @bind_trace("system", "x")
        def function() -> None: ...

        function()
        assert lines() == []
        configure(enabled=True, console="never")
        function()
        assert len(lines()) == 1


class TestDisabled:
    """The null span."""

    def test_false_and_harmless(self) -> None:
        """A disabled span is false, does nothing, and leaves no file."""
        configure(enabled=False)
        with bind_trace("altitude", "transition", input="L3→L2") as span:
            assert not span
            span.set_output("x", a=1)
            span.add_metadata(b=2)
            span.block("no")
            span.fail(ValueError())
            assert span.trace_id is None
            assert current_trace_id() is None
        trace_event("altitude", "evaluate")
        assert list(Path().iterdir()) == []

    def test_switched_inside_a_span(self, lines: Lines) -> None:
        """Switching off and on inside spans breaks nothing and mixes nothing up."""
        with bind_trace("sys", "before"):
            configure(enabled=False)
            with bind_trace("sys", "off") as off:
                configure(enabled=True, console="never")
            with bind_trace("sys", "inner"):
                pass
        assert not off
        found = by_operation(lines())
        assert found.keys() == {"inner", "before"}
        assert found["inner"]["parent_id"] == found["before"]["trace_id"]


class TestMemory:
    """What is kept alive."""

    def test_chain_of_tasks(self, lines: Lines) -> None:
        """Tasks that begin one another, each inside its span, do not keep all spans that have ended."""
        import weakref

        spans: list[weakref.ref[Any]] = []

        async def work(left: int) -> None:
            with bind_trace("sys", "link") as span:
                spans.append(weakref.ref(span))
                if left:
                    following.append(asyncio.create_task(work(left - 1)))

        following: list[asyncio.Task[None]] = []

        async def main() -> None:
            await work(50)
            while following:
                await following.pop()

        asyncio.run(main())
        assert len(spans) == 51
        assert sum(span() is not None for span in spans) <= 2


class TestLevels:
    """What is below its level (contract §5)."""

    def test_transparent(self, lines: Lines) -> None:
        """A span below its level leaves no line, and its children hang on the nearest recorded ancestor."""
        with (
            bind_trace("altitude", "root"),
            bind_trace("memory", "read", level="debug") as hidden,
            bind_trace("memory", "write"),
        ):
            assert hidden.trace_id is None
        found = by_operation(lines())
        assert found.keys() == {"root", "write"}
        assert found["write"]["parent_id"] == found["root"]["trace_id"]

    @pytest.mark.parametrize("ending", ["block", "fail", "raise"])
    def test_recorded_after_all(self, lines: Lines, ending: str) -> None:
        """A span below its level that ends blocked or in error is recorded after all."""
        with bind_trace("altitude", "root") as root:
            try:
                with bind_trace("memory", "read", level="debug") as span:
                    if ending == "raise":
                        raise ValueError
                    getattr(span, ending)("why")
            except ValueError:
                pass
        line = by_operation(lines())["read"]
        assert line["parent_id"] == root.trace_id
        assert line["metadata"]["level"] == "debug"
        assert line["metadata"]["duration_us"] >= 0

    def test_narrowest_rule(self, lines: Lines) -> None:
        """Rules for a layer and for an operation decide, in either spelling of the layer."""
        configure(
            enabled=True, console="never", level="error", levels={"mem": "warn", "memory.read": "debug"}
        )
        for operation in ("read", "write"):
            for level in ("debug", "warn"):
                trace_event("memory", operation, level=level, input=f"{operation} {level}")
        trace_event("focus", "route")
        assert [line["input_summary"] for line in lines()] == ["read debug", "read warn", "write warn"]

    def test_status_raises_the_level(self, lines: Lines) -> None:
        """A blocked event counts as warn, a failed one as error."""
        configure(enabled=True, console="never", level="error")
        trace_event("focus", "gate_check", status="blocked")
        trace_event("focus", "gate_check", status="error")
        assert [line["status"] for line in lines()] == ["error"]


class TestEvents:
    """`trace_event`, as others see it."""

    def test_signature(self) -> None:
        """It has all of its parameters for whoever asks, though fewer at run time, where each costs."""
        names = [*inspect.signature(trace_event).parameters]
        assert names[3:] == ["input", "output", "status", "level", "metadata", "more"]
        assert get_type_hints(trace_event)["level"] == str | None

    def test_seldom_given(self, lines: Lines) -> None:
        """Status, level and metadata are taken by name."""
        trace_event("focus", "check", status="blocked", level="error", metadata={"a": 1}, b=2)
        (line,) = lines()
        assert line["status"] == "blocked"
        assert line["metadata"] == {"a": 1, "b": 2, "level": "error"}

    def test_line_is_apart(self, lines: Lines) -> None:
        """What another thread adds to a span while its line is on its way is not in the line."""
        with bind_trace("focus", "check") as span:
            span.add_metadata(a=1)
        assert span.metadata == {"a": 1}
        assert lines()[0]["metadata"].keys() == {"a", "duration_us"}
