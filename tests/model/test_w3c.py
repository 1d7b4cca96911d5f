"""Trace Context: the cases of the specification and of its test suite, github.com/w3c/trace-context."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.model.w3c import (
    MAX_LENGTH,
    Traceparent,
    format_tracestate,
    lead,
    parent_id_of,
    parse_traceparent,
    parse_tracestate,
    trace_id_of,
)

TRACE = "12345678901234567890123456789012"
PARENT = "1234567890123456"
VALID = f"00-{TRACE}-{PARENT}-01"

# The ABNF of the specification, written down a second time.
KEY = r"(?:[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13}|[a-z0-9][a-z0-9_\-*/]{0,255})"
VALUE = r"[ -+\--<>-~]{0,255}[!-+\--<>-~]"
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
TRACESTATE = re.compile(rf"{KEY}={VALUE}(,{KEY}={VALUE}){{0,31}}", re.ASCII)

KEY_CHARACTERS = string.ascii_lowercase + string.digits + "_-*/"
VALUE_CHARACTERS = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in ",=")

keys = st.from_regex(re.compile(KEY, re.ASCII), fullmatch=True)
values = st.from_regex(re.compile(VALUE, re.ASCII), fullmatch=True)
members = st.dictionaries(keys, values, max_size=32).map(lambda found: tuple(found.items()))


def bars(number: int) -> str:
    """So many small members."""
    return ",".join(f"bar{place:02}={place:02}" for place in range(1, number + 1))


class TestTraceparent:
    """parse_traceparent()."""

    @pytest.mark.parametrize(
        "value",
        [
            VALID,
            f" {VALID}",
            f"\t{VALID}",
            f"{VALID} ",
            f"{VALID}\t",
            f"\t {VALID} \t",
            f"cc-{TRACE}-{PARENT}-01",
            f"cc-{TRACE}-{PARENT}-01-what-the-future-will-be-like",
            f"01-{TRACE}-{PARENT}-01-",
            f"fe-{TRACE}-{PARENT}-ff",
        ],
    )
    def test_valid(self, value: str) -> None:
        """Whitespace around is no part of it, and a later version is read as far as it is known."""
        assert parse_traceparent([value]) == Traceparent(TRACE, PARENT, 1)

    @pytest.mark.parametrize(
        "value",
        [
            "",
            f"{VALID}.",
            f"{VALID}-what-the-future-will-be-like",
            f"{VALID}-",
            f"cc-{TRACE}-{PARENT}-01.what-the-future-will-be-like",
            f"cc-{TRACE}-{PARENT}-0",
            f"ff-{TRACE}-{PARENT}-01",
            f".0-{TRACE}-{PARENT}-01",
            f"0.-{TRACE}-{PARENT}-01",
            f"000-{TRACE}-{PARENT}-01",
            f"0000-{TRACE}-{PARENT}-01",
            f"0-{TRACE}-{PARENT}-01",
            f"CC-{TRACE}-{PARENT}-01",
            f"00-{'0' * 32}-{PARENT}-01",
            f"00-.{TRACE[1:]}-{PARENT}-01",
            f"00-{TRACE[:-1]}.-{PARENT}-01",
            f"00-{TRACE[:-1]}A-{PARENT}-01",
            f"00-{TRACE}3-{PARENT}-01",
            f"00-{TRACE[:-1]}-{PARENT}-01",
            f"00-{TRACE}-{'0' * 16}-01",
            f"00-{TRACE}-.{PARENT[1:]}-01",
            f"00-{TRACE}-{PARENT[:-1]}.-01",
            f"00-{TRACE}-{PARENT[:-1]}F-01",
            f"00-{TRACE}-{PARENT}7-01",
            f"00-{TRACE}-{PARENT[:-1]}-01",
            f"00-{TRACE}-{PARENT}-.0",
            f"00-{TRACE}-{PARENT}-0.",
            f"00-{TRACE}-{PARENT}-0A",
            f"00-{TRACE}-{PARENT}-001",
            f"00-{TRACE}-{PARENT}-1",
            f"00-{TRACE}-{PARENT}",
            f"00_{TRACE}_{PARENT}_01",
            f"{VALID},{VALID}",
            f"{VALID}\n",
            f"\x0b{VALID}",
            f"\xa0{VALID}",
            f"00-{'١' * 32}-{PARENT}-01",
        ],
    )
    def test_invalid(self, value: str) -> None:
        """Wrong lengths, characters, versions, and IDs of zeros are as good as no header."""
        assert parse_traceparent([value]) is None

    def test_one_header(self) -> None:
        """Of several headers none is taken, since nobody knows which; not even if they are equal."""
        assert parse_traceparent([]) is None
        assert parse_traceparent([VALID, VALID]) is None

    @pytest.mark.parametrize(
        ("version", "flags", "kept"), [("00", "ff", 0xFF), ("00", "02", 2), ("01", "ff", 1)]
    )
    def test_flags(self, version: str, flags: str, kept: int) -> None:
        """Flags are kept as they came; of a later version only the one whose meaning cannot change."""
        found = parse_traceparent([f"{version}-{TRACE}-{PARENT}-{flags}"])
        assert found is not None
        assert found.flags == kept

    @given(st.text() | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"))
    def test_any_text(self, value: str) -> None:
        """Of any text nothing is raised, and what is written of it is valid."""
        found = parse_traceparent([value])
        assert found is None or TRACEPARENT.fullmatch(str(found))


class TestTracestate:
    """parse_tracestate()."""

    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            (["foo=1"], "foo=1"),
            (["foo=1,bar=2"], "foo=1,bar=2"),
            ([""], ""),
            ([], ""),
            (["foo=1", ""], "foo=1"),
            (["", "foo=1"], "foo=1"),
            (["foo=1,,bar=2, \t,"], "foo=1,bar=2"),
            (["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], "foo=1,bar=2,rojo=1,congo=2,baz=3"),
            (["foo=1 \t , \t bar=2, \t baz=3"], "foo=1,bar=2,baz=3"),
            (["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], "foo=1,bar=2,baz=3"),
            ([" foo=1"], "foo=1"),
            (["\tfoo=1"], "foo=1"),
            (["foo=1 "], "foo=1"),
            (["foo=1\t"], "foo=1"),
            (["\t foo=1 \t"], "foo=1"),
            (["foo=  1  "], "foo=  1"),
            ([f"{KEY_CHARACTERS}={VALUE_CHARACTERS}"], f"{KEY_CHARACTERS}={VALUE_CHARACTERS}"),
            ([f"{KEY_CHARACTERS}@a-z0-9_-*/=1"], f"{KEY_CHARACTERS}@a-z0-9_-*/=1"),
            (["foo=1,foo@tenant=2,tenant@foo=3"], "foo=1,foo@tenant=2,tenant@foo=3"),
            (["z" * 256 + "=1"], "z" * 256 + "=1"),
            (["t" * 241 + "@" + "v" * 14 + "=1"], "t" * 241 + "@" + "v" * 14 + "=1"),
            (["z=" + "1" * 256], "z=" + "1" * 256),
            ([bars(10), bars(32)[90:]], bars(32)),
            ([bars(32) + ", ,," * 9], bars(32)),
        ],
    )
    def test_valid(self, headers: list[str], expected: str) -> None:
        """All headers are one list, in order, without whitespace around members and without empty ones."""
        assert format_tracestate(parse_tracestate(headers)) == expected

    def test_level_2(self) -> None:
        """A key that begins with a digit, which level 2 allows, is taken, so that nobody's chain is cut."""
        assert format_tracestate(parse_tracestate(["1foo=1,bar=2"])) == "1foo=1,bar=2"

    @pytest.mark.parametrize(
        "headers",
        [
            ["foo=1,foo=1"],
            ["foo=1,foo=2"],
            ["foo=1", "foo=1"],
            ["foo=1", "foo=2"],
            ["foo =1"],
            ["FOO=1"],
            ["foo.bar=1"],
            ["@foo=1"],
            ["_foo=1"],
            ["=1"],
            ["foo"],
            ["foobarbaz"],
            ["foo=bar=baz"],
            ["foo="],
            ["foo=  "],
            ["foo=\x7f"],
            ["foo=a\tb"],
            ["foo=é"],
            ["foo=1\n"],
            ["foo=1;baz=2,x y=1"],
            ["z" * 257 + "=1"],
            ["foo@=1,bar=2"],
            ["foo@@bar=1,bar=2"],
            ["foo@bar@baz=1,bar=2"],
            ["t" * 242 + "@v=1"],
            ["t@" + "v" * 15 + "=1"],
            ["z=" + "1" * 257],
            [bars(33)],
            [bars(32), "bar33=33"],
        ],
    )
    def test_invalid(self, headers: list[str]) -> None:
        """One member that is wrong, comes twice, or is the 33rd, and the whole list is discarded."""
        assert parse_tracestate([*headers, "other=3"]) == ()

    @given(members)
    def test_there_and_back(self, found: tuple[tuple[str, str], ...]) -> None:
        """What is allowed comes back as it was, in the same order."""
        assert parse_tracestate([format_tracestate(found)]) == found

    @given(st.lists(st.text() | st.text(KEY_CHARACTERS + ",= \t@A", max_size=40)))
    def test_any_text(self, headers: list[str]) -> None:
        """Of any texts nothing is raised, and what is written of them is valid."""
        written = format_tracestate(parse_tracestate(headers))
        assert not written or TRACESTATE.fullmatch(written)


