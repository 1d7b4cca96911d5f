"""The options that say what is looked for; the same for every command that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from dopejar_tracing.errors import QueryError
from dopejar_tracing.model.event import Status
from dopejar_tracing.model.layer import Layers
from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.read.query import filters as query
from dopejar_tracing.read.query.moments import parse_duration, parse_moment
from dopejar_tracing.read.query.where import parse_where
from dopejar_tracing.settings import load

Command = TypeVar("Command", bound=Callable[..., Any])
Given = TypeVar("Given")
Value = TypeVar("Value")


def known_layers() -> Layers:
    """Those of the seed, and those that the settings declare."""
    return load(lenient=True).settings.known_layers()


def _complete(
    choices: Callable[[], list[str]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Complete the last of several values, separated by commas."""

    def items(_: click.Context, __: click.Parameter, typed: str) -> list[CompletionItem]:
        before, comma, last = typed.rpartition(",")
        return [CompletionItem(f"{before}{comma}{name}") for name in choices() if name.startswith(last)]

    return items


def _operations() -> list[str]:
    from dopejar_tracing.points import catalogue  # which needs all that emits

    return sorted({rule.operation for rule in catalogue()})


_OPTIONS = [
    click.option(
        "--hrm", "--layer", "layers", metavar="LAYER", multiple=True,
        shell_complete=_complete(lambda: [layer.name for layer in known_layers()]),
        help="Events of this layer: altitude or alt. Several: --hrm alt,foc or the option twice.",
    ),
    click.option(
        "--status", "statuses", metavar="STATUS", multiple=True, shell_complete=_complete(lambda: [*Status]),
        help="Events that ended so: success, error, blocked.",
    ),
    click.option(
        "--operation", "operations", metavar="NAME", multiple=True,
        shell_complete=_complete(_operations),
        help="Events of this operation: write, gate_*, memory.read.",
    ),
    click.option(
        "--component", "components", metavar="NAME", multiple=True,
        help="Events of this file or class: gates.py.",
    ),
    click.option(
        "--since", metavar="TIME",
        help="Events that began then or later: -10m, 14:00, yesterday, 2026-01-13.",
    ),
    click.option("--until", metavar="TIME", help="Events that began before then."),
    click.option("--longer-than", metavar="TIME", help="Spans that took longer: 5ms, 1.5s."),
    click.option("--grep", metavar="REGEX", help="Events with this in a summary, an error or the metadata."),
    click.option("-i", "--ignore-case", is_flag=True, help="--grep takes upper and lower case alike."),
    click.option(
        "--where", metavar="EXPRESSION", multiple=True,
        help="Events for which this holds: 'metadata.tokens_saved > 40 and status != \"success\"'.",
    ),
]  # fmt: skip


def filter_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def option_value(option: str, read: Callable[[Given], Value], given: Given) -> Value:
    """What an option's text means; QueryError, with the option's name, if it cannot be understood."""
    try:
        return read(given)
    except QueryError as error:
        msg = f"{option}: {error}"
        raise QueryError(msg) from None


def build_query(values: dict[str, Any], *, utc: bool = False) -> query.Query:
    """What the options ask for.

    Args:
        values: of all options of the command; those of `filter_options` are taken out.
        utc: times without a zone are in UTC.

    Raises:
        QueryError: a value cannot be understood.
    """
    layers, now = known_layers(), datetime.now(UTC)
    ignore_case = values.pop("ignore_case")
    readers: list[tuple[str, str, Callable[[Any], query.Filter]]] = [
        ("layers", "--hrm", lambda names: query.by_layer(split_values(names), layers)),
        ("statuses", "--status", lambda names: query.by_status(_statuses(split_values(names)))),
        ("operations", "--operation", lambda names: query.by_operation(split_values(names))),
        ("components", "--component", lambda names: query.by_component(split_values(names))),
        ("since", "--since", lambda text: query.since(parse_moment(text, now, utc=utc))),
        ("until", "--until", lambda text: query.until(parse_moment(text, now, utc=utc))),
        ("longer_than", "--longer-than", lambda text: query.longer_than(parse_duration(text))),
        ("grep", "--grep", lambda text: query.grep(text, ignore_case=ignore_case)),
        ("where", "--where", lambda texts: query.where([parse_where(text, layers) for text in texts])),
    ]
    filters = []
    for name, option, read in readers:
        given = values.pop(name)
        if given not in (None, ()):
            filters.append(option_value(option, read, given))
    return query.Query(tuple(filters))


def split_values(given: Iterable[str]) -> list[str]:
    """The option twice, or several values separated by commas."""
    return [name for text in given for name in map(str.strip, text.split(",")) if name]


def _statuses(names: list[str]) -> list[str]:
    allowed = [status.value for status in Status]
    for name in names:
        if name not in allowed:
            msg = f"expected one of {', '.join(allowed)}; got {name!r}{suggestion(name, allowed)}"
            raise QueryError(msg)
    return names
