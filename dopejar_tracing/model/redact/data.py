"""Secrets in plain data: under their names, beside them, and in pieces over a list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from dopejar_tracing.model.redact.cards import MASK, is_card
from dopejar_tracing.model.redact.keys import SECRET, VAGUE, KeyRule
from dopejar_tracing.model.redact.pairs import is_no_value, mask_pairs
from dopejar_tracing.model.redact.shapes import (
    ends_private_key,
    is_clean,
    is_random,
    mask_shapes,
    opens_private_key,
)
from dopejar_tracing.model.redact.values import is_other

SMALLEST_CARD, LARGEST_CARD = 10**12, 10**19
"""Between these is the number of every card."""
NAMED_VALUES = frozenset("value content val data values contents default v text".split())
"""What a value may be called in `{"name": "Authorization", "value": …}`."""

_NAMES = frozenset("name key header field parameter param variable var env label option k".split())
_MAX_PIECES = 64
_NAME = re.compile(r"[\w.-]{1,64}(?: [\w.-]{1,32})?:?")
_ANNOUNCES = re.compile(r"--?[A-Za-z][\w.-]{0,64}|[\w.-]{1,64}(?: [\w.-]{1,32})?\s?(?:=>|[:=])")
_SEPARATORS = frozenset({"=", ":", "=>", ":="})
_CURL = re.compile(r"(?:^|[/\\])(?:curl|wget|https?)(?:\.exe)?$")
_USER_OPTIONS = ("-u", "--user", "--proxy-user")
_PIECE = re.compile(r"[\w+/=.-]{6,}", re.ASCII)


class DataMasker:
    """Masks secrets in dicts and lists, which it changes in place.

    Args:
        rule: names of secrets.
        text: masks the secrets in a text.
        label: the same for a name, remembered.
    """

    def __init__(self, rule: KeyRule, text: Callable[[str], str], label: Callable[[str], str]) -> None:
        self._rule = rule
        self._text = text
        self._label = label

    def value(self, value: Any) -> Any:
        """The value with the secrets in it masked."""
        kind = type(value)
        if kind is str:
            return self._text(value)
        if kind is dict:
            return self._dict(value)
        if kind is list:
            return self._list(value)
        if kind is tuple:
            return tuple(self._list(list(value)))
        if kind is int and SMALLEST_CARD <= value < LARGEST_CARD and is_card(str(value)):
            return MASK
        if kind is float and SMALLEST_CARD <= value < LARGEST_CARD and value.is_integer():
            return MASK if is_card(str(int(value))) else value
        return value

    def _hides(self, name: str, value: Any) -> bool:
        """Whether the value is secret for its name; that there is none, or whether there is, never is."""
        verdict = self._rule[name] & ~VAGUE
        if not verdict & SECRET or value is None or value is True or value is False or value == "":
            return False
        return not (type(value) in {str, int} and is_other(str(value), verdict))

    def _dict(self, data: dict[Any, Any]) -> dict[Any, Any]:
        renamed = False
        named = ""
        for key, value in data.items():
            if type(key) is str:
                renamed = renamed or self._label(key) != key
                if self._hides(key, value):
                    data[key] = MASK
                    continue
                if type(value) is str and key.lower() in _NAMES and _NAME.fullmatch(value):
                    named = value if self._rule[value] & SECRET else named
            masked = self.value(value)
            if masked is not value:
                data[key] = masked
        if named:
            for key, value in data.items():
                if type(key) is str and key.lower() in NAMED_VALUES and self._hides(named, value):
                    data[key] = MASK
        return self._renamed(data) if renamed else data

    def _renamed(self, data: dict[Any, Any]) -> dict[Any, Any]:
        """The same with the secrets in its keys masked; keys that become the same get underscores."""
        items = list(data.items())
        data.clear()
        for key, value in items:
            name = self._label(key) if type(key) is str else key
            while name in data:
                name += "_"
            data[name] = value
        return data

    def _list(self, items: list[Any]) -> list[Any]:
        before = list(items)
        self._mask_second(items)
        if type(items and items[0]) is str and _CURL.search(items[0]):
            self._mask_user(items)
        in_key = awaited = False
        for at, item in enumerate(before):
            if awaited and type(item) is str and item in _SEPARATORS:
                continue
            if in_key and type(item) is str:
                items[at] = MASK
                in_key = not ends_private_key(item)
            elif awaited and self._is_awaited(item):
                items[at] = MASK
            elif items[at] is item:
                items[at] = self.value(item)
            awaited = False
            if type(item) is str:
                in_key = in_key or (items[at] is not item and opens_private_key(item))
                awaited = self._announces(item, before[at + 1 : at + 2])
                if at and items[at] is item and _goes_on(items[at - 1], before[at - 1], item):
                    items[at] = MASK
        self._mask_pieces(items, before)
        return items

    def _announces(self, item: str, then: list[Any]) -> bool:
        """Whether the next item is a secret's value: after `--password`, `token:`, or `password`, `=`."""
        if _ANNOUNCES.fullmatch(item) or (then and then[0] in ("=", ":", "=>", ":=")):
            return bool(self._rule[item] & SECRET)
        return False

    def _is_awaited(self, item: Any) -> bool:
        if type(item) is str:
            return bool(item) and not item.startswith("-")
        return type(item) in {int, float}

    def _mask_second(self, items: list[Any]) -> None:
        """Mask the value in `["Authorization", …]`, unless it is rather the name of a further field."""
        if len(items) == 2 and type(items[0]) is str and _NAME.fullmatch(items[0]):
            value = items[1]
            if self._hides(items[0], value) and not (
                is_no_value(items[0], value, self._rule)
                if type(value) is str
                else type(value) is int and is_other(str(value), self._rule[items[0]])
            ):
                items[1] = MASK

    def _mask_user(self, items: list[Any]) -> None:
        """Mask the password in `["curl", "-u", "user:password"]`."""
        for at, item in enumerate(items[1:], 1):
            option = items[at - 1] if type(items[at - 1]) is str and items[at - 1] in _USER_OPTIONS else ""
            if type(item) is str and (option or item.startswith(_USER_OPTIONS)):
                head = f"curl {option} " if option else "curl "
                items[at] = mask_pairs(head + item, self._rule)[len(head) :]

    def _mask_pieces(self, items: list[Any], before: list[Any]) -> None:
        """Mask all of a list of texts that make up a secret together, and none of them alone."""
        if 2 <= len(items) <= _MAX_PIECES and all(
            type(item) is str and item is was for item, was in zip(items, before, strict=True)
        ):
            joined = "".join(items)
            if not is_clean(joined) and mask_shapes(joined) != joined:
                items[:] = [MASK] * len(items)


def _goes_on(masked: object, was: object, item: str) -> bool:
    """Whether an item is the rest of the token that the item before ends in."""
    return (
        type(masked) is str
        and masked is not was
        and masked.endswith(MASK)
        and bool(_PIECE.fullmatch(item))
        and is_random(item)
    )
