"""Templates of a decorated function's arguments: `input="{from_level}→{to_level}"` (contract §4)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from string import Formatter
from typing import Any

from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.redact import MASK
from dopejar_tracing.model.redact.keys import SECRET, KeyRule
from dopejar_tracing.model.values import complaint, text_of

Fill = Callable[[object], object]
"""A template → its text; anything else → itself."""
CallFill = Callable[[tuple[Any, ...], dict[str, Any], dict[str, Any]], Fill]
"""(args, kwargs, notes) → what fills templates for this call; why one does not fit goes into the notes."""

_RULE = KeyRule()


class _Masked:
    """Stands for a secret, and for whatever a template takes from it."""

    def __getattr__(self, _: str) -> _Masked:
        return self

    def __getitem__(self, _: object) -> _Masked:
        return self

    def __format__(self, _: str) -> str:
        return MASK

    def __repr__(self) -> str:
        return MASK


_MASKED = _Masked()


def _shown(name: str, value: Any) -> Any:
    """The value, unless its name says that it is a secret: in the filled text there is no name any more."""
    if value is None or type(value) is bool or not _RULE[name] & SECRET:
        return value
    return _MASKED


def filler(function: Callable[..., Any]) -> CallFill:
    """What fills templates with the arguments of each call of the function, defaults included."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some built-in functions have none
        return lambda args, kwargs, notes: lambda template: template
    gathers = [
        name for name, parameter in signature.parameters.items() if parameter.kind is parameter.VAR_KEYWORD
    ]

    def for_call(args: tuple[Any, ...], kwargs: dict[str, Any], notes: dict[str, Any]) -> Fill:
        arguments: dict[str, Any] | None = None

        def fill(template: object) -> object:
            nonlocal arguments
            if not is_template(template):
                return template
            try:
                if arguments is None:
                    bound = signature.bind(*args, **kwargs)
                    bound.apply_defaults()
                    arguments = dict(bound.arguments)
                    for name in gathers:
                        arguments |= arguments[name]
                    arguments = {name: _shown(name, value) for name, value in arguments.items()}
                return str(template).format(**arguments)
            except BaseException as error:  # a misspelt name, a foreign __format__, a call that fails itself
                return _unfilled(template, error, notes)

        return fill

    return for_call


def is_template(value: object) -> bool:
    """Whether this is a text with `{names}` in it."""
    if not isinstance(value, str) or "{" not in value:
        return False
    try:
        return any(field is not None for _, field, _, _ in Formatter().parse(value))
    except ValueError:  # a lone brace
        return False


class _FieldFormatter(Formatter):
    """`str.format` for the fields of a trace point, some of which may not be known."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(str(key))
        return "?" if value is None else _shown(str(key), value)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) and "/" in format_spec:
            return format_spec.split("/")[not value]
        if isinstance(value, (list, tuple)):
            return ", ".join(map(text_of, value))
        return format(value, format_spec) if format_spec and "/" not in format_spec else text_of(value)


def fill_fields(template: str, fields: Mapping[str, Any], notes: dict[str, Any]) -> str:
    """The template with the fields in it. What is not known reads `?`; where nothing is, there is no text.

    `{allowed:yes/no}` chooses a word for True or False. Lists are joined by commas. Why a template does not
    fit goes into the notes.
    """
    try:
        names = _names(template)
        if names and all(fields.get(name) is None for name in names):
            return ""
        return _FieldFormatter().vformat(template, (), fields)
    except BaseException as error:  # it is the application's, and so are the fields
        return _unfilled(template, error, notes)


@lru_cache(maxsize=1_024)
def _names(template: str) -> list[str]:
    """The fields that a template names."""
    named = (name for _, name, _, _ in Formatter().parse(template) if name)
    return [name.partition(".")[0].partition("[")[0] for name in named]


def _unfilled(template: object, error: BaseException, notes: dict[str, Any]) -> str:
    if not is_foreign(error):
        raise error
    notes["template_error"] = complaint(error)
    return text_of(template)
