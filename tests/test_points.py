"""The typed trace points, as they behave."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from helpers import ROOT, Line

from dopejar_tracing import bind_trace, configure
from dopejar_tracing.points import LATER, Point, altitude, catalogue, focus, learning, memory, reasoning

Lines = Callable[[], list[Line]]

TABLES = {
    "altitude.transition": ["from_level", "to_level", "reason"],
    "altitude.evaluate": ["altitude", "verdict", "confidence"],
    "altitude.plan": ["altitude", "intent", "plan_summary"],
    "altitude.execute": ["altitude", "action_type"],
    "focus.stance_change": ["from_stance", "to_stance", "gate"],
    "focus.gate_check": ["gate_type", "decision", "reason"],
    "focus.lane_switch": ["from_lane", "to_lane", "reason"],
    "focus.consent_check": ["operation", "allowed"],
    "focus.route": ["signal_type", "bundle", "agents"],
    "reasoning.classify": ["input_type", "confidence"],
    "reasoning.route": ["strategy", "reason"],
    "reasoning.escalate": ["from_level", "to_level", "trigger"],
    "learning.pattern_match": ["pattern_code", "confidence"],
    "learning.pattern_add": ["pattern_code", "source"],
    "learning.pattern_trim": ["pattern_code", "reason"],
    "learning.generalize": ["from_patterns", "to_pattern"],
    "memory.read": ["namespace", "key", "tier"],
    "memory.write": ["namespace", "key", "tier", "tokens_saved"],
    "memory.promote": ["key", "from_tier", "to_tier"],
    "memory.demote": ["key", "from_tier", "to_tier"],
}
"""The seed's five tables."""


class tools:  # noqa: N801 - as an application would write it
    """An application's own."""

    class search(Point, input="{query}", output="{hits} hits", level="debug"):  # noqa: N801
        """Looks something up."""

        query: str
        hits: int = 4


class ping(Point, layer="sys"):  # noqa: N801
    """Outside any class."""


@pytest.fixture
def debug_lines(lines: Lines) -> Lines:
    """Tracing at level debug."""
    configure(enabled=True, console="never", level="debug", layers={"tools": "tol"})
    return lines


class TestCatalogue:
    """The seed's tables."""

    def test_equals_the_seed(self) -> None:
        """The 20 points with exactly the seed's fields; reads are debug, the rest info."""
        assert {f"{rule.layer}.{rule.operation}": list(rule.fields) for rule in catalogue()} == TABLES
        assert [rule.operation for rule in catalogue() if rule.level != "info"] == ["read"]

    def test_one_line_each(self) -> None:
        """Each point is one line of the module."""
        source = (ROOT / "dopejar_tracing" / "points.py").read_text("utf-8")
        assert sum("(Point" in line for line in source.splitlines()) == 20


class TestSpan:
    """`with point(...) as span`."""

    def test_transition(self, lines: Lines) -> None:
        """A transition's summary and metadata come by themselves."""
        with altitude.transition(from_level="L3", to_level="L2", reason="user asked") as span:
            focus.gate_check.event(gate_type="WriteApprovalGate", decision="allowed", reason="consent")
        gate, line = lines()
        assert (line["hrm_layer"], line["operation"], line["component"]) == (
            "altitude",
            "transition",
            "test_points.py",
        )
        assert (line["input_summary"], line["output_summary"], line["status"]) == (
            "L3→L2",
            "success",
            "success",
        )
        metadata = line["metadata"]
        assert list(metadata) == ["from_level", "to_level", "reason", "duration_us"]
        assert gate["parent_id"] == span.trace_id
        assert (gate["input_summary"], gate["output_summary"]) == ("WriteApprovalGate", "allowed")
        assert gate["component"] == "test_points.py"

    def test_later(self, lines: Lines) -> None:
        """A field that is not known yet is given with the output."""
        with memory.write(namespace="altitude", key="session", tier="warm", tokens_saved=LATER) as span:
            span.set_output("written", tokens_saved=45)
        (line,) = lines()
        assert (line["input_summary"], line["output_summary"]) == ("altitude.session", "written")
        assert list(line["metadata"])[:4] == ["namespace", "key", "tier", "tokens_saved"]
        assert line["metadata"]["tokens_saved"] == 45
        assert "missing_fields" not in line["metadata"]

    def test_never_given(self, lines: Lines) -> None:
        """A field promised for later that never came is named; in a span that failed it is not."""
        with reasoning.classify(input_type="question", confidence=LATER):
            pass
        with pytest.raises(ValueError, match="x"), reasoning.classify(input_type=LATER, confidence=LATER):
            raise ValueError("x")
        first, second = lines()
        assert first["metadata"]["missing_fields"] == ["confidence"]
        assert "missing_fields" not in second["metadata"]

    @pytest.mark.parametrize("output", ["refused", "denied"])
    def test_refused_write(self, lines: Lines, output: str) -> None:
        """A refused write is blocked."""
        with memory.write(namespace="a", key="b", tier="hot", tokens_saved=0) as span:
            span.set_output(output)
        assert lines()[0]["status"] == "blocked"

    def test_level(self, lines: Lines) -> None:
        """Reads are debug."""
        with memory.read(namespace="a", key="b", tier="hot"):
            pass
        assert lines() == []

    def test_overrides(self, debug_lines: Lines) -> None:
        """Everything can be overridden."""
        with focus.gate_check(
            gate_type="g", decision="denied", reason="r", input="own", output="denied", status="success",
            component="mine.py", level="debug", metadata={"extra": 1},
        ):  # fmt: skip
            pass
        (line,) = debug_lines()
        assert (line["input_summary"], line["output_summary"], line["status"]) == ("own", "denied", "success")
        assert (line["component"], line["metadata"]["level"], line["metadata"]["extra"]) == (
            "mine.py",
            "debug",
            1,
        )

    async def _use(self) -> None:
        async with reasoning.route(strategy="fast", reason="low stakes"):
            learning.pattern_match.event(pattern_code="P1", confidence=0.5)

    def test_async(self, lines: Lines) -> None:
        """`async with` as well."""
        import asyncio

        asyncio.run(self._use())
        match, route = lines()
        assert match["parent_id"] == route["trace_id"]
        assert match["output_summary"] == "0.5"


