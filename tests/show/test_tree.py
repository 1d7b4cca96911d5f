"""The picture of contract §6, to the character."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.model.forest import Node, build_forest
from dopejar_tracing.show.line import plain
from dopejar_tracing.show.text import visible
from dopejar_tracing.show.tree import event_line, hanging, tree_lines

SEED = """\
{"trace_id":"alt_1705180800_a3f2","parent_id":null,"timestamp":"2026-01-13T14:00:00","hrm_layer":"altitude",\
"operation":"transition","component":"altitude.py","input_summary":"L3→L2","output_summary":"success",\
"duration_ms":5,"status":"success","metadata":{"reason":"user requested tactical"}}
{"trace_id":"foc_1705180801_b7c1","parent_id":"alt_1705180800_a3f2","timestamp":"2026-01-13T14:00:01",\
"hrm_layer":"focus","operation":"gate_check","component":"gates.py","input_summary":"WriteApprovalGate",\
"output_summary":"allowed","duration_ms":2,"status":"success","metadata":{"user_consent":true}}
{"trace_id":"mem_1705180802_c8d2","parent_id":"foc_1705180801_b7c1","timestamp":"2026-01-13T14:00:02",\
"hrm_layer":"memory","operation":"write","component":"manager.py","input_summary":"altitude.session",\
"output_summary":"written","duration_ms":3,"status":"success","metadata":{"tokens_saved":45,"tier":"warm"}}
"""
EVENTS = [TraceEvent(**json.loads(line)) for line in SEED.splitlines()]


def event(**changes: Any) -> TraceEvent:
    """The seed's first event, without its words, and with these changes."""
    plain = {"input_summary": "", "output_summary": "", "duration_ms": 0, "metadata": {}}
    return msgspec.structs.replace(EVENTS[0], **{**plain, **changes})


def picture(root: Node) -> str:
    """A tree as it is drawn, without colour."""
    return "\n".join(plain(line) for line in tree_lines(root, lambda node: event_line(node.event)))


