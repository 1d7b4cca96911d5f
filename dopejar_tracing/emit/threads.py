"""The one switch `propagate_threads`: threads and thread pools of an unchanged host carry the open span.

Nothing but the span is carried, and it is put into the context that the thread has anyway. The host's own
context variables, what a pool's initializer set, the decimal context: all as if nothing were patched.

What is patched is not what a host calls, such as `submit`, but what that looks up when it is called. So
bound methods that a host has kept from before, and subclasses that override the method, are reached as well.
Processes are left alone: a span cannot be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import thread as pool_thread
from contextvars import Context
from functools import partial
from threading import Thread
from types import MethodType
from typing import TYPE_CHECKING, Any

from dopejar_tracing.emit.context import CURRENT, open_span
from dopejar_tracing.model.foreign import ask

if TYPE_CHECKING:
    from dopejar_tracing.emit.span import Span

_SPAN = "_dopejar_span"
_MACHINERY = ("concurrent.futures.", "multiprocessing.", "logging.", "dopejar_tracing.")
"""Their threads serve many callers, and belong to none; ours have no business in the application's tree."""

_on = False
_patches: tuple[Patch, ...] = ()


class Patch:
    """An attribute of somebody else's class, replaced and given back.

    Args:
        owner: the class.
        name: of the attribute.
        make: makes the replacement of what is there now.
    """

    def __init__(self, owner: type, name: str, make: Callable[[Any], object]) -> None:
        self._owner = owner
        self._name = name
        self._make = make
        self._original: object = None
        """None: it is inherited."""
        self._replacement: object = None
        """None: not in place."""

    def install(self) -> None:
        """Replace it, unless that is done; maybe another library has put its own around ours since."""
        found = vars(self._owner).get(self._name)
        if self._replacement is None or found is self._original:
            self._original = found
            self._replacement = self._make(getattr(self._owner, self._name) if found is None else found)
            setattr(self._owner, self._name, self._replacement)

    def remove(self) -> None:
        """Give it back, unless another library has put its own around ours: then ours has to be inert."""
        if self._replacement is None or vars(self._owner).get(self._name) is not self._replacement:
            return
        if self._original is None:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._original)
        self._replacement = None


def propagate() -> None:
    """Let every thread work under the span that is open where it is started, or its work submitted."""
    global _on, _patches
    if not _patches:
        from multiprocessing.pool import ThreadPool  # only for those who want this: it takes milliseconds

        _patches = (
            Patch(Thread, "_bootstrap", _Bootstrap),
            Patch(pool_thread._WorkItem, "__init__", _remembering),
            Patch(pool_thread._WorkItem, "run", _recalling),
            Patch(ThreadPool, "apply_async", _applying),
            Patch(ThreadPool, "_guarded_task_generation", _generating),
        )
    for patch in _patches:
        patch.install()
    _on = True


def release() -> None:
    """Undo `propagate`."""
    global _on
    _on = False
    for patch in _patches:
        patch.remove()


def _span_to_carry() -> Span | None:
    return open_span() if _on else None


class _Bootstrap:
    """`Thread._bootstrap`, looked up by `start`: in the thread that starts, to be run in the new one."""

    def __init__(self, bootstrap: Callable[[Thread], None]) -> None:
        self._bootstrap = bootstrap

    def __get__(self, thread: Thread | None, owner: type | None = None) -> Callable[..., None]:
        if thread is None:
            return self._bootstrap
        bootstrap = MethodType(self._bootstrap, thread)
        span = _span_to_carry()
        if span is None or ask(lambda: _is_machinery(thread), lambda _: False):
            return bootstrap
        context = Context()  # empty, as a thread's is
        context.run(CURRENT.set, span)
        return partial(context.run, bootstrap)


def _is_machinery(thread: Thread) -> bool:
    """Whether this is the worker of a pool, or the like: a loop of the module that started it.

    A public method as the target, such as `executor.shutdown`, is work that a host gives to a thread.
    """
    target = getattr(thread, "_target", None)
    work = type(thread).run if target is None else target
    name = str(getattr(work, "__name__", ""))
    is_loop = name.startswith("_") or name in ("worker", "run")
    return is_loop and f"{getattr(work, '__module__', '')}.".startswith(_MACHINERY)


def _remembering(init: Callable[..., None]) -> Callable[..., None]:
    """For `_WorkItem.__init__` of a ThreadPoolExecutor, which runs where the work is submitted."""

    def remember(item: Any, *args: Any, **kwargs: Any) -> None:
        init(item, *args, **kwargs)
        span = _span_to_carry()
        if span is not None:
            setattr(item, _SPAN, span)

    return remember


def _recalling(run: Callable[..., None]) -> Callable[..., None]:
    """For `_WorkItem.run`, which runs in the worker, whose next work is under another span or none."""

    def recall(item: Any, *args: Any) -> None:
        span = vars(item).pop(_SPAN, None)
        before = CURRENT.get()
        if span is not None:
            CURRENT.set(span)
        try:
            run(item, *args)
        finally:
            if span is not None:
                CURRENT.set(before)
            # The traceback in the future leads back to this frame, which must not lead back to the future.
            del item, args, span, before

    return recall


def _applying(apply_async: Callable[..., Any]) -> Callable[..., Any]:
    """For `ThreadPool.apply_async`, which `apply` calls too."""

    def apply_under(pool: Any, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        span = _span_to_carry()
        return apply_async(pool, func if span is None else partial(_under, span, func), *args, **kwargs)

    return apply_under


def _generating(generate: Callable[..., Any]) -> Callable[..., Any]:
    """For `ThreadPool._guarded_task_generation`, which every kind of map calls where it is called."""

    def generate_under(pool: Any, job: object, func: Callable[..., Any], iterable: Iterable[Any]) -> Any:
        span = _span_to_carry()
        if span is None:
            return generate(pool, job, func, iterable)
        return generate(pool, job, partial(_under, span, func), _stepping(span, iterable))

    return generate_under


def _stepping(span: Span, iterable: Iterable[Any]) -> Iterator[Any]:
    """The host's iterable, which `imap` reads in a thread of the pool."""
    step = partial(_under, span, partial(next, _under(span, iter, iterable)))
    while True:
        try:
            item = step()
        except StopIteration:
            return
        yield item


def _under(span: Span, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    before = CURRENT.get()
    CURRENT.set(span)
    try:
        return function(*args, **kwargs)
    finally:
        CURRENT.set(before)
        del span, before  # whoever keeps an exception keeps this frame
