"""The application's own trace points: one line each, like those of `dopejar_tracing.points`."""

from __future__ import annotations

from dopejar_tracing.points import Point

# fmt: off
# ruff: noqa: D101, E701, E702, N801

class turn(Point, layer="system", input="{said}", output="{reply}"): number: int; said: str; reply: str
