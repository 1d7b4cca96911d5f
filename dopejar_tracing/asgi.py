"""A span for each request of an ASGI application: `app = TracingMiddleware(app)`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from dopejar_tracing.emit.bind import bind_trace
from dopejar_tracing.emit.pipeline import running
from dopejar_tracing.emit.services import extract
from dopejar_tracing.emit.span import Span
from dopejar_tracing.model.foreign import ask

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class TracingMiddleware:
    """Opens a span around each HTTP request and each WebSocket, under the parent that its headers name.

    The input is method and path, never the query, which may hold secrets; the output the status code, 101 for
    a WebSocket that was accepted. From 500 up, and if the application raises, the status is `error`. The span
    lasts as long as the application works on the request, tasks in the background included.

    Args:
        app: an ASGI 3 application.
        layer: of the spans.
        operation: of the spans.
    """

    def __init__(self, app: Application, layer: str = "system", operation: str = "request") -> None:
        self.app = app
        self.layer = layer
        self.operation = operation

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one connection; `lifespan`, and whatever else there may be, goes through untouched."""
        if scope["type"] not in ("http", "websocket") or running() is None:
            await self.app(scope, receive, send)
            return
        request = f"{scope.get('method', 'WEBSOCKET')} {scope.get('path', '')}"
        with (
            extract(scope.get("headers", ())) as remote,
            bind_trace(self.layer, self.operation, input=request, metadata=remote.foreign) as span,
        ):

            async def watched(message: Message) -> None:
                ask(
                    lambda: _note(span, message), lambda _error: None
                )  # the server will say what is wrong with it
                await send(message)

            await self.app(scope, receive, watched)


def _note(span: Span, message: Message) -> None:
    kind = message["type"]
    if kind in ("http.response.start", "websocket.http.response.start"):
        tell_status(span, message["status"])
    elif kind == "websocket.accept":
        span.set_output("101")
    elif kind == "websocket.close" and not span.output:  # a refusal, which the server turns into this
        span.set_output("403")


def tell_status(span: Span, code: int) -> None:
    """Say with which status code the response began; from 500 up the span failed."""
    span.set_output(f"{int(code)}")  # a text: numbers may be subclasses, and are asked for theirs
    if code >= 500:
        span.fail(f"HTTP status {int(code)}")