class TestEvent:
    """`point.event(...)`."""

    @pytest.mark.parametrize(
        ("decision", "output", "status"),
        [
            ("allowed", "allowed", "success"),
            ("denied", "denied", "blocked"),
            (True, "allowed", "success"),
            (False, "denied", "blocked"),
        ],
    )
    def test_gate(self, lines: Lines, decision: str | bool, output: str, status: str) -> None:
        """A denied gate is blocked."""
        focus.gate_check.event(gate_type="g", decision=decision, reason="r")
        (line,) = lines()
        assert (line["output_summary"], line["status"]) == (output, status)
        assert line["metadata"] == {"gate_type": "g", "decision": decision, "reason": "r"}

    @pytest.mark.parametrize(
        ("allowed", "output", "status"), [(True, "allowed", "success"), (False, "refused", "blocked")]
    )
    def test_consent(self, lines: Lines, allowed: bool, output: str, status: str) -> None:
        """A refused consent is blocked."""
        focus.consent_check.event(operation="memory.write", allowed=allowed)
        (line,) = lines()
        assert (line["input_summary"], line["output_summary"], line["status"]) == (
            "memory.write",
            output,
            status,
        )

    def test_lists(self, lines: Lines) -> None:
        """Lists read as lists."""
        learning.generalize.event(from_patterns=["P1", "P2"], to_pattern="G1")
        focus.route.event(signal_type="plan", bundle="planning", agents=["planner", "critic"])
        first, second = lines()
        assert (first["input_summary"], first["output_summary"]) == ("P1, P2", "G1")
        assert second["output_summary"] == "planning: planner, critic"

    def test_overrides(self, lines: Lines) -> None:
        """Everything can be overridden."""
        focus.gate_check.event(
            gate_type="g", decision="denied", reason="r", status="success", output="no", input="in"
        )
        (line,) = lines()
        assert (line["input_summary"], line["output_summary"], line["status"]) == ("in", "no", "success")


class TestTraced:
    """`@point.traced(...)`."""

    def test_fields_from_arguments(self, lines: Lines) -> None:
        """Fields are filled with the arguments of the call; the function stays what it was."""

        @altitude.plan.traced(altitude="{level}", intent="{words}", plan_summary=LATER)
        def plan(level: str, words: str = "rest") -> str:
            """Plan."""
            return level

        assert plan("L2") == "L2"
        assert (plan.__doc__, list(inspect.signature(plan).parameters)) == ("Plan.", ["level", "words"])
        (line,) = lines()
        assert line["input_summary"] == "L2: rest"
        assert line["metadata"]["altitude"] == "L2"
        assert line["metadata"]["missing_fields"] == ["plan_summary"]


