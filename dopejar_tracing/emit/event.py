"""`trace_event`: one moment, without a span (contract §4)."""

from __future__ import annotations

from typing import Any

from dopejar_tracing.emit.pipeline import ACTIVE, running
from dopejar_tracing.emit.site import caller, component_of, level_of, status_of
from dopejar_tracing.model.event import EVENT, STATUS_LEVELS
from dopejar_tracing.model.values import MAX_COMPONENT, gather_metadata, summary_of


def trace_event(
    layer: str,
    operation: str,
    component: str | None = None,
    *,
    input: object = "",
    output: object = "",
    status: str = "success",
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
    if ACTIVE.pipeline is not None:
        if component is None:
            component = component_of(caller())
        record_event(layer, operation, component, input, output, status, level, metadata, more)


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
    **known: Any,
) -> None:
    """Send an event down the chain, if its level lets it; `known` are keys of the event dict."""
    pipeline = running()
    if pipeline is None:
        return
    try:
        site = pipeline.sites.find(layer, operation)
        notes: dict[str, Any] = dict(site.unknown)
        weight = level_of(level, notes)
        outcome = status_of(status, notes)
        if max(weight, STATUS_LEVELS.get(outcome, 0)) < site.threshold:
            return
        event_dict = {
            "hrm_layer": site.layer,
            "operation": site.operation,
            "component": summary_of(component, MAX_COMPONENT),
            "input_summary": input,
            "output_summary": output,
            "status": outcome,
            "level": weight,
            "metadata": gather_metadata(metadata, more, notes),
            **notes,
            **known,
        }
    except Exception as error:  # tracing never breaks the application (contract §4)
        pipeline.fail(error)
    else:
        pipeline.record(EVENT, event_dict)