def tree(outline: str) -> Node:
    """A tree of operations, from one indented line each."""
    path: list[Node] = []
    for line in outline.strip().splitlines():
        node = Node(event(operation=line.strip()))
        path = path[: (len(line) - len(line.lstrip())) // 2]
        if path:
            path[-1].children.append(node)
        path.append(node)
    return path[0]


class TestPicture:
    """Whole files."""

    def test_seed(self) -> None:
        """The seed's three lines make the seed's picture, in whatever order they stand."""
        (root,) = build_forest(reversed(EVENTS))
        assert picture(root) == (
            "[alt] transition: L3→L2 → success (5ms)\n"
            "  └─[foc] gate_check: WriteApprovalGate → allowed (2ms)\n"
            "      └─[mem] write: altitude.session → written (3ms) [saved 45 tokens]"
        )


class TestTreeLines:
    """Branches."""

    @pytest.mark.parametrize(
        ("outline", "drawn"),
        [
            pytest.param("root", "[alt] root", id="root alone"),
            pytest.param(
                "root\n  one\n  two\n  three",
                "[alt] root\n  ├─[alt] one\n  ├─[alt] two\n  └─[alt] three",
                id="siblings",
            ),
            pytest.param(
                "root\n  one\n    deep\n      deeper\n    last\n  two\n    under",
                "[alt] root\n"
                "  ├─[alt] one\n"
                "  │   ├─[alt] deep\n"
                "  │   │   └─[alt] deeper\n"
                "  │   └─[alt] last\n"
                "  └─[alt] two\n"
                "      └─[alt] under",
                id="siblings at several depths",
            ),
        ],
    )
    def test_branches(self, outline: str, drawn: str) -> None:
        """Siblings hang on ├─ and │, the last one on └─, each level four columns further in."""
        assert picture(tree(outline)) == drawn

    def test_deep(self) -> None:
        """A tree may be deeper than Python's own stack; from level 41 on it grows no wider."""
        events = [event(trace_id=f"alt_1_{at}", parent_id=f"alt_1_{at - 1}") for at in range(1_200)]
        (root,) = build_forest(events)
        lines = picture(root).splitlines()
        assert [line.index("[") for line in lines] == [min(4 * depth, 164) for depth in range(1_200)]

    def test_wide(self) -> None:
        """A tree may be wide."""
        lines = picture(tree("root" + "\n  child" * 1_000)).splitlines()
        assert lines == ["[alt] root", *["  ├─[alt] child"] * 999, "  └─[alt] child"]


class TestDetails:
    """What stands between a node's line and its children."""

    def test_lead(self) -> None:
        """It hangs beside the branches, which go on through it."""
        details = lambda node: [[(f"of {node.event.operation}", "")]]  # noqa: E731
        lines = tree_lines(tree("a\n  b\n    c\n  d"), lambda node: event_line(node.event), details=details)
        assert [plain(line) for line in lines] == [
            "[alt] a",
            "  │   of a",
            "  ├─[alt] b",
            "  │   │   of b",
            "  │   └─[alt] c",
            "  │           of c",
            "  └─[alt] d",
            "          of d",
        ]


class TestEventLine:
    """One line."""

    @pytest.mark.parametrize(
        ("changes", "line"),
        [
            ({}, "[alt] transition"),
            ({"input_summary": "in"}, "[alt] transition: in"),
            ({"output_summary": "out"}, "[alt] transition → out"),
            ({"trace_id": "sys_1_abcd", "hrm_layer": "system"}, "[sys] transition"),
            ({"metadata": {"duration_us": 24}}, "[alt] transition (24µs)"),
            ({"duration_ms": 1, "metadata": {"duration_us": 1_200_000}}, "[alt] transition (1.2s)"),
            ({"duration_ms": 192_000}, "[alt] transition (3m12s)"),
            ({"metadata": {"tokens_saved": 0}}, "[alt] transition [saved 0 tokens]"),
            ({"metadata": {"tokens_saved": "many", "reason": "x", "error": "y"}}, "[alt] transition"),
            ({"status": "blocked"}, "[alt] transition → blocked"),
            (
                {"status": "blocked", "metadata": {"reason": "no consent"}},
                "[alt] transition → blocked [no consent]",
            ),
            (
                {"status": "blocked", "output_summary": "denied", "metadata": {"reason": "no consent"}},
                "[alt] transition → denied [blocked: no consent]",
            ),
            ({"status": "error"}, "[alt] transition → error"),
            (
                {"status": "error", "metadata": {"error": "disk full", "error_type": "OSError"}},
                "[alt] transition → error [OSError: disk full]",
            ),
            (
                {
                    "status": "error",
                    "duration_ms": 5,
                    "output_summary": "half",
                    "metadata": {"error": "disk full", "error_type": "OSError", "error_at": "a.py:42"},
                },
                "[alt] transition → half (5ms) [error: OSError: disk full, a.py:42]",
            ),
            (
                {"status": "error", "metadata": {"error": "", "error_type": "KeyboardInterrupt"}},
                "[alt] transition → error [KeyboardInterrupt]",
            ),
            (
                {"status": "error", "metadata": {"error": "said by hand"}},
                "[alt] transition → error [said by hand]",
            ),
        ],
    )
    def test_words(self, changes: dict[str, Any], line: str) -> None:
        """What is there is said: input, outcome, time, and why it was stopped."""
        assert plain(event_line(event(**changes))) == line

    @given(st.data())
    def test_hostile_words(self, data: st.DataObject) -> None:
        """Whatever a file says, an event is one line that does not act on the terminal."""
        texts = st.text(st.characters(exclude_categories=()), max_size=20)
        metadata = st.dictionaries(
            st.sampled_from(["error", "error_type", "error_at", "reason", "duration_us", "tokens_saved"]),
            texts | st.none() | st.lists(texts) | st.integers(0, 2**64),
        )
        fields = ("trace_id", "hrm_layer", "operation", "input_summary", "output_summary")
        changes = {field: data.draw(texts) for field in fields}
        status = data.draw(st.sampled_from(["success", "error", "blocked"]) | texts)
        line = plain(event_line(event(**changes, status=status, metadata=data.draw(metadata))))
        assert line.startswith("[")
        assert visible(line) == line

    @pytest.mark.parametrize("status", ["error", "blocked", "success"])
    def test_alarm(self, status: str) -> None:
        """An outcome that was none stands out, and so does its reason."""
        line = event_line(event(status=status, metadata={"reason": "no", "error": "no"}))
        loud = {text.strip() for text, role in line if role == status}
        assert loud == ({f"→ {status}", "[no]"} if status != "success" else set())

    @pytest.mark.parametrize(("duration_us", "role"), [(9_999, "quick"), (10_000, "time")])
    def test_time(self, duration_us: int, role: str) -> None:
        """What was quick is marked as such."""
        assert event_line(event(metadata={"duration_us": duration_us}))[-1][1] == role

    def test_layer(self) -> None:
        """The prefix means the layer."""
        assert event_line(event(hrm_layer="tools"))[0] == ("[alt]", "tools")


class TestHanging:
    """Parts of a tree."""

    def test_depths(self) -> None:
        """A part hangs under lines that stand above it, as the whole tree's would, more siblings to come."""
        assert [hanging(depth) for depth in range(3)] == ["", "  ├─", "  │   ├─"]
        part = [
            plain(line) for line in tree_lines(tree("a\n  b\n  c"), lambda node: event_line(node.event), 2)
        ]
        assert part == ["  │   ├─[alt] a", "  │   │   ├─[alt] b", "  │   │   └─[alt] c"]
