"""Metadata cut to a size."""

from __future__ import annotations

import copy
import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.fit import MIN_LIMIT, RESERVED, fit

texts = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["x" * 5_000, "é" * 3_000, '"' * 2_000, "\0" * 900, "😀" * 400]
)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | texts
plain = st.recursive(
    leaves | st.builds(lambda item, times: [item] * times, numbers, st.integers(0, 900)),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(texts, inner, max_size=6),
    max_leaves=12,
)
metadata_of = st.dictionaries(st.sampled_from(sorted(RESERVED)) | texts, plain, max_size=12)


def size(value: Any) -> int:
    """Bytes as the sink writes them."""
    return len(orjson.dumps(value))


def deep(levels: int, core: Any, kind: type[Any]) -> Any:
    """Something inside many lists or dicts."""
    for _ in range(levels):
        core = [core] if kind is list else {"k": core, "beside": 1}
    return core


class TestFit:
    """Whatever the metadata, it is no larger than it may be."""

    @given(metadata_of, st.integers(MIN_LIMIT, 20_000))
    def test_fits(self, metadata: dict[str, Any], limit: int) -> None:
        """The result is within the limit, whole JSON, has all reserved keys, and is in the same order."""
        before = copy.deepcopy(metadata)
        fitted = fit(metadata, limit, size)
        assert size(fitted) <= limit
        assert orjson.loads(orjson.dumps(fitted)) == fitted
        assert fitted["truncated"] is True
        assert fitted.keys() >= metadata.keys() & RESERVED
        whole = [key for key in fitted if key in metadata]
        assert whole == [key for key in metadata if key in fitted]
        assert metadata == before

    @given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=9), st.integers(0, 9), max_size=9))
    def test_leaves_what_fits(self, metadata: dict[str, Any]) -> None:
        """What has room is left as it is."""
        assert fit(metadata, 2_000, size) == metadata | {"truncated": True}

    def test_small_stay_whole(self) -> None:
        """Small values stay whole, and large ones share what they leave."""
        metadata = {"a": "x" * 9_000, "n": 3, "b": ["y" * 9_000], "t": "text", "c": {"z": "z" * 9_000}}
        fitted = fit(metadata, 3_000, size)
        assert [*fitted] == ["a", "n", "b", "t", "c", "truncated"]
        assert (fitted["n"], fitted["t"]) == (3, "text")
        assert [900 < size(fitted[key]) < 1_000 for key in "abc"] == [True] * 3
        assert size(fitted) > 2_950
        assert [text[-1] for text in (fitted["a"], fitted["b"][0], fitted["c"]["z"])] == ["…"] * 3

    def test_reserved_first(self) -> None:
        """What the tracer says is kept before all else, wherever it stands."""
        metadata = dict.fromkeys(map(str, range(1_000)), "x" * 50) | {"duration_us": 7, "error": "e" * 200}
        fitted = fit(metadata, 1_000, size)
        assert (fitted["duration_us"], fitted["error"]) == (7, "e" * 200)
        assert [*fitted][:2] == ["0", "1"]

    def test_all_reserved(self) -> None:
        """All reserved keys together have room in the smallest limit, each cut if need be."""
        fitted = fit(dict.fromkeys(sorted(RESERVED), "\\" * 9_000) | {"a": 1}, MIN_LIMIT, size)
        assert fitted.keys() == RESERVED | {"a"}

    def test_tails(self) -> None:
        """Lists and dicts lose their last items, and lists say so."""
        fitted = fit({"l": [*range(9_000)], "d": {str(at): at for at in range(9_000)}}, 1_000, size)
        assert fitted["l"][:-1] == [*range(len(fitted["l"]) - 1)]
        assert fitted["l"][-1] == "…"
        assert [*fitted["d"].items()] == [(str(at), at) for at in range(len(fitted["d"]))]

    def test_long_keys(self) -> None:
        """Keys that are cut stay apart."""
        fitted = fit({"k" * 9_000 + str(at): at for at in range(3)}, 2_000, size)
        assert [*fitted.values()] == [0, 1, 2, True]
        assert size([*fitted]) < 800

    @pytest.mark.parametrize("limit", [0, 1, 2, 5, 20, 100, 400])
    def test_too_small_a_limit(self, limit: int) -> None:
        """Less than the least limit is no error; nothing is promised but the size."""
        fitted = fit({"error": "e" * 900, "a": ["x" * 900]}, limit, size)
        assert size(fitted) <= max(limit, 2)

    @pytest.mark.parametrize(
        "metadata",
        [
            pytest.param({"a": "\u00e9x" * 500_000}, id="text"),
            pytest.param({f"key{at}": at for at in range(100_000)}, id="keys"),
            pytest.param({"k" * 100_000 + str(at): at for at in range(10)}, id="long keys"),
            pytest.param({"l": [[1, 2, 3]] * 100_000}, id="items"),
            pytest.param({"d": deep(200, [0] * 100_000, list)}, id="deep lists"),
            pytest.param({"d": deep(200, "x" * 1_000_000, dict)}, id="deep dicts"),
        ],
    )
    def test_swift(self, metadata: dict[str, Any]) -> None:
        """A megabyte of anything is cut in a fraction of a second, and were it its square, in hours."""
        began = time.process_time()
        assert size(fit(metadata, 65_536, size)) <= 65_536
        assert time.process_time() - began < 20
