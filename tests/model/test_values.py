"""Any object as text, and a caller's metadata, whatever their methods do."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import orjson
import pytest
from corpora.hostile import (
    BEARABLE,
    ERRORS,
    HOSTILE,
    Answering,
    Lying,
    Number,
    Raising,
    Recursive,
    Unhashed,
    nested,
)
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.values import (
    copy_metadata,
    copy_value,
    cut,
    gather_metadata,
    is_said,
    own_metadata,
    summary_of,
    taken_as_is,
    text_of,
)

values = (
    st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.lists(st.binary())
    | st.sampled_from(BEARABLE).map(lambda make: make())
)


class TestCut:
    """Texts of a length."""

    @given(st.text(), st.integers(1, 40))
    def test_marks_a_cut(self, text: str, limit: int) -> None:
        """A text that fits is left alone; of another the beginning stays, and a last … in all the room."""
        expected = text if len(text) <= limit else text[: limit - 1] + "…"
        assert cut(text, limit) == expected
        assert len(expected) <= limit


class TestIsSaid:
    """Whether a caller gave a text at all."""

    @pytest.mark.parametrize(
        ("value", "said"),
        [("", False), ("x", True), (None, True), (0, True), pytest.param(Lying(""), True, id="own type")],
    )
    def test_empty(self, value: object, said: bool) -> None:
        """Nothing but the empty text is unsaid."""
        assert is_said(value) is said


class TestTextOf:
    """Any object as text."""

    @pytest.mark.parametrize(
        ("value", "text"), [("a", "a"), (7, "7"), (None, "None"), ([1, "b"], "[1, 'b']")]
    )
    def test_str(self, value: object, text: str) -> None:
        """An object is shown by `str`."""
        assert text_of(value) == text

    @pytest.mark.parametrize("error", ERRORS)
    def test_raising(self, error: type[BaseException]) -> None:
        """An object that fails says so by its type."""
        assert text_of(Raising(error)) == f"<Raising: {error.__name__} in __str__>"

    @pytest.mark.parametrize(("value", "why"), [(Recursive(), "RecursionError"), (Number(), "TypeError")])
    def test_misbehaving(self, value: object, why: str) -> None:
        """So does one whose text has no end, or is none."""
        assert text_of(value) == f"<{type(value).__name__}: {why} in __str__>"

    @pytest.mark.parametrize("value", [pytest.param(Lying("\ud800" * 3), id="itself"), Answering()])
    def test_exact(self, value: object) -> None:
        """A text with methods of its own is taken for what it holds."""
        assert type(text_of(value)) is str
        assert text_of(value) == "\ud800" * 3

    def test_interrupt(self) -> None:
        """A Ctrl-C is the user's, and goes on its way."""
        with pytest.raises(KeyboardInterrupt):
            text_of(Raising(KeyboardInterrupt))


class TestSummaryOf:
    """Any object as a summary (contract §3)."""

    @given(values, st.integers(8, 120))
    def test_fits_and_encodes(self, value: object, limit: int) -> None:
        """A summary is never longer than its limit, and JSON can hold it."""
        summary = summary_of(value, limit)
        assert len(summary) <= limit
        assert orjson.loads(orjson.dumps(summary)) == summary

    @given(st.text(), st.integers(8, 120))
    def test_marks_a_cut(self, text: str, limit: int) -> None:
        """What fits is said as it is; a last … marks what was cut."""
        assert summary_of(text, limit) == cut(text, limit)

    def test_surrogates(self) -> None:
        r"""Lone surrogates are written out, `\ud800`, before the length is measured."""
        assert summary_of("a\ud800", 100) == "a\\ud800"
        assert summary_of("\ud800" * 90, 100) == ("\\ud800" * 17)[:99] + "…"


class TestCopyValue:
    """A value, and what had to be left out of it."""

    @pytest.mark.parametrize(
        ("value", "notes"),
        [
            ([1], {}),
            (nested(20), {"truncated": True}),
            (Raising(), {"encoding_error": "Raising: ValueError"}),
            ([nested(20), Raising(OSError)], {"truncated": True, "encoding_error": "Raising: OSError"}),
        ],
    )
    def test_notes(self, value: object, notes: dict[str, Any]) -> None:
        """The notes say it by the contract's reserved keys."""
        found: dict[str, Any] = {}
        copy_value(value, found)
        assert found == notes

    def test_first_error_stays(self) -> None:
        """Of several failures the first is noted."""
        notes: dict[str, Any] = {}
        copy_metadata({"a": Raising(), "b": Raising(OSError)}, notes)
        assert notes == {"encoding_error": "Raising: ValueError"}


