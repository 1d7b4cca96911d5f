"""Anything becomes one valid line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from corpora.hostile import HOSTILE
from helpers import Line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dopejar_tracing import bind_trace, configure, get_logger, trace_event
from dopejar_tracing.sinks.jsonl.encode import encode

Lines = Callable[[], list[Line]]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters()) | st.integers() | st.binary(), inner)
        | st.tuples(inner)
    ),
    max_leaves=20,
)


class TestEncode:
    """Always one line."""

    @pytest.mark.parametrize("value", ["\ud800", 2**70, {1: 2}, b"x", {1}, (1,), object()])
    def test_anything(self, value: object) -> None:
        """What orjson refuses is written as the nearest JSON, and marked."""
        made = json.loads(encode({"trace_id": "x", "metadata": {"v": value}}))
        assert made["trace_id"] == "x"
        assert "v" in made["metadata"]

    def test_marked(self) -> None:
        """The metadata say what could not be encoded."""
        assert "encoding_error" in json.loads(encode({"metadata": {"v": 2**70}}))["metadata"]

    @given(st.dictionaries(st.text(st.characters()), anything), st.integers(1_000, 5_000))
    def test_bounded(self, metadata: dict[str, Any], limit: int) -> None:
        """Whatever is in the metadata, the line is valid, and its metadata no larger than the limit."""
        made = encode({"trace_id": "x", "metadata": metadata}, limit)
        assert made.endswith(b"\n")
        assert len(orjson.dumps(json.loads(made)["metadata"])) <= limit


class TestEndToEnd:
    """From the call to the file."""

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(anything, anything, st.dictionaries(st.text(st.characters()), anything))
    def test_one_line(self, lines: Lines, given_: Any, out: Any, metadata: dict[str, Any]) -> None:
        """A span, an event and a line of anything leave one valid line each."""
        before = len(lines())
        with bind_trace("sys", "span", input=given_, metadata=metadata) as span:
            span.set_output(out, value=given_)
        trace_event("sys", "event", input=given_, output=out, metadata=metadata)
        get_logger().info(given_, out=out)
        assert len(lines()) == before + 3

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile(self, lines: Lines, name: str) -> None:
        """An object that does its worst costs its own value; those beside it are there."""
        made: Any = HOSTILE[name]()
        with bind_trace("sys", "span", made, input=made, near=1, value=made) as span:
            span.set_output(made, deep=[{"a": made}, 2])
            trace_event(made, made, made, input=made, output=made, status=made, level=made, metadata=made)
            get_logger().info(made, value=made, near=3)
            span.block(made)
            span.fail(made)
        found = {line["operation"]: line for line in lines()}
        assert found["span"]["metadata"]["near"] == 1
        assert found["span"]["metadata"]["deep"][1] == 2
        assert found["log"]["metadata"]["near"] == 3
        assert len(lines()) >= 3

    def test_too_large(self, lines: Lines) -> None:
        """Of metadata that are too large the small values stay whole, and the line says so."""
        configure(enabled=True, output="trace.jsonl", console="never", max_metadata_bytes="2KiB")
        with bind_trace("sys", "x", small=1, large="x" * 100_000, list=list(range(900))):
            pass
        (line,) = lines()
        assert line["metadata"]["small"] == 1
        assert line["metadata"]["truncated"] is True
        assert line["metadata"]["duration_us"] >= 0
        assert len(orjson.dumps(line["metadata"])) <= 2_048