class TestWrongCalls:
    """A type checker rejects them; at run time they are recorded."""

    def test_missing_and_unknown(self, lines: Lines) -> None:
        """What was missing is named, and what was given too much is kept and named."""
        wrong: Any = altitude.transition
        with wrong(from_level="L3", reson="typo") as span:
            assert span
        wrong.event(from_level="L3", reson="typo")
        for line in lines():
            assert line["input_summary"] == "L3→?"
            assert line["metadata"]["missing_fields"] == ["to_level", "reason"]
            assert line["metadata"]["unknown_fields"] == ["reson"]
            assert line["metadata"]["reson"] == "typo"

    def test_positional(self, lines: Lines) -> None:
        """Values by position are taken in the order of the fields."""
        wrong: Any = altitude.transition
        wrong.event("L3", "L2", "why", "too many")
        (line,) = lines()
        assert (line["input_summary"], line["metadata"]["reason"]) == ("L3→L2", "why")
        assert line["metadata"]["argument_3"] == "too many"
        assert line["metadata"]["unknown_fields"] == ["argument_3"]

    def test_hostile_values(self, lines: Lines) -> None:
        """A value whose methods raise costs its own text."""

        class Hostile:
            def __str__(self) -> str:
                raise SystemExit

            __repr__ = __str__

            def __eq__(self, other: object) -> bool:
                raise SystemExit

            __hash__ = None  # type: ignore[assignment]

        thing: Any = Hostile()
        with altitude.transition(from_level=thing, to_level=thing, reason=thing, output=thing, level=thing):
            pass
        focus.gate_check.event(
            gate_type=thing, decision=thing, reason=thing, input=thing, output=thing, status=thing
        )
        focus.gate_check.event(gate_type=thing, decision=thing, reason=thing)
        assert len(lines()) == 3


class TestTemplates:
    """Templates of an application's own points."""

    class custom:  # noqa: N801
        """Layer."""

        class shape(Point, input="{query.real:.2f} {query!r}", output="{hits[0]}"):  # noqa: N801, D106
            query: float
            hits: list[int]

        class broken(Point, input="{query", output="{query:d}"):  # noqa: N801, D106
            query: str

        class braces(Point, input="{{a}} {{{query}}} b {{c}}", output="{{}} {query:>3}"):  # noqa: N801, D106
            query: str

    def test_braces(self, lines: Lines) -> None:
        """Doubled braces stand for themselves, wherever they stand; what is not known is formatted too."""
        self.custom.braces.event(query="x")
        self.custom.braces.event(query="x", output="y")
        with self.custom.braces(query=LATER) as span:
            span.add_metadata(query="z")
        shown = [(line["input_summary"], line["output_summary"]) for line in lines()]
        assert shown == [("{a} {x} b {c}", "{}   x"), ("{a} {x} b {c}", "y"), ("", "{}   z")]

    def test_formats(self, lines: Lines) -> None:
        """Attributes, keys, conversions and format specifications work as in `str.format`."""
        self.custom.shape.event(query=1.5, hits=[3])
        (line,) = lines()
        assert (line["input_summary"], line["output_summary"]) == ("1.50 1.5", "3")

    def test_that_does_not_fit(self, lines: Lines) -> None:
        """A template that does not fit is shown as it is, and the line says why."""
        self.custom.broken.event(query="x")
        with self.custom.broken(query="x"):
            pass
        for line in lines():
            assert (line["input_summary"], line["output_summary"]) == ("{query", "{query:d}")
            assert line["metadata"]["template_error"].startswith("ValueError")

    def test_overrides_without_truth(self, lines: Lines) -> None:
        """What overrides may be false, or refuse to be asked."""

        class Array:
            def __bool__(self) -> bool:
                raise ValueError

            def __str__(self) -> str:
                return "[1 2]"

        for value, text in ((Array(), "[1 2]"), (0, "0"), ([], "[]")):
            ping.event(input=value, output=value)
            with ping(input=value, output=value):
                pass
            assert {(line["input_summary"], line["output_summary"]) for line in lines()[-2:]} == {
                (text, text)
            }


class TestOwnPoints:
    """An application's own."""

    def test_used_like_the_others(self, debug_lines: Lines) -> None:
        """Layer and operation come from the names; defaults need not be given."""
        tools.search.event(query="weather")
        (line,) = debug_lines()
        assert (line["hrm_layer"], line["operation"]) == ("tools", "search")
        assert line["trace_id"].startswith("tol_")
        assert (line["input_summary"], line["output_summary"]) == ("weather", "4 hits")
        assert line["metadata"] == {"query": "weather", "hits": 4, "level": "debug"}

    def test_optional_field(self, lines: Lines) -> None:
        """A field with a default may stay unknown."""

        class lookup(Point, layer="sys"):  # noqa: N801
            query: str
            hits: int | None = None

        lookup.event(query="x")
        assert "missing_fields" not in lines()[0]["metadata"]

    def test_without_fields(self, lines: Lines) -> None:
        """A point may have no fields, and a layer named at its side."""
        with ping():
            pass
        assert (lines()[0]["hrm_layer"], lines()[0]["operation"]) == ("system", "ping")


class TestDisabled:
    """Tracing off."""

    def test_nothing(self) -> None:
        """A disabled point is a false span, and leaves nothing."""
        configure(enabled=False)
        with altitude.transition(from_level="L3", to_level="L2", reason="x") as span, bind_trace("sys", "x"):
            assert not span
        focus.gate_check.event(gate_type="g", decision="denied", reason="r")
