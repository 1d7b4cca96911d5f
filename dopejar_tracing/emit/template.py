"""A decorator's `input`: a template of the function's arguments (contract §4)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from string import Formatter
from typing import Any

Summary = Callable[[tuple[Any, ...], dict[str, Any], dict[str, Any]], object]
"""(args, kwargs, notes) → the input; why there is none is put into the notes."""


def argument_summary(template: object, function: Callable[..., Any]) -> Summary:
    """What makes the input of one call.

    Args:
        template: `"{from_level}→{to_level}"` is filled with the arguments, defaults included; any other
            object is the input of every call.
        function: the decorated one, whose signature names the arguments.
    """
    if not isinstance(template, str) or not _has_fields(template):
        return lambda args, kwargs, notes: template
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return lambda args, kwargs, notes: template

    def summary(args: tuple[Any, ...], kwargs: dict[str, Any], notes: dict[str, Any]) -> str:
        try:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return template.format(**bound.arguments)
        except Exception as error:  # a misspelt name, a foreign __format__, a call that will fail itself
            notes["template_error"] = f"{type(error).__name__}: {error}"
            return template

    return summary


def _has_fields(template: str) -> bool:
    try:
        return any(field is not None for _, field, _, _ in Formatter().parse(template))
    except ValueError:  # a lone brace: it is no template
        return False