class TestLead:
    """lead()."""

    def test_in_front_and_once(self) -> None:
        """The member moves to the front with its new value, and the others keep their order."""
        assert format_tracestate(lead("us", "2", parse_tracestate(["a=1,us=1,b=2"]))) == "us=2,a=1,b=2"
        assert format_tracestate(lead("us", "2", ())) == "us=2"

    def test_many(self) -> None:
        """Of more than 32 members the last is dropped; of those that are there already, none."""
        assert format_tracestate(lead("us", "2", parse_tracestate([bars(32)]))) == f"us=2,{bars(31)}"
        assert len(lead("bar32", "2", parse_tracestate([bars(32)]))) == 32

    def test_long(self) -> None:
        """Beyond 512 characters large members go first, the last of them before others, and then the last."""
        small = [f"k{place}={'x' * 97}" for place in range(5)]  # 100 characters each
        large = f"l={'x' * 127}"
        found = parse_tracestate([",".join([small[0], large, *small[1:3], f"m={'x' * 127}"])])
        assert format_tracestate(lead("us", "2", found)) == ",".join(["us=2", small[0], large, *small[1:3]])
        found = parse_tracestate([",".join([small[0], large, *small[1:]])])
        assert format_tracestate(lead("us", "2", found)) == ",".join(["us=2", *small])
        assert format_tracestate(lead("us", "2" * 10, found)) == ",".join(["us=" + "2" * 10, *small[:4]])

    @given(members, keys, values | st.text())
    def test_always_valid(self, found: tuple[tuple[str, str], ...], key: str, value: str) -> None:
        """Whatever came in, what goes out is valid and within the limits; a wrong value is left out."""
        written = format_tracestate(lead(key, value, found))
        assert not written or TRACESTATE.fullmatch(written)
        assert len(written) <= MAX_LENGTH or len(lead(key, value, found)) == 1
        assert written.startswith(f"{key}=") == bool(re.fullmatch(VALUE, value, re.ASCII))


class TestHashes:
    """trace_id_of() and parent_id_of()."""

    def test_stable(self) -> None:
        """They are what the documentation says, in every process and version."""
        # $ printf alt_1705180800_a3f2b7c1 | sha256sum
        assert trace_id_of("alt_1705180800_a3f2b7c1") == "8228c6af13d9a9619c29355baf5a2107"
        assert parent_id_of("alt_1705180800_a3f2b7c1") == "42b59c02ac97cac4"

    @given(st.text())
    def test_valid(self, text: str) -> None:
        """They have the right length, are never all zeros, and tell one from the other."""
        assert TRACEPARENT.fullmatch(str(Traceparent(trace_id_of(text), parent_id_of(text), 1)))
        assert trace_id_of(text) != trace_id_of(f"{text}.")
