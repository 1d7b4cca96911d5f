"""What conditions are made of: functions of an event, which never raise."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

Value = Callable[[Any], Any]
"""An event, or as much of one as is needed → a value."""

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Is: operator.eq, ast.IsNot: operator.ne,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many, ast.NotIn: lambda one, many: one not in many,
}  # fmt: skip
_ORDERING = (operator.lt, operator.le, operator.gt, operator.ge)
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "lower": str.lower,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "matches": re.search,
}
FUNCTION_NAMES = ", ".join(f"{name}()" for name in FUNCTIONS)


def deeper(value: Value, path: Sequence[Any]) -> Value:
    """What lies deeper in a value; null where nothing does."""
    if len(path) == 1:  # as most are, at half the cost
        (only,) = path

        def reach_one(event: Any) -> Any:
            found = value(event)
            return found.get(only) if type(found) is dict else _item(found, only)

        return reach_one

    def reach(event: Any) -> Any:
        found = value(event)
        for key in path:
            found = _item(found, key)
        return found

    return reach


def _item(found: Any, key: Any) -> Any:
    if isinstance(found, dict):
        return found.get(key)
    if isinstance(found, list) and isinstance(key, int) and -len(found) <= key < len(found):
        return found[key]
    return None


def joined(every: bool, parts: Sequence[Value]) -> Value:
    """Whether every part holds, or any."""
    if len(parts) == 2:  # as most have; a generator takes three times as long
        one, other = parts
        if every:
            return lambda event: one(event) and other(event)
        return lambda event: one(event) or other(event)
    if every:
        return lambda event: all(part(event) for part in parts)
    return lambda event: any(part(event) for part in parts)


def compared(compare: Callable[[Any, Any], Any], left: Value, right: Value) -> Value:
    """A comparison; false where there is none."""

    def test(event: Any) -> Any:
        try:
            return compare(left(event), right(event))
        except TypeError:
            return False

    return test


def compared_to(compare: Callable[[Any, Any], Any], left: Value, constant: Any) -> Value:
    """A comparison with what is the same for every event, as most are; a call less for each."""
    ordering = compare in _ORDERING

    def test(event: Any) -> Any:
        found = left(event)
        if found is None and ordering:  # as where the key is not there; an exception takes ten times as long
            return False
        try:
            return compare(found, constant)
        except TypeError:
            return False

    return test


def computed(compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Of numbers alone: a text times a billion would fill the memory."""
    if isinstance(left, int | float) and isinstance(right, int | float):
        return guarded(lambda: compute(left, right))
    return None


def guarded(compute: Callable[[], Any]) -> Any:
    """What is computed; null where it cannot be."""
    try:
        return compute()
    except (TypeError, ArithmeticError):
        return None


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The regular expression; re.error alone if it is none, and no warning."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of "[[a]", which may mean something else one day
            return re.compile(pattern, flags)
    except (OverflowError, RecursionError) as error:
        msg = str(error) if isinstance(error, OverflowError) else "it is too deep"
        raise re.error(msg) from None
