"""Filters: each is what a line of Python would say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import BEGIN, event

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import TraceEvent, comparable
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.query import filters as query
from dopejar_tracing.read.query.filters import Query
from dopejar_tracing.read.query.where import parse_where

Line = dict[str, Any]

LAYERS = {"altitude": "alt", "focus": "foc", "memory": "mem"}
words = st.sampled_from(["", "gate", "gate check", "write", "Gate", "consent→", "12"])
metadata = st.dictionaries(
    st.sampled_from(["tokens_saved", "duration_us", "tier", "error"]),
    st.integers(-5, 60) | words | st.none() | st.booleans() | st.lists(st.integers(0, 3), max_size=2),
    max_size=3,
)
events = st.builds(
    event,
    trace_id=st.sampled_from(["alt_1768312800_aaaa", "foc_1768312800_aaab", "mem_1768312801_aaac"]),
    at=st.integers(0, 5_000_000),
    operation=st.sampled_from(["write", "read", "gate_check", "gate_open"]),
    component=st.sampled_from(["plan.py", "gates.py"]),
    input_summary=words,
    output_summary=words,
    duration_ms=st.integers(0, 60),
    status=st.sampled_from(["success", "error", "blocked"]),
    metadata=metadata,
)


def exact(line: Line) -> int:
    """Microseconds that it took."""
    found = line["metadata"].get("duration_us")
    return found if isinstance(found, int) and not isinstance(found, bool) else line["duration_ms"] * 1000


def at(milliseconds: int) -> datetime:
    """So long after the first events."""
    return BEGIN + timedelta(milliseconds=milliseconds)


def text(line: Line) -> list[str]:
    """All that `--grep` looks through."""
    values = [
        f"{key}: {value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"
        for key, value in line["metadata"].items()
    ]
    return [line["input_summary"], line["output_summary"], *values]


names = st.lists(st.sampled_from(["alt", "focus", "mem", "memory"]), min_size=1)
patterns = st.lists(
    st.sampled_from(["write", "gate_*", "*", "r?ad", "memory.read", "foc*.write", "[gr]*"]), min_size=1
)
regexes = st.sampled_from(["gate", "^gate$", "tier: w", "n→", r"\d\d", "true", "null", r"\[1", "^$"])
Case = tuple[query.Filter, Callable[[Line], bool]]
cases: st.SearchStrategy[Case] = st.one_of(
    names.map(
        lambda given: (
            query.by_layer(given, Layers()),
            lambda line: line["hrm_layer"] in given or LAYERS[line["hrm_layer"]] in given,
        )
    ),
    st.lists(st.sampled_from(["success", "error"])).map(
        lambda given: (query.by_status(given), lambda line: line["status"] in given)
    ),
    patterns.map(
        lambda given: (
            query.by_operation(given),
            lambda line: any(
                fnmatchcase(name, pattern)
                for name in (line["operation"], f"{line['hrm_layer']}.{line['operation']}")
                for pattern in given
            ),
        )
    ),
    st.lists(st.sampled_from(["*.py", "gates.py", "x"])).map(
        lambda given: (
            query.by_component(given),
            lambda line: any(fnmatchcase(line["component"], pattern) for pattern in given),
        )
    ),
    st.integers(0, 5000).map(
        lambda given: (
            query.since(at(given)),
            lambda line: datetime.fromisoformat(line["timestamp"]) >= at(given),
        )
    ),
    st.integers(0, 5000).map(
        lambda given: (
            query.until(at(given)),
            lambda line: datetime.fromisoformat(line["timestamp"]) < at(given),
        )
    ),
    st.integers(0, 60_000).map(lambda given: (query.longer_than(given), lambda line: exact(line) > given)),
    st.tuples(regexes, st.booleans()).map(
        lambda given: (
            query.grep(given[0], ignore_case=given[1]),
            lambda line: any(
                re.search(given[0], part, re.IGNORECASE if given[1] else 0) for part in text(line)
            ),
        )
    ),
    st.integers(-5, 60).map(
        lambda given: (
            query.where([parse_where(f'metadata.tokens_saved > {given} and status != "success"')]),
            lambda line: (
                isinstance(line["metadata"].get("tokens_saved"), int)
                and line["metadata"]["tokens_saved"] > given
                and line["status"] != "success"
            ),
        )
    ),
)


class TestQuery:
    """All filters together."""

    @given(st.lists(cases, max_size=4), st.lists(events, max_size=10))
    def test_as_python(self, cases: list[Case], events: list[TraceEvent]) -> None:
        """The matches are those of a line of Python over the decoded lines."""
        test = Query(tuple(each for each, _ in cases)).test
        for one in events:
            line = json.loads(msgspec.json.encode(one))
            assert test(one) is all(predicate(line) for _, predicate in cases)

    @given(cases, events)
    def test_fields(self, case: Case, one: TraceEvent) -> None:
        """A filter needs no keys of the line but those that it names."""
        each, predicate = case
        part = msgspec.defstruct("Part", [(name, Any) for name in sorted(each.fields)])
        glance = part(**{name: getattr(one, name) for name in each.fields})
        assert each.test(glance) is predicate(json.loads(msgspec.json.encode(one)))


class TestTimes:
    """Timestamps as texts."""

    @pytest.mark.parametrize(
        "timestamp",
        ["2026-01-13T14:00:00", "2026-01-13T14:00:00Z", "2026-01-13T15:00:00+01:00",
         "2026-01-13T14:00:00.000000+00:00", "20260113T140000"],
    )  # fmt: skip
    def test_comparable(self, timestamp: str) -> None:
        """However it is written, the same moment is the same text; without a zone it is in UTC."""
        assert comparable(timestamp) == "2026-01-13T14:00:00.000000+00:00"

    def test_no_time(self) -> None:
        """What is no moment is neither before nor after any."""
        odd = event(timestamp="yesterday")
        assert not query.since(datetime(1, 1, 2, tzinfo=UTC)).test(odd)
        assert not query.until(datetime(9999, 1, 1, tzinfo=UTC)).test(odd)

    def test_zone(self) -> None:
        """A bound in another zone is the same moment."""
        bound = datetime(2026, 1, 13, 16, tzinfo=timezone(timedelta(hours=2)))
        assert query.since(bound).test(event(at=0))
        assert not query.until(bound).test(event(at=0))


class TestGrep:
    """`--grep`."""

    def test_wrong(self) -> None:
        """What is no regular expression is shown, with a caret under the spot."""
        with pytest.raises(QueryError) as raised:
            query.grep("gate(")
        assert str(raised.value).split("\n")[1:] == ["  gate(", "      ^"]

    def test_deep(self) -> None:
        """Nested metadata is looked through as JSON."""
        assert query.grep('"gate":"open"').test(event(metadata={"a": [{"gate": "open"}]}))
