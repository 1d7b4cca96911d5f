"""What is said when nothing was found: what was probably meant, and what there is instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dopejar_tracing.cli.filters import known_layers
from dopejar_tracing.model.suggest import suggestion
from dopejar_tracing.read.query.filters import Query
from dopejar_tracing.read.query.misses import Misses

_NOUNS = {"--hrm": "layer", "--operation": "operation", "--component": "component"}
_MATCH = ("match", "matches")
_STATUSES: dict[tuple[str, ...], tuple[str, str]] = {
    ("error",): ("error", "errors"),
    ("blocked",): ("blocked event", "blocked events"),
}
_WHERE = {"--since": "before --since", "--until": "after --until"}


def tips(query: Query, misses: Misses, trace_ids: Sequence[str] = ()) -> Iterator[str]:
    """Lines for the person, the first says how much was looked at.

    Args:
        query: what was looked for.
        misses: why it was not found.
        trace_ids: spans that were asked for.
    """
    looked_at = f"{misses.events:,}{'' if misses.is_all else ' or more'} events"
    yield f"0 of {looked_at}"
    for trace_id in trace_ids:
        yield f"no event among them has, or is below, the ID {trace_id!r}, and fits the rest"
    for each in query.filters:
        seen = misses.seen.get(each.option)
        for name in each.names if seen else ():
            if not _is_there(each.option, name, seen or set()):
                yield f"no {_NOUNS[each.option]} {name!r}{_meant(each.option, name, seen or set())}"
    for option, count in misses.only.most_common():
        one, several = _nouns(query, option)
        said = f"1 {one} exists" if count == 1 else f"{count:,} {several} exist"
        yield f"{said} {_WHERE.get(option, f'without {option}')}"


def _is_there(option: str, name: str, seen: set[str]) -> bool:
    """Whether there is such a one; patterns and points are not judged."""
    if option == "--hrm":
        layer = known_layers().get(name)
        return name in seen or (layer is not None and bool({layer.name, layer.prefix} & seen))
    return name in seen or any(character in name for character in "*?[")


def _meant(option: str, name: str, seen: set[str]) -> str:
    if option != "--hrm":
        return suggestion(name, sorted(seen))
    known = known_layers()
    return "" if known.get(name) else suggestion(name, sorted(seen | {layer.name for layer in known}))


def _nouns(query: Query, option: str) -> tuple[str, str]:
    """What would have been found, one and several: errors, if nothing but errors was looked for."""
    given = next((each.names for each in query.filters if each.option == "--status" != option), ())
    return _STATUSES.get(given, _MATCH)
