"""Masks secrets, by the name they go under and by their shape, before anything is written or shown."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any, Protocol

from dopejar_tracing.model.copier import CUT
from dopejar_tracing.model.redact.cards import MASK
from dopejar_tracing.model.redact.data import NAMED_VALUES, SMALLEST_CARD, DataMasker
from dopejar_tracing.model.redact.keys import MAX_MEMO, MAX_NAME, SECRET, KeyRule
from dopejar_tracing.model.redact.pairs import mask_pairs
from dopejar_tracing.model.redact.shapes import is_clean, mask_shapes
from dopejar_tracing.model.values import text_of

__all__ = ["MASK", "OVERHANG", "SMALLEST_CARD", "Masks", "Redactor"]

OVERHANG = 4_096
"""Characters of a summary that are searched beyond those that will be kept of it."""

_ROUNDS = 4
"""How often a text is searched at most: where a secret is gone, another may show. Nearly always twice."""
_SUMMARIES = frozenset({"input_summary", "output_summary"})
_UNTOUCHED = frozenset(
    "trace_id parent_id timestamp duration_ns duration_ms duration_us hrm_layer status level".split()
)


class Masks(Protocol):
    """A compiled pattern, of `re` or of google-re2."""

    def sub(self, replacement: str, text: str, /) -> str:
        """The text with every match replaced."""


class Redactor:
    """Masks secrets in texts and in plain data. It never raises, and a second time changes nothing.

    Args:
        keys: further names whose values are masked, in any spelling, also as part of a longer name.
        patterns: what else is masked wherever it stands in a text.
        keep: names whose values are never masked for the name.
    """

    def __init__(
        self, keys: Iterable[str] = (), patterns: Sequence[Masks] = (), keep: Iterable[str] = ()
    ) -> None:
        self._rule = KeyRule(keys, keep)
        self._patterns = tuple(patterns)
        self._data = DataMasker(self._rule, self._remembered, self._name)
        self.known: set[str] = set()
        """Short texts in which nothing is to be masked."""
        self.innocent: set[str] = set()
        """Keys of metadata which say nothing of their values either."""

    def text(self, text: str) -> str:
        """The text with the secrets in it masked."""
        if not is_clean(text):
            for _ in range(_ROUNDS):
                masked = mask_pairs(mask_shapes(text), self._rule)
                if masked == text:
                    break
                text = masked
        for pattern in self._patterns:  # between the masks: a pattern for words would match inside them
            text = MASK.join(pattern.sub(MASK, part) if part else part for part in text.split(MASK))
        return text

    def value(self, value: Any) -> Any:
        """Plain data with the secrets in it masked; dicts and lists are changed in place."""
        return self._data.value(value)

    def line(self, event_dict: MutableMapping[str, Any], limit: int) -> None:
        """Mask what an event dict says, in place; IDs, times, layer, status and level stay.

        Args:
            event_dict: as it is before the summaries are cut.
            limit: characters that will be kept of a summary.
        """
        for key, value in event_dict.items():
            if key in _SUMMARIES:
                event_dict[key] = self.summary(value, limit)
            elif key not in _UNTOUCHED:
                event_dict[key] = self._data.value(value)

    def are_harmless(self, texts: Iterable[str]) -> bool:
        """Whether there is nothing to mask in any of these texts."""
        for text in texts:
            if text not in self.known and (len(text) > OVERHANG or self._remembered(text) != text):
                return False
        return True

    def summary(self, value: object, limit: int) -> str:
        """The text of any object with the secrets in it masked; no more of it than `limit` and OVERHANG."""
        text = text_of(value)
        room = limit + OVERHANG
        if len(text) <= room:
            return self._remembered(text)
        # A secret that the window cuts may not be recognised: the last word goes, as far as it may be one.
        window = text[:room]
        at = max(window.rfind(blank, limit) for blank in " \n\t\r")
        masked = self.text(window[:at] if at > 0 else window)
        return masked if len(masked) > limit else masked + CUT

    def _remembered(self, text: str) -> str:
        """The same as `text`; what is short and holds no secret need not be searched again."""
        if text in self.known:
            return text
        masked = self.text(text)
        if masked == text and len(text) <= MAX_NAME:
            if len(self.known) >= MAX_MEMO:
                self.known.clear()
            self.known.add(text)
        return masked

    def _name(self, name: str) -> str:
        """The same for a key of metadata, which may also say that its value is a secret, or one's value."""
        masked = self._remembered(name)
        if (
            masked == name
            and len(name) <= MAX_NAME
            and not self._rule[name] & SECRET
            and name.lower() not in NAMED_VALUES
        ):
            if len(self.innocent) >= MAX_MEMO:
                self.innocent.clear()
            self.innocent.add(name)
        return masked
