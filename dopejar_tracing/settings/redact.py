"""`redact`: what is masked beside the secrets that are known by their names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from dopejar_tracing.settings.checks import Check, Problems, check_each, mapping, texts


class Redact(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own rules, beside the built-in ones."""

    keys: tuple[str, ...] = ()
    """Keys whose values are masked."""
    keep: tuple[str, ...] = ()
    """Keys whose values are not, though their names look like it."""
    patterns: tuple[str, ...] = ()
    """Regular expressions in RE2's syntax, which cannot hang; what they match is masked."""

    def compiled(self) -> list[LinearPattern]:
        """The patterns, ready for use."""
        return [LinearPattern(pattern) for pattern in self.patterns]


_PROBE = "a 1"


class LinearPattern:
    """A regular expression that takes time in proportion to the text, whatever it is: RE2, not `re`.

    Args:
        pattern: in RE2's syntax: that of `re` without lookarounds and backreferences.

    Raises:
        ValueError: it is none.
    """

    def __init__(self, pattern: str) -> None:
        import re2  # only for those who have patterns of their own

        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(pattern, options)
        except (re2.error, UnicodeEncodeError) as error:
            reason = error.args[0]
            msg = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(error)
            raise ValueError(msg) from None
        if any(match.start() == match.end() for match in self._compiled.finditer(_PROBE)):
            msg = "it matches the empty text"
            raise ValueError(msg)

    def sub(self, replacement: str, text: str) -> str:
        """The text, each match replaced."""
        try:
            return str(self._compiled.sub(replacement, text))
        except UnicodeEncodeError:  # lone surrogates, which would be written like this later anyway
            return str(self._compiled.sub(replacement, text.encode("utf-8", "backslashreplace").decode()))


def _keys(key: str, value: object, problems: Problems) -> object:
    keys: Any = texts(key, value, problems)
    for name in keys:
        if not any(map(str.isalnum, name)):
            problems.add(key, "names with a letter or a digit in each", name)
    return keys


def _patterns(key: str, value: object, problems: Problems) -> object:
    patterns: Any = texts(key, value, problems)
    for pattern in patterns:
        try:
            LinearPattern(pattern)
        except ValueError as error:
            problems.add(key, f"regular expressions in RE2's syntax ({error})", pattern)
    return patterns


_CHECKS: Mapping[str, Check] = {"keys": _keys, "keep": _keys, "patterns": _patterns}


def check_redact(key: str, value: object, problems: Problems) -> Redact | Literal[False]:
    """True, or a mapping of `Redact`'s fields; false: nothing is masked."""
    if value is True:
        return Redact()
    if value is False or isinstance(value, Redact):
        return value
    given = mapping(key, value, problems, f"{', '.join(_CHECKS)} to lists, or true or false")
    return Redact(**check_each(given, _CHECKS, Problems(f"{problems.place}{key}.", problems.found)))
