"""The language of conditions."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from traces import event

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.read.query.where import parse_where

EVENT = event(
    input_summary="L3→L2",
    output_summary="ok",
    duration_ms=5,
    status="error",
    metadata={
        "tokens_saved": 45, "duration_us": 5200, "tier": "warm", "none": None, "ok": True, "ratio": 0.5,
        "deep": {"list": [1, {"x": "y"}]}, "two words": 2,
    },
)  # fmt: skip


def holds(text: str, **changes: Any) -> bool:
    """Whether it holds for the event."""
    return bool(parse_where(text).test(event(**changes) if changes else EVENT))


class TestHolds:
    """What the language can say."""

    @pytest.mark.parametrize(
        "text",
        [
            'metadata.tokens_saved > 40 and status != "success"',
            "status == 'error'",
            'hrm_layer == "altitude" and layer == "alt" and layer in ["focus", "alt"]',
            'input == "L3→L2" and input_summary == input and output == "ok"',
            'operation == "plan" and component == "plan.py" and parent_id == null and trace_id != null',
            'timestamp >= "2026-01-13T14:00" and timestamp < "2026-01-13T14:01"',
            "duration_ms == 5 and duration_us == 5200 and duration_us / 1000 > 5",
            "1 < metadata.tokens_saved < 46 <= 46",
            "not (metadata.tokens_saved < 45 or metadata.tokens_saved > 45)",
            'metadata.deep.list[1].x == "y" and metadata["deep"]["list"][0] == 1 and metadata.deep.list[-2] == 1',  # noqa: E501
            'metadata["two words"] + 1 == 3 and -metadata["two words"] == 0 - 2 and metadata["two words"] % 2 == 0',  # noqa: E501
            '"ar" in metadata.tier and "deep" in metadata and 1 in metadata.deep.list and "x" not in metadata',  # noqa: E501
            'metadata.tier in ["hot", "warm"] and metadata.tier not in ("cold",)',
            "metadata.ok == true and metadata.ok and metadata.none == null and metadata.none is null",
            "metadata.missing == null and metadata.missing.deeper == null and metadata.tier.deeper is null",
            'len(input) == 5 and len(metadata.deep.list) == 2 and lower("ÄB") == "äb"',
            'startswith(metadata.tier, "w") and endswith(metadata.tier, "rm") and matches(input, "L\\d→")',
            "true or metadata.missing > 3",
            "\n status\n==\n'error' ",
        ],
    )
    def test_true(self, text: str) -> None:
        """These hold."""
        assert holds(text)
        assert not holds(f"not ({text})")

    @pytest.mark.parametrize(
        "text",
        [
            "metadata.missing > 40", "metadata.missing < 40", "metadata.tier > 40", "40 < metadata.none",
            "metadata.tier / 2 == 3", "metadata.tokens_saved / 0 == 0", "metadata.tier * 99999999999 != null",
            "len(duration_ms) == 1", 'startswith(duration_ms, "5")', 'matches(duration_ms, "5")', '"5" in duration_ms',  # noqa: E501
            "metadata.deep.list[7] == 1", 'metadata.deep.list["x"] == 1', "null", "false", "metadata.missing",
            "metadata.deep < metadata.deep", "metadata.ratio % 0 == 0", "lower(metadata.none) == 'none'",
        ],
    )  # fmt: skip
    def test_never_an_error(self, text: str) -> None:
        """What is not there, or cannot be compared or computed, is null, and null is neither less nor more."""  # noqa: E501
        assert not holds(text)

    def test_layers(self) -> None:
        """A layer of the application's own has both spellings too, and so may the file have it."""
        layers = Layers({"tools": "tol"})
        one = event("tol_1_aaaa", hrm_layer="tools")
        assert parse_where('layer == "tol"', layers).test(one)
        assert holds('layer == "altitude"', hrm_layer="alt")

    def test_event(self) -> None:
        """An event has no duration."""
        assert holds("duration_us == null and duration_ms == 0", duration_ms=0)

    def test_fields(self) -> None:
        """It says which keys of a line it looks at."""
        assert parse_where("duration_us > 3 and layer != 'alt' or metadata.x").fields == {
            "duration_ms", "metadata", "hrm_layer",
        }  # fmt: skip

    values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
    signs = st.sampled_from([("<", operator.lt), ("<=", operator.le), (">", operator.gt), (">=", operator.ge),
                             ("==", operator.eq), ("!=", operator.ne)])  # fmt: skip

    @given(values, signs, st.integers(-(10**6), 10**6))
    def test_compares_as_python(self, value: Any, sign: tuple[str, Any], number: int) -> None:
        """A comparison is Python's, where Python has one."""
        text, compare = sign
        try:
            expected = compare(value, number)
        except TypeError:
            expected = False
        assert holds(f"metadata.x {text} {number}", metadata={"x": value}) is expected


