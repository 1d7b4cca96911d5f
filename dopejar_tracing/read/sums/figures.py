"""A summary as figures: what is shown, and written as JSON or CSV."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from math import log10

from dopejar_tracing.model.layer import LAYERS
from dopejar_tracing.model.report import Figures, Key, Report
from dopejar_tracing.read.sums.summary import Summary, Tally

BINS = 12
_ORDER = {layer.name: at for at, layer in enumerate(LAYERS)}


def report(summary: Summary, by: Iterable[str]) -> Report:
    """Put a summary into figures, its groups in the order of their names, layers in that of the contract."""
    axis = _axis(summary)
    groups = [figures(key, tally, axis) for key, tally in summary.groups.items()]
    return Report(
        tuple(by),
        summary.events,
        summary.first,
        summary.last,
        axis,
        tuple(
            sorted(groups, key=lambda group: [(_ORDER.get(name, len(_ORDER)), name) for name in group.key])
        ),
        tuple(sorted(summary.slowest, reverse=True)),
        tuple(sorted(summary.faults.values(), key=lambda fault: (-fault.count, fault.type, fault.place))),
    )


def figures(key: Key, tally: Tally, axis: tuple[int, ...] = ()) -> Figures:
    """The figures of one group."""
    durations = tally.durations
    p50, p95, p99 = map(durations.percentile, (0.5, 0.95, 0.99))
    return Figures(
        key,
        tally.events,
        durations.count,
        tally.errors,
        tally.blocked,
        durations.mean,
        p50,
        p95,
        p99,
        durations.longest if durations.count else None,
        durations.total,
        tally.own_us,
        _histogram(tally, axis),
    )


def _axis(summary: Summary) -> tuple[int, ...]:
    """Equal steps of the logarithm, from the shortest of all spans to the longest."""
    classes = {least for tally in summary.groups.values() for least in tally.durations.counts}
    if not classes:
        return ()
    low, high = log10(max(1, min(classes))), log10(max(1, *classes) + 1)
    step = max(high - low, 0.1) / BINS
    return tuple(round(10 ** (low + step * at)) for at in range(BINS))


def _histogram(tally: Tally, axis: tuple[int, ...]) -> tuple[int, ...]:
    if not axis:
        return ()
    found = [0] * len(axis)
    for least, count in tally.durations.counts.items():
        begin = axis[max(0, bisect(axis, least) - 1)]
        found[axis.index(begin)] += count  # the first, where parts of a short axis begin at the same
    return tuple(found)
