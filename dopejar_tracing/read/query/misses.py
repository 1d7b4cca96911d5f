"""Why nothing was found: which condition alone stood in the way, and what there is instead."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

import msgspec

from dopejar_tracing.model.event import TraceEvent
from dopejar_tracing.read.query.filters import Query

PATIENCE = 2.0
"""Seconds that are spent on it."""
_FIELDS = {"--hrm": "hrm_layer", "--operation": "operation", "--component": "component"}


class Misses(msgspec.Struct):
    """What was looked at, and how it missed."""

    events: int = 0
    is_all: bool = True
    """False if there was no time to look at everything."""
    only: Counter[str] = msgspec.field(default_factory=Counter)
    """Of each option, how many events fail that alone."""
    seen: dict[str, set[str]] = msgspec.field(default_factory=dict)
    """Of each option that takes names, those that there are."""


def count_misses(events: Iterable[TraceEvent], query: Query, patience: float = PATIENCE) -> Misses:
    """Look at the events once more, for a few seconds at most."""
    misses = Misses(seen={each.option: set() for each in query.filters if each.option in _FIELDS})
    deadline = time.monotonic() + patience
    for event in events:
        misses.events += 1
        for option, names in misses.seen.items():
            names.add(getattr(event, _FIELDS[option]))
        failed = [each.option for each in query.filters if not each.test(event)]
        if len(failed) == 1:
            misses.only[failed[0]] += 1
        if not misses.events % 1_000 and time.monotonic() > deadline:
            misses.is_all = False
            break
    return misses
