"""Card numbers in texts: an issuer's prefix, a length of its, and the check digit (ISO/IEC 7812)."""

from __future__ import annotations

import re

from dopejar_tracing.model.redact.escapes import Bounded

MASK = "[redacted]"
"""What stands in a secret's place."""

_DIGITS = Bounded(
    r"(?<![A-Za-z0-9+%])",
    r"[0-9]++(?![A-Za-z]|_(?![0-9]))"
    r"(?:(?: - |  |\\{1,4}t|[ .\t_\u00a0\u2011\u2013\u202f-])[0-9]++(?![A-Za-z]|_(?![0-9])))*+",
)
_DOUBLED = str.maketrans("0123456789", "0246813579")
_NO_DIGITS = str.maketrans("", "", " .-\\t\t_\u00a0\u2011\u2013\u202f")
_BLANKS = " t\t\u00a0\u202f"


def mask_cards(text: str) -> str:
    """The text with the card numbers in it masked."""
    return _DIGITS.of(text).sub(_card, text)


def is_card(digits: str) -> bool:
    """Whether this is a card number: an issuer's prefix, its length, and the check digit (ISO/IEC 7812)."""
    size = len(digits)
    two, three, four = int(digits[:2]), int(digits[:3]), int(digits[:4])
    if not (
        (digits[0] == "4" and size in {13, 16, 19})
        or ((51 <= two <= 55 or 2221 <= four <= 2720) and size == 16)
        or (two in {34, 37} and size == 15)
        or ((four == 6011 or two in {64, 65} or 644 <= three <= 649) and 16 <= size <= 19)
        or ((two in {36, 38, 39} or 300 <= three <= 305) and size in {14, 16, 19})
        or (3528 <= four <= 3589 and 16 <= size <= 19)
        or (two == 62 and 16 <= size <= 19)
    ):
        return False
    doubled = digits[-2::-2].translate(_DOUBLED)
    return (sum(map(int, doubled)) + sum(map(int, digits[-1::-2]))) % 10 == 0


def _card(match: re.Match[str]) -> str:
    found = match[0]
    if sum(map(str.isdigit, found)) < 13:
        return found
    text, start, stop = match.string, match.start(), match.end()
    groups = [(each.start(), each.end()) for each in re.finditer(r"[0-9]+", found)]
    parts: list[str] = []
    done = at = 0
    while at < len(groups):
        then = _card_from(found, groups, at, text[max(0, start - 2) : start], text[stop : stop + 2])
        if then:
            parts += found[done : groups[at][0]], MASK
            done = groups[then - 1][1]
        at = then or at + 1
    return "".join([*parts, found[done:]])


def _card_from(found: str, groups: list[tuple[int, int]], at: int, before: str, after: str) -> int:
    """Index behind the last group of the card that begins in group `at`; 0 if none does."""
    size = 0
    for then in range(at, min(at + 7, len(groups))):
        start, end = groups[at][0], groups[then][1]
        size += groups[then][1] - groups[then][0]
        if size > 19:
            return 0
        if then > at and groups[then - 1][1] - groups[then - 1][0] < 4:
            return 0  # only the last group of a card is short
        left = found[start - 1 : start] if at else before
        right = found[end : end + 1] if then + 1 < len(groups) else after
        inner = then + 1 < len(groups)
        if inner and right == "." and found[groups[then + 1][0] :] == "0":  # a float
            right, inner = "", False
        if size >= 13 and _stands_alone(left, right, at == then, at > 0, inner):
            digits = found[start:end].translate(_NO_DIGITS)
            dots = found.count(".", start, end)
            if (not dots or (dots == 3 and end - start == 19)) and is_card(digits):
                return then + 1
    return 0


def _stands_alone(left: str, right: str, single: bool, inner_left: bool, inner_right: bool) -> bool:
    """Whether digits are a number of their own, and no part of a UUID, a version or a decimal fraction."""
    if inner_left and left not in _BLANKS:
        return False
    if inner_right and right not in _BLANKS:
        return False
    if not inner_right and len(right) == 2 and right[0] == "-" and right[1].isalnum() and not single:
        return False
    return single or inner_left or not (left.endswith("-") and left[:1].isalnum())
