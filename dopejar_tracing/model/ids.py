"""Trace IDs: `{prefix}_{unix seconds}_{random}`, minted and parsed (contract §2).

How one process never mints an ID twice, without remembering any: the random part ends in four
characters that number the second's IDs 0, 1, 2, …, scattered over all 36⁴ values by multiplication
with a number that has no divisor in common with 36⁴. That is a bijection, so a number meets itself
again only after 36⁴ steps. All processes of one machine scatter alike, and each starts counting at a
place given by its pid, so they keep out of each other's first 16, and those whose pids are near, of
thousands. What lies beyond the four characters differs from process to process.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable, Iterator
from itertools import count

import msgspec

from dopejar_tracing.errors import InvalidIdError

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PAIRS = tuple(a + b for a in DIGITS for b in DIGITS)
SPACE = len(PAIRS) ** 2
STEP = (
    1_038_061  # odd and no multiple of 3: coprime to SPACE = 2⁸·3⁸; near SPACE / 1.618, which scatters best
)
SHORT_IDS = 16  # IDs of four characters in a second; the later ones of it get eight (contract §2)
SPREAD = 64_879  # the same for SPACE / SHORT_IDS starting places: pids that are near start far apart

REMEMBERED = 60  # seconds that a thread may be stopped for in the middle of minting

_ID = re.compile(r"([a-z][a-z0-9]*)_([0-9]{1,12})_([0-9a-z]{4,16})", re.ASCII)


class TraceId(msgspec.Struct, frozen=True):
    """A parsed ID: layer prefix, unix seconds, random part."""

    prefix: str
    seconds: int
    random: str

    def __str__(self) -> str:
        return f"{self.prefix}_{self.seconds}_{self.random}"


def parse_id(text: str) -> TraceId:
    """Take an ID apart; InvalidIdError if it is none."""
    match = _ID.fullmatch(text)
    if match is None:
        msg = f"expected a trace ID like alt_1705180800_a3f2; got {text!r}"
        raise InvalidIdError(msg)
    return TraceId(match[1], int(match[2]), match[3])


class _Second:
    """What all IDs of one second in one process have in common."""

    __slots__ = ("base", "counter", "end_ns", "head", "number", "short_ids", "stem")

    def __init__(
        self, number: int, counter: Iterator[int], machine: str, key: int, pid: int, length: int | None
    ) -> None:
        # The scattering's offset is the machine's, the head the process's own.
        offset = random.Random(f"{machine}:{number}").randrange(SPACE)  # noqa: S311 - no secret, only distinct
        own = random.Random(f"{key}:{number}:{pid}")  # noqa: S311
        self.number = number
        self.end_ns = (number + 1) * 1_000_000_000
        self.base = (offset + pid * SPREAD * SHORT_IDS * STEP) % SPACE
        self.counter = counter
        self.stem = f"_{number}_"
        self.head = self.stem + "".join(own.choices(DIGITS, k=(length or 8) - 4))
        self.short_ids = SHORT_IDS if length is None else 0


def _machine() -> str:
    """This machine, and on it the namespace that process IDs are counted in: each container has its own."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - a text, and nothing to import
    except OSError:  # not Linux
        namespace = ""
    return f"{os.uname().nodename}:{namespace}"


class Mint:
    """Source of the IDs of one process; safe to call from any thread.

    Args:
        length: characters of the random part, 4 to 16; None: four, then eight (contract §2).
        entropy: called once, for the key that tells this process from unrelated ones.
        pid: asked anew in a forked child, see `after_fork`.
        machine: called once, for a name of where no other process has this pid.
    """

    def __init__(
        self,
        length: int | None = None,
        *,
        entropy: Callable[[int], bytes] = os.urandom,
        pid: Callable[[], int] = os.getpid,
        machine: Callable[[], str] = _machine,
    ) -> None:
        self._machine = machine()
        self._key = int.from_bytes(entropy(8), "big")
        self._pid = pid
        self._length = length
        self.after_fork()

    def after_fork(self) -> None:
        """Begin anew, with this process's pid."""
        self._counters: dict[int, Iterator[int]] = {}
        self._second = self._make(0)

    def resize(self, length: int | None) -> None:
        """Change the length of what is minted from now on; the count of this second goes on."""
        self._length = length
        self._second = self._make(self._second.number)

    def __call__(self, prefix: str, now_ns: int) -> str:
        """Mint the ID of something that begins now.

        Args:
            prefix: of the layer.
            now_ns: nanoseconds since the epoch. A clock that was set back does not take the IDs
                with it: their seconds never decrease, or an ID could come again.
        """
        second = self._second
        if now_ns >= second.end_ns:
            second = self._second = self._make(now_ns // 1_000_000_000)
        number = next(second.counter)
        while number >= SPACE:
            second = self._second = self._make(second.number + 1)
            number = next(second.counter)
        low = (second.base + number * STEP) % SPACE
        stem = second.stem if number < second.short_ids else second.head
        return f"{prefix}{stem}{PAIRS[low // 1296]}{PAIRS[low % 1296]}"

    def _make(self, number: int) -> _Second:
        """The second of this number. No lock: a signal handler may trace while its thread is in here.

        Whoever makes a second, and however often, its counter is one and the same: setdefault is atomic.
        """
        counter = self._counters.setdefault(number, count())
        for old in [old for old in tuple(self._counters) if old < number - REMEMBERED]:
            self._counters.pop(old, None)
        return _Second(number, counter, self._machine, self._key, self._pid(), self._length)
