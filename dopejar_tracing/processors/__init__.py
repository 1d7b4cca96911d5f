"""The chain: ordinary structlog processors, one small module each, in one list.

A processor is `(logger, method_name, event_dict) -> event_dict`. What comes in is one of three kinds,
told apart by `method_name`:

- `<span>` and `<event>`, from `bind_trace` and `trace_event`: the eleven keys of a TraceEvent in their
  order, None for what is not known yet, the `timestamp` in nanoseconds since the epoch, any object as a
  summary; behind them a span's `duration_ns`, the `level` if it is not info, and the reserved metadata keys
  (contract §3);
- the name of a logger's method (`info`, `error`, …), from any structlog logger: `event` and whatever
  the application bound. `adopt_line` brings it into the form of the others.

What goes out has exactly the eleven keys of contract §3, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dopejar_tracing.model.event import SPAN
from dopejar_tracing.processors.fork import Fork
from dopejar_tracing.processors.ids import AddIds
from dopejar_tracing.processors.levels import FilterByLevel
from dopejar_tracing.processors.adopt import AdoptLine
from dopejar_tracing.processors.redact import Redact
from dopejar_tracing.processors.shape import shape_line
from dopejar_tracing.processors.summaries import CutSummaries
from dopejar_tracing.processors.times import AddTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import Processor

    from dopejar_tracing.model.event import OpenSpan
    from dopejar_tracing.model.ids import Mint
    from dopejar_tracing.model.redact import Redactor
    from dopejar_tracing.processors.fork import TakesLine
    from dopejar_tracing.settings import Settings

__all__ = [
    "AddIds",
    "AddTimes",
    "AdoptLine",
    "CutSummaries",
    "FilterByLevel",
    "Fork",
    "Redact",
    "default_chain",
    "for_own",
    "shape_line",
]


def default_chain(
    settings: Settings,
    *,
    current: Callable[[], OpenSpan | None],
    root_parent: str | None = None,
    mint: Mint,
    redactor: Redactor | None,
    sinks: Sequence[TakesLine],
) -> list[Processor]:
    """The processors in force, in their order.

    Args:
        settings: levels, layers and lengths.
        current: the span that encloses what is being logged.
        root_parent: ID of the span in another process that is parent where there is none here.
        mint: makes IDs.
        redactor: masks secrets, if they are to be masked.
        sinks: take the finished line.
    """
    return [
        # Of use for plain lines alone, see `for_own`.
        AdoptLine(current),
        FilterByLevel(settings),  # before any work is done for what is dropped
        AddIds(current, mint, settings.known_layers(), root_parent=root_parent),
        *([Redact(redactor, settings.summary_chars)] if redactor else []),  # before half a secret is cut off
        AddTimes(),
        CutSummaries(settings.summary_chars),
        shape_line,  # nothing behind it may add a key
        Fork(sinks),
    ]


def for_own(chain: Sequence[Processor], kind: str) -> tuple[Processor, ...]:
    """What of a chain does anything to spans, or to events; the rest lets them pass, and costs a call each."""
    idle = (AdoptLine, FilterByLevel, AddIds) if kind == SPAN else (AdoptLine, FilterByLevel)
    return tuple(processor for processor in chain if not isinstance(processor, idle))
