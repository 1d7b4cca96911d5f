"""Layers, in both spellings (contract §1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.ids import parse_id
from dopejar_tracing.model.layer import LAYERS, SYSTEM, Layer, Layers, conflict

SEED = {
    "altitude": "alt",
    "focus": "foc",
    "reasoning": "rsn",
    "learning": "lrn",
    "memory": "mem",
    "system": "sys",
}
DECLARED = {"tools": "tol", "ui": "ui"}

spellings = st.text() | st.from_regex(r"\A[a-z][a-z0-9_]*\Z") | st.sampled_from([*SEED, *SEED.values()])


class TestLayers:
    """From a spelling to a layer."""

    def test_seed(self) -> None:
        """The six layers of the seed always exist, in its order."""
        assert [(layer.name, layer.prefix) for layer in Layers()] == [*SEED.items()]

    @pytest.mark.parametrize(("name", "prefix"), [*SEED.items(), *DECLARED.items()])
    def test_both_spellings(self, name: str, prefix: str) -> None:
        """The long name and the prefix mean the same layer, of the seed or declared."""
        layers = Layers(DECLARED)
        for spelling in (name, prefix):
            assert layers.get(spelling) == layers.resolve(spelling) == Layer(name, prefix)

    def test_declared_come_last(self) -> None:
        """An application's layers follow those of the seed."""
        assert [layer.name for layer in Layers(DECLARED)] == [*SEED, *DECLARED]

    @pytest.mark.parametrize(
        ("spelling", "prefix"), [("planning", "pla"), ("a_b_c_d", "abc"), ("x", "x"), ("v2", "v2")]
    )
    def test_undeclared(self, spelling: str, prefix: str) -> None:
        """A lower-case name that nobody declared is a layer, with its first three letters as prefix."""
        assert Layers().get(spelling) is None
        assert Layers().resolve(spelling) == Layer(spelling, prefix)

    @pytest.mark.parametrize(
        "spelling", ["", "Planning", "2nd", "_x", "über", "a b", "a.b", "a\n", None, 7, []]
    )
    def test_no_name(self, spelling: object) -> None:
        """What cannot be a layer's name is filed under system."""
        assert Layers().get(spelling) is None
        assert Layers().resolve(spelling) == SYSTEM == LAYERS[-1]

    @given(spellings)
    def test_prefix_fits_an_id(self, spelling: str) -> None:
        """Whatever was given, its prefix makes an ID that parses, and its name resolves to itself."""
        layer = Layers().resolve(spelling)
        assert parse_id(f"{layer.prefix}_1_0000").prefix == layer.prefix
        assert Layers().resolve(layer.name) == layer


class TestConflict:
    """What may be declared as a layer."""

    @pytest.mark.parametrize(
        ("name", "prefix"), [*DECLARED.items(), *SEED.items(), ("web_search", "websrch8")]
    )
    def test_none(self, name: str, prefix: str) -> None:
        """A new name with a new prefix may be declared, and one of the seed's layers as it is."""
        assert conflict(name, prefix) is None

    @pytest.mark.parametrize(
        ("name", "prefix", "expected"),
        [
            ("Tools", "tol", "lower-case name"),
            ("my-tools", "tol", "lower-case name"),
            ("tools", "t", "2 to 8 characters"),
            ("tools", "toolsbox9", "2 to 8 characters"),
            ("tools", "to_l", "2 to 8 characters"),
            ("tools", "1ol", "2 to 8 characters"),
            ("memory", "tol", "memory (mem)"),
            ("tools", "mem", "memory (mem)"),
            ("mem", "tol", "memory (mem)"),
            ("tools", "memory", "memory (mem)"),
        ],
    )
    def test_expected(self, name: str, prefix: str, expected: str) -> None:
        """What cannot be declared, or would make a spelling ambiguous, is answered by what is expected."""
        assert expected in (conflict(name, prefix) or "")
