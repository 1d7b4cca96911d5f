"""Where finished lines go. A new sink is a module here, a setting, and a line in `open_sinks`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from dopejar_tracing.model.event import BegunSpan
from dopejar_tracing.model.ids import Mint
from dopejar_tracing.settings import Settings
from dopejar_tracing.sinks.jsonl import JsonlSink, target_of


class Sink(Protocol):
    """Takes finished lines, from any thread, and never raises: what it cannot deliver it counts."""

    target: str
    """What it writes to; of two sinks with one target the older one goes on."""
    watches: bool
    """Whether it wants `started`."""

    def __call__(self, line: dict[str, Any], /) -> None:
        """Take a finished line: the eleven keys of contract §3. It must not be changed."""

    def started(self, span: BegunSpan, /) -> None:
        """A recorded span has begun."""

    def before_fork(self) -> None:
        """The process is about to fork: finish what would stay half done in the child."""

    def after_fork(self, *, child: bool) -> None:
        """It has forked. In the child, locks and unfinished work are the parent's."""

    def adopt(self, settings: Settings) -> None:
        """Take what the settings say now; the target is the same."""

    def close(self) -> None:
        """Deliver what is held and say what was lost. A line that comes late is still taken."""


def open_sinks(settings: Settings, folder: str, mint: Mint, existing: Sequence[Sink] = ()) -> list[Sink]:
    """The sinks that the settings ask for; those among `existing` that serve are kept as they are.

    Args:
        settings: in force.
        folder: where a relative output begins.
        mint: makes IDs, for what a sink has to say itself.
        existing: those open now.
    """
    wanted: dict[str, Callable[[], Sink]] = {}
    if settings.output is not None:
        wanted[target_of(settings.output, folder)] = partial(
            JsonlSink, settings.output, folder, settings, mint
        )
    if settings.console == "always" or (settings.console == "auto" and _on_terminal()):
        from dopejar_tracing.sinks.console import ConsoleSink  # loads rich

        wanted[ConsoleSink.target] = partial(ConsoleSink, settings)
    by_target = {sink.target: sink for sink in existing}
    sinks = []
    for target, make in wanted.items():
        sink = by_target.get(target)
        if sink is None:
            sink = make()
        else:
            sink.adopt(settings)
        sinks.append(sink)
    return sinks


def _on_terminal() -> bool:
    try:
        return sys.stderr.isatty()
    except (AttributeError, ValueError):  # there is none (pythonw), or it is closed
        return False