class TestErrors:
    """What it cannot say."""

    @pytest.mark.parametrize(
        ("text", "message", "at"),
        [
            ("", 'expected an expression, such as status != "success"', 0),
            ('status = "x"', "expected ==, not =", 7),
            ("status ==", "expected an expression; invalid syntax", 9),
            ("status == 'x' && 1", "expected and, not &&", 14),
            ("status == 'x' || 1", "expected or, not ||", 14),
            ("(status", "expected an expression; '(' was never closed", 0),
            ("sttus == 'x'", "(did you mean 'status'?); a key of metadata is metadata.sttus", 0),
            ("1 and tokens == 3", "got 'tokens'; a key of metadata is metadata.tokens", 6),
            ('"→" == nope', "got 'nope'", 7),
            ("input.upper() == 3", "expected len(), lower(), startswith(), endswith(), matches()", 0),
            ("lenn(input) == 3", "(did you mean 'len'?)", 0),
            ("1 == len(input, 3)", "expected 1 argument of len()", 5),
            ("matches(input)", "expected 2 arguments of matches()", 0),
            ('matches(input, "(")', "expected a regular expression; missing ), unterminated subpattern", 15),
            ("matches(input, status)", "expected a text, the regular expression", 15),
            ("[x for x in status]", "expected a name, a value, a comparison", 0),
            ("1 if status else 2", "expected a name, a value, a comparison", 0),
            ("lambda: 1", "expected a name, a value, a comparison", 0),
            ("f'{status}'", "expected a name, a value, a comparison", 0),
            ("1 == 2 ** 9", "expected + - * / or %", 5),
            ("~1", "expected not, or a minus", 0),
            ("metadata[status] == 1", 'expected a name such as metadata.key, metadata["key"]', 9),
            ("b'x' == status", "expected a text, a number, true, false or null", 0),
            ("__import__('os').system('true')", "expected len(), lower()", 0),
            ("status\0", "null byte", None),
            ("\ud800", "surrogates not allowed", None),
            ("not " * 900 + "1", "expected an expression that is less deep", 0),
            ("(" * 900, "too many nested parentheses", None),
            ("1 " * 9000, "expected an expression of at most 10,000 characters; got 17,999", 0),
            ("9" * 5000, "Exceeds the limit", None),
        ],
    )  # fmt: skip
    def test_caret(self, text: str, message: str, at: int | None) -> None:
        """It says what is expected, and a caret stands under the spot."""
        with pytest.raises(QueryError) as raised:
            parse_where(text)
        said, shown, caret = str(raised.value).split("\n")
        assert message in said
        assert shown.startswith("  ")
        assert caret.strip() == "^"
        if at is not None:
            assert len(caret) - 3 == at

    def test_long(self) -> None:
        """Of a long text, what is around the spot is shown."""
        with pytest.raises(QueryError) as raised:
            parse_where("status == 'x' and " * 20 + "nope == 1")
        _, shown, caret = str(raised.value).split("\n")
        assert shown[len(caret) - 1 :].startswith("nope")
        assert len(shown) <= 122

    @given(
        st.text(st.characters(exclude_categories=()), max_size=40)
        | st.text("status=()<>&|[]{}'\"!.,12 andort", max_size=30)
    )
    def test_any_text(self, text: str) -> None:
        """Any text is a condition that never raises, or is rejected."""
        try:
            where = parse_where(text)
        except QueryError:
            return
        assert where.test(EVENT) in {True, False}