class TestCopyMetadata:
    """A caller's keys."""

    def test_copies(self) -> None:
        """Plain values are taken as they are, others are copied, in the caller's order."""
        inner = [1]
        notes: dict[str, Any] = {}
        copied = copy_metadata({"z": inner, "a": "text", "n": None, "p": PurePosixPath("/p")}, notes)
        inner.append(2)
        assert [*copied.items()] == [("z", [1]), ("a", "text"), ("n", None), ("p", "/p")]
        assert notes == {}

    @pytest.mark.parametrize("values", [{}, {"a": 1, "b": "text"}, {"a": 1, "b": {2}}, {"a": "x" * 70_000}])
    def test_own(self, values: dict[str, Any]) -> None:
        """A dict that nobody else has may be taken as it is; what is in it comes out the same."""
        notes: dict[str, Any] = {}
        expected = copy_metadata(values, notes)
        own_notes: dict[str, Any] = {}
        assert (own_metadata(dict(values), own_notes), own_notes) == (expected, notes)

    @pytest.mark.parametrize(
        ("value", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
    )
    def test_no_number(self, value: float, text: str) -> None:
        """What JSON has no number for is said in words, since `null` would hide it."""
        notes: dict[str, Any] = {}
        assert copy_metadata({"a": value, "b": 0.5}, notes) == {"a": text, "b": 0.5}
        assert notes == {}

    @pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
    def test_hostile(self, make: Callable[[], object]) -> None:
        """An object that fails costs its own value, wherever it stands."""
        copied = copy_metadata({"before": 1, "it": [make()], "made": make(), "after": [2]}, {})
        assert [copied["before"], copied["after"]] == [1, [2]]
        assert orjson.dumps([copied["it"], text_of(copied["made"]).encode("utf-8", "replace").decode()])

    def test_odd_keys(self) -> None:
        """A key that is more than a text is taken for what it holds."""
        key = Unhashed("k")
        values = {Lying("l"): 1, key: 2}
        key.told = True
        copied = copy_metadata(values, {})
        assert copied == {"l": 1, "k": 2}
        assert [type(name) for name in copied] == [str, str]


class TestTakenAsIs:
    """What need not be copied."""

    @pytest.mark.parametrize(
        ("value", "taken"),
        [
            ("a", True),
            (1, True),
            (0.5, True),
            (None, True),
            (True, True),
            (math.nan, False),
            (math.inf, False),
            pytest.param(Lying("a"), False, id="lying"),
            ([], False),
        ],
    )
    def test_kinds(self, value: object, taken: bool) -> None:
        """Plain values that JSON has, by their exact type."""
        assert taken_as_is(value) is taken

    def test_foreign_class(self) -> None:
        """The class itself is not asked, as it may fail."""
        assert not taken_as_is(HOSTILE["failing metaclass"]())


class TestGatherMetadata:
    """Values given as a mapping, and by name."""

    @pytest.mark.parametrize(
        ("metadata", "more", "gathered"),
        [
            (None, {}, {}),
            (None, {"a": 1}, {"a": 1}),
            ({"a": 1, "b": (2,)}, {"a": 3}, {"a": 3, "b": [2]}),
            ({1: "x"}, {}, {"1": "x"}),
            ("a note", {"a": 1}, {"metadata": "a note", "a": 1}),
            ([1, 2], {}, {"metadata": [1, 2]}),
        ],
    )
    def test_together(self, metadata: object, more: dict[str, object], gathered: dict[str, Any]) -> None:
        """What is given by name wins; what is no mapping goes under `metadata`."""
        notes: dict[str, Any] = {}
        assert gather_metadata(metadata, more, notes) == gathered
        assert notes == {}

    @pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
    def test_hostile(self, make: Callable[[], object]) -> None:
        """Nothing that is given as metadata keeps the line from being written."""
        assert orjson.dumps(gather_metadata(make(), {"k": [make()]}, {}))

    def test_room_of_its_own(self) -> None:
        """In a mapping each value has the room that it has when it is given by name."""
        long = "x" * 50_000
        value = {"text": long, "endless": HOSTILE["items() without end"](), "list": [0] * 900}
        gathered = gather_metadata(value, {}, {})
        assert (gathered["text"], gathered["list"]) == (long, [0] * 900)

    def test_many_keys(self) -> None:
        """Of a mapping of very many keys as much is taken as of any other object."""
        notes: dict[str, Any] = {}
        assert len(gather_metadata(dict.fromkeys(map(str, range(5_000))), {}, notes)) == 999
        assert notes == {"truncated": True}
