"""Secrets in all the fields of a line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from corpora.secrets import CARD_TEXTS, CLEAN_TEXTS, HUNTER, PAIRS, TOKENS
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.redact import MASK, OVERHANG, Redactor
from dopejar_tracing.processors.redact import Redact

SECRETS = [*TOKENS, *CARD_TEXTS, *((pair, HUNTER) for pair in PAIRS)]
FIELDS = ["operation", "component", "input_summary", "output_summary", "error", "error_type", "logger", "encoding_error"]
REDACT = Redact(Redactor(), 100)


def line(**values: Any) -> dict[str, Any]:
    """A usual span's event dict, with these values."""
    return {
        "trace_id": "mem_1705180800_a3f2",
        "parent_id": "alt_1705180800_a3f2b7c1",
        "timestamp": 1705180800123456789,
        "hrm_layer": "memory",
        "operation": "write",
        "component": "altitude.py",
        "input_summary": "altitude.session",
        "output_summary": "written",
        "duration_ns": 4111111111111112,
        "status": "success",
        "level": 20,
        "metadata": {"reason": "user requested tactical", "turns": 3},
    } | values


def redacted(**values: Any) -> dict[str, Any]:
    """The same behind the processor."""
    return dict(REDACT(None, "<span>", line(**values)))


class TestRedact:
    """A line's secrets."""

    @pytest.mark.parametrize("field", FIELDS)
    def test_fields(self, field: str) -> None:
        """No secret survives in any field, and the others stay."""
        for secret, part in SECRETS:
            made = redacted(**{field: secret})
            assert part not in made[field], secret
            assert made == line(**{field: made[field]})

    @pytest.mark.parametrize(
        "metadata", [lambda text: {"note": text}, lambda text: {"a": {"b": [text]}}, lambda text: {text: 1}]
    )
    def test_metadata(self, metadata: Any) -> None:
        """Nor in the metadata."""
        for secret, part in SECRETS:
            made = redacted(metadata=metadata(secret))
            assert part not in json.dumps(made, ensure_ascii=False).replace(r"\\", "\\"), secret

    @pytest.mark.parametrize("field", [*FIELDS, "metadata"])
    def test_clean(self, field: str) -> None:
        """What is no secret stays, and is known the next time."""
        for text in [*CLEAN_TEXTS, *CLEAN_TEXTS]:
            value = {"note": text, "more": [text]} if field == "metadata" else text
            assert redacted(**{field: value}) == line(**{field: value})

    def test_twice_the_same(self) -> None:
        """Names that are known from an earlier line do not let a secret through."""
        for _ in range(3):
            assert redacted(metadata={"password": HUNTER, "n": 1})["metadata"] == {"password": MASK, "n": 1}
            assert redacted(metadata={"key": "token", "value": HUNTER})["metadata"]["value"] == MASK
            assert redacted(metadata={"n": 4111111111111111})["metadata"] == {"n": MASK}
            assert redacted() == line()

    @pytest.mark.parametrize("summary", [{"password": HUNTER}, [("token", HUNTER)], ValueError(f"password={HUNTER}")])
    def test_objects(self, summary: object) -> None:
        """A summary of any object is masked as its text."""
        assert HUNTER not in redacted(input_summary=summary)["input_summary"]

    def test_long(self) -> None:
        """Of a long summary no more is looked at than will be kept, and a bit; what was cut is marked."""
        made = redacted(input_summary="word " * 2_000_000)["input_summary"]
        assert 100 < len(made) <= 100 + OVERHANG
        assert redacted(output_summary="a" * 10_000)["output_summary"].startswith("a" * 101)

    @given(st.integers(0, OVERHANG + 200), st.sampled_from(SECRETS))
    def test_at_the_cut(self, at: int, secret: tuple[str, str]) -> None:
        """Wherever the window ends, no part of a secret is within what will be kept."""
        made = redacted(input_summary="x" * (at % 90) + " " + secret[0] + " y" * 4_000)["input_summary"]
        assert secret[1] not in made

    def test_key_that_fills_the_window(self) -> None:
        """A private key longer than the window leaves the mask, and the mark of the cut."""
        key = "-" * 5 + "BEGIN PRIVATE KEY" + "-" * 5 + "\n" + "aB3d" * 5_000
        assert redacted(input_summary=key)["input_summary"] == MASK + "…"

    @given(st.dictionaries(st.sampled_from([*line(), "error", "x"]), st.none() | st.text() | st.integers() | st.lists(st.text())))
    def test_anything(self, event_dict: dict[str, Any]) -> None:
        """Whatever a chain brings, nothing is raised."""
        REDACT(None, "info", event_dict)
