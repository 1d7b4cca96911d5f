"""IDs: their shape, and that none comes twice (contract §2)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dopejar_tracing.errors import InvalidIdError, TracingError
from dopejar_tracing.model.ids import SPACE, Mint, TraceId, parse_id
from dopejar_tracing.model.layer import LAYERS

SECOND = 1_000_000_000
NOW = 1_705_180_800 * SECOND
SHAPE = re.compile(r"[a-z][a-z0-9]*_[0-9]+_[0-9a-z]{4,16}")

lengths = st.none() | st.integers(4, 16)
prefixes = st.sampled_from([layer.prefix for layer in LAYERS])


def mint_of(pid: int = 1, length: int | None = None) -> Mint:
    """A mint of a known process; those of all pids are on one machine."""
    return Mint(length, entropy=os.urandom, pid=lambda: pid, machine=lambda: "here")


def minted(mint: Mint, number: int, now_ns: int = NOW) -> list[str]:
    """So many IDs, all of one moment."""
    return [mint("alt", now_ns) for _ in range(number)]


def in_children(number: int, work: Callable[[], list[str]]) -> list[str]:
    """All that `work` gives in so many forked children, which are alive at the same time."""
    reader, writer = os.pipe()
    children = []
    for _ in range(number):
        child = os.fork()
        if child == 0:
            try:
                os.write(writer, "".join(f"{text}\n" for text in work()).encode())
            finally:
                os._exit(0)
        children.append(child)
    os.close(writer)
    with os.fdopen(reader) as stream:
        texts = stream.read().split()
    for child in children:
        os.waitpid(child, 0)
    return texts


class TestMint:
    """One process never mints the same ID twice."""

    @given(lengths, prefixes, st.integers(0, 10**12 - 1), st.integers(1, 2**22))
    def test_shape(self, length: int | None, prefix: str, seconds: int, pid: int) -> None:
        """An ID is the layer's prefix, the second in which it was minted, and a random part."""
        text = mint_of(pid, length)(prefix, seconds * SECOND + 999_999_999)
        assert SHAPE.fullmatch(text)
        assert text.startswith(f"{prefix}_{seconds}_")
        assert len(parse_id(text).random) == (length or 4)

    @given(st.lists(st.tuples(st.integers(-5, 5), lengths | st.just(0), st.integers(0, 40)), max_size=30))
    def test_unique(self, steps: list[tuple[int, int | None, int]]) -> None:
        """No ID comes twice, however the clock jumps and the length is changed."""
        mint, texts, now_ns = mint_of(), [], NOW
        for seconds, length, number in steps:
            now_ns += seconds * SECOND
            if length != 0:
                mint.resize(length)
            texts += minted(mint, number, now_ns)
        assert len(set(texts)) == len(texts)

    def test_more_than_sixteen(self) -> None:
        """From the 17th ID of a second on the random part has eight characters, until the next second."""
        mint = mint_of()
        texts = minted(mint, 40) + minted(mint, 16, NOW + SECOND)
        assert [len(parse_id(text).random) for text in texts] == [4] * 16 + [8] * 24 + [4] * 16

    def test_resize(self) -> None:
        """A new length holds at once, and the count of the second goes on."""
        mint = mint_of()
        lengths = []
        for length in (6, 16, None, 4):
            mint.resize(length)
            lengths += [len(parse_id(text).random) for text in minted(mint, 8)]
        assert lengths == [6] * 8 + [16] * 8 + [8] * 8 + [4] * 8

    def test_clock_set_back(self) -> None:
        """A clock that is set back does not take the seconds of the IDs with it."""
        mint = mint_of()
        texts = [mint("alt", NOW + at * SECOND) for at in (0, 3, -9, 2, 4)]
        assert [parse_id(text).seconds - NOW // SECOND for text in texts] == [0, 3, 3, 3, 4]

    def test_full_second(self) -> None:
        """All 36⁴ IDs of four characters are used before the count goes on into the next second."""
        mint, seen = mint_of(length=4), bytearray(SPACE)
        for _ in range(SPACE):
            seen[int(mint("alt", NOW)[-4:], 36)] = 1
        assert all(seen)
        assert parse_id(mint("alt", NOW)).seconds == NOW // SECOND + 1

    def test_threads(self) -> None:
        """Threads share a mint, over the ends of seconds and while its length is changed."""
        mint = Mint()

        def work(thread: int) -> list[str]:
            texts = []
            for at in range(2_000):
                if at % 500 == thread:
                    mint.resize((None, 4, 8)[thread % 3])
                texts.append(mint("alt", NOW + at * SECOND // 100))
            return texts

        with ThreadPoolExecutor(8) as pool:
            texts = [text for batch in pool.map(work, range(8)) for text in batch]
        assert len(set(texts)) == len(texts) == 16_000

    @pytest.mark.parametrize("length", [None, 4])
    def test_first_sixteen_of_any_process(self, length: int | None) -> None:
        """Forked relatives have 16 IDs a second each for themselves, wherever their pids lie."""
        pids = Random(1).sample(range(1, SPACE // 16), 1_000)
        texts = [text for pid in pids for text in minted(mint_of(pid, length), 16)]
        assert len(set(texts)) == 16_000

    @given(st.integers(1, 2**22), st.integers(1, 50), lengths)
    def test_near_pids(self, pid: int, distance: int, length: int | None) -> None:
        """A process and its children, whose pids are near, do not meet within hundreds of IDs a second."""
        texts = {*minted(mint_of(pid, length), 500), *minted(mint_of(pid + distance, length), 500)}
        assert len(texts) == 1_000

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
    @pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")  # other tests' threads
    @pytest.mark.parametrize("length", [None, 4, 8, 16])
    def test_forked(self, length: int | None) -> None:
        """A parent and its forked children mint in the same second, and never the same ID."""
        parent = os.getpid()

        def pid() -> int:
            # The system's may be far from the parent's by now, and only those that are near keep apart.
            return 1_000 if os.getpid() == parent else 1_001 + (os.getpid() - parent) % 1_000

        mint = Mint(length, pid=pid)
        texts = minted(mint, 50)

        def child() -> list[str]:
            mint.after_fork()
            return minted(mint, 100)

        texts += in_children(5, child) + minted(mint, 50)
        assert len(set(texts)) == len(texts) == 600

    def test_signal_handler(self) -> None:
        """A signal handler may mint while its thread is in the middle of that."""
        mints: list[Mint] = []
        texts: list[str] = []

        def pid() -> int:  # asked in the middle of a new second
            if mints:
                texts.extend(minted(mints.pop(), 20))
            return 1

        mint = Mint(entropy=bytes, pid=pid)
        mints.append(mint)
        texts += minted(mint, 20)
        assert len(set(texts)) == len(texts) == 40

    def test_unrelated_processes(self) -> None:
        """Two processes that merely have the same pid differ by their entropy."""
        one, other = Mint(16, entropy=bytes, pid=lambda: 1), mint_of(1, 16)
        assert not {*minted(one, 100)} & {*minted(other, 100)}


class TestParseId:
    """Texts to IDs, and back."""

    @given(lengths, prefixes, st.integers(0, 10**12 - 1))
    def test_round_trip(self, length: int | None, prefix: str, seconds: int) -> None:
        """A minted ID is the text of what it parses to."""
        text = mint_of(length=length)(prefix, seconds * SECOND)
        parsed = parse_id(text)
        assert str(parsed) == text
        assert parse_id(str(parsed)) == parsed == TraceId(prefix, seconds, text.rpartition("_")[2])

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "alt",
            "alt_1705180800",
            "alt_1705180800_a3f",
            "alt_1705180800_" + "a" * 17,
            "alt_1705180800_A3F2",
            "alt_1705180800_a3f2\n",
            " alt_1705180800_a3f2",
            "alt_17051808oo_a3f2",
            "alt_١٧٠٥_a3f2",
            "_1705180800_a3f2",
            "1lt_1705180800_a3f2",
            "my_alt_1705180800_a3f2",
        ],
    )
    def test_no_id(self, text: str) -> None:
        """A text that is no ID is refused by name, as a ValueError of this package."""
        with pytest.raises(InvalidIdError, match=re.escape(repr(text))) as raised:
            parse_id(text)
        assert isinstance(raised.value, ValueError)
        assert isinstance(raised.value, TracingError)

    @given(st.text("alt_0159A\n", max_size=40) | st.from_regex(r"[a-z0-9]+_\d+_\w{4,16}"))
    def test_any_text(self, text: str) -> None:
        """A text is an ID if its shape is that of the contract, and is refused otherwise."""
        if re.fullmatch(r"[a-z][a-z0-9]*_[0-9]{1,12}_[0-9a-z]{4,16}", text):
            assert text.startswith(parse_id(text).prefix + "_")
        else:
            with pytest.raises(InvalidIdError):
                parse_id(text)
