"""`trace_event`: one moment, without a span (contract §4)."""

from __future__ import annotations

import sys
import time
from functools import wraps
from types import CodeType
from typing import TYPE_CHECKING, Any

from dopejar_tracing.emit.pipeline import ACTIVE, MINT, Pipeline, running
from dopejar_tracing.emit.site import COMPONENTS, CONTEXTLIB, caller, component_of, level_of, status_of
from dopejar_tracing.model.event import EVENT, INFO, STATUS_LEVELS, SUCCESS
from dopejar_tracing.model.values import MAX_COMPONENT, gather_metadata, own_metadata, summary_of

if TYPE_CHECKING:
    from dopejar_tracing.emit.span import Span


def trace_event(
    layer: str,
    operation: str,
    component: str | None = None,
    *,
    input: object = "",
    output: object = "",
    status: str = SUCCESS,
    level: str | None = None,
    metadata: object = None,
    **more: object,
) -> None:
    """Record one moment under the open span.

        trace_event("focus", "gate_check", input="WriteApprovalGate", output="allowed", user_consent=True)

    It never raises, whatever it is given; what it cannot make sense of is named in the metadata.

    Args:
        layer: long or short name.
        operation: what is done, such as `gate_check`.
        component: who does it; by default the basename of the caller's file.
        input: any object, shown by `str`.
        output: any object, shown by `str`.
        status: `success`, `error` or `blocked`.
        level: `debug`, `info` (the default), `warn` or `error`; `blocked` counts as warn, `error` as error.
        metadata: a mapping of values to record.
        more: further values to record, by name.
    """


if not TYPE_CHECKING:
    # CPython compares each name that it does not know with all parameters, which is most of what an event
    # costs while tracing is disabled. So this one has fewer, and takes what is seldom given from the rest.
    @wraps(trace_event)
    def trace_event(layer, operation, component=None, *, input="", output="", **more):  # noqa: D103
        if ACTIVE.pipeline is None:
            return
        if component is None:
            try:
                component = sys._getframe(1).f_code
            except ValueError:  # the interpreter itself calls, as at its exit
                component = sys._getframe().f_code
            if component.co_filename == CONTEXTLIB:
                component = caller()
        status, level, metadata = SUCCESS, None, None
        if "status" in more or "level" in more or "metadata" in more:
            status, level = more.pop("status", SUCCESS), more.pop("level", None)
            metadata = more.pop("metadata", None)
        record_event(layer, operation, component, input, output, status, level, metadata, more, {})


def record_event(
    layer: object,
    operation: object,
    component: object,
    input: object,
    output: object,
    status: object,
    level: object,
    metadata: object,
    more: dict[str, object],
    notes: dict[str, Any],
    under: Span | None = None,
) -> None:
    """Send an event down the chain, if its level lets it; under the open span, or that which is named.

    `component` may be the code that says it; `notes` is reserved metadata, which may be added to.
    """
    pipeline = ACTIVE.pipeline
    if type(pipeline) is not Pipeline:
        pipeline = running()
        if pipeline is None:
            return
    try:
        if type(layer) is str and type(operation) is str:
            site = pipeline.sites[layer, operation]
        else:
            site = pipeline.sites.resolve(layer, operation)
        if site.unknown:
            notes |= site.unknown
        weight = INFO if level is None else level_of(level, notes)
        outcome = SUCCESS if status is SUCCESS else status_of(status, notes)
        if weight < site.threshold and STATUS_LEVELS.get(outcome, 0) < site.threshold:
            return
        now_ns = time.time_ns()
        event_dict: dict[str, Any] = {
            "trace_id": None if under is None else MINT(site.prefix, now_ns),
            "parent_id": None if under is None else under.trace_id or under.parent_id,
            "timestamp": now_ns,
            "hrm_layer": site.layer,
            "operation": site.operation,
            "component": (COMPONENTS.get(component.co_filename) or component_of(component))
            if type(component) is CodeType
            else summary_of(component, MAX_COMPONENT),
            "input_summary": input,
            "output_summary": output,
            "duration_ms": 0,
            "status": outcome,
            "metadata": own_metadata(more, notes)
            if metadata is None
            else gather_metadata(metadata, more, notes),
        }
        if weight is not INFO:
            event_dict["level"] = weight
        if notes:
            event_dict |= notes
    except Exception as error:  # tracing never breaks the application (contract §4)
        pipeline.fail(error)
    else:
        pipeline.record(EVENT, event_dict)
