"""How often what grows is drawn."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

PAUSE = 0.2
"""Seconds between two drawings at least."""
SHARE = 5
"""And so many times as long as one takes: there must be time left to grow, and for keys."""


class Pace:
    """Draws at once what has grown; but only every now and then, while it goes on growing.

    Args:
        draw: shows things as they are.
        clock: seconds that never go back.
    """

    def __init__(self, draw: Callable[[], None], clock: Callable[[], float] = monotonic) -> None:
        self._draw = draw
        self._clock = clock
        self._is_due = False
        self._not_before = 0.0
        self._grown_at = clock()

    @property
    def quiet(self) -> float:
        """Seconds since anything has grown."""
        return self._clock() - self._grown_at

    def grown(self) -> None:
        """Something has: draw it now, or when it is time."""
        self._is_due = True
        self._grown_at = self._clock()
        self.beat()

    def beat(self) -> None:
        """Draw what could not be drawn before, if it is time; to be called regularly."""
        if self._clock() >= self._not_before:
            self.catch_up()

    def catch_up(self) -> None:
        """Draw what could not be drawn before."""
        if self._is_due:
            self.draw()

    def draw(self) -> None:
        """Draw it now."""
        self._is_due = False
        began = self._clock()
        self._draw()
        now = self._clock()
        self._not_before = now + max(PAUSE, SHARE * (now - began))

    def hold(self) -> None:
        """Leave what is drawn for a moment, though everything has changed: there will soon be more to see."""
        self._not_before = self._clock() + PAUSE
