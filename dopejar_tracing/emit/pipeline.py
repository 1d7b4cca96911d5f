"""Settings → the structlog chain that is in force, and its life: start, configure, shutdown."""

from __future__ import annotations

import itertools
import os
import threading
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dopejar_tracing.emit import capture, host_logging, threads
from dopejar_tracing.emit.context import open_span
from dopejar_tracing.emit.site import Sites
from dopejar_tracing.emit.watch import FileWatch
from dopejar_tracing.errors import InvalidIdError, SettingsError
from dopejar_tracing.model.event import EVENT, SPAN
from dopejar_tracing.model.foreign import is_foreign
from dopejar_tracing.model.ids import Mint, parse_id
from dopejar_tracing.model.values import complaint
from dopejar_tracing.notices import Losses, say
from dopejar_tracing.processors import default_chain, for_own
from dopejar_tracing.settings import Effective, Settings, load
from dopejar_tracing.sinks import Sink, open_sinks

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from dopejar_tracing.emit.span import Span
    from dopejar_tracing.settings.load import Source


PARENT_VARIABLE = "DOPEJAR_TRACE_PARENT"


class Pipeline:
    """One set of settings, carried out: levels, chain and sinks.

    Attributes:
        sites: what each (layer, operation) means here.
        chain: the processors, in order; the last one hands the line to the sinks.
        span_chain: the same for spans, without those that let them pass.
        event_chain: the same for events.
        sinks: where lines go.
        watchers: the sinks that want to know of a span when it begins.
        redactor: masks secrets, if they are to be masked.
        parent_id: the span of another process that this process's roots hang under, if any.
    """

    __slots__ = (
        "chain", "event_chain", "lost", "parent_id", "redactor", "settings", "sinks", "sites", "span_chain",
        "watchers",
    )  # fmt: skip

    def __init__(self, settings: Settings, sinks: list[Sink]) -> None:
        self.settings = settings
        self.parent_id = _parent_from(os.environ)
        self.redactor = settings.redactor()
        self.sites = Sites(settings, self.redactor)
        self.sinks = sinks
        self.watchers = tuple(sink for sink in sinks if sink.watches)
        chain = default_chain(
            settings,
            current=open_span,
            root_parent=self.parent_id,
            mint=MINT,
            redactor=self.redactor,
            sinks=sinks,
        )
        self.chain = tuple(chain)
        self.span_chain = for_own(chain, SPAN)
        self.event_chain = for_own(chain, EVENT)
        self.lost = Losses("pipeline")

    def started(self, span: Span) -> None:
        """Tell the watchers of a span that has begun."""
        if self.redactor is not None:
            span.input = self.redactor.summary(span.input, self.settings.summary_chars)
        for watcher in self.watchers:
            watcher.started(span)

    def record(self, kind: str, event_dict: MutableMapping[str, Any]) -> None:
        """Send an event dict down the chain; never raises.

        Args:
            kind: `SPAN`, `EVENT`, or for a plain line the logger's method.
            event_dict: as `processors` describes; the chain may change it.
        """
        processed: Any = event_dict
        chain = iter(self.span_chain if kind is SPAN else self.event_chain if kind is EVENT else self.chain)
        processor = None
        try:
            for processor in chain:
                processed = processor(None, kind, processed)
        except BaseException as error:  # tracing never breaks the application (contract §4)
            if host_logging.is_drop(error):  # which is no Exception
                return
            if isinstance(error, Exception) and is_foreign(error):
                self.lost.add(complaint(error))
                return
            # Ctrl-C, or what a signal handler raises: first the line, from where it was interrupted.
            if processor is not None:
                chain = itertools.chain([processor], chain)
            for processor in chain:
                processed = processor(None, kind, processed)
            raise

    def fail(self, error: Exception) -> None:
        """Count a line that could not be made; what a signal handler raised in the meantime goes on."""
        self.lost.add(complaint(error))
        if not is_foreign(error):
            raise error


class Unstarted(Enum):
    """Neither enabled nor disabled: the first use decides."""

    YET = 0


class _Active:
    """What is in force in this process; swapped as a whole, read without a lock."""

    __slots__ = ("arguments", "flag", "folder", "pipeline", "source", "watch")

    def __init__(self) -> None:
        self.source: Source | None = None
        self.arguments: dict[str, Any] = {}
        self.folder = ""
        self.pipeline: Pipeline | Unstarted | None = Unstarted.YET
        self.flag: bool | None = None
        self.watch: FileWatch | None = None


MINT: Final = Mint()
ACTIVE: Final = _Active()
_lock = threading.RLock()


def running() -> Pipeline | None:
    """The pipeline in force, started if this is the first use; None while disabled. Never raises.

    Where each span and event comes by, the first look is taken without a call: `type(...) is Pipeline`.
    """
    pipeline = ACTIVE.pipeline
    if pipeline is None or type(pipeline) is Pipeline:
        return pipeline
    try:
        return _start()
    except Exception as error:  # tracing never breaks the application (contract §4)
        if not is_foreign(error):  # the host's own, from a signal handler
            raise
        ACTIVE.pipeline = None
        say(f"cannot start: {complaint(error)}")
        return None


def configure(path_or_settings: Source | None = None, /, **overrides: Any) -> Settings:
    """Switch tracing on or off, and set how; may be called again at any time.

    Args:
        path_or_settings: a settings file instead of the usual one, `Settings`, or a mapping of them.
        overrides: single settings, such as `enabled=True, output="run.jsonl"`; they win over all else.

    Returns:
        The settings now in force.

    Raises:
        SettingsError: a wrong key or value; what was in force stays.
    """
    with _lock:
        effective = load(path_or_settings, overrides, flag=ACTIVE.flag)
        ACTIVE.source, ACTIVE.arguments = path_or_settings, overrides
        ACTIVE.folder = _working_directory()
        _enforce(effective)
        return effective.settings


def set_enabled(enabled: bool) -> None:
    """Switch on or off; all else stays as it is. Never raises: what is wrong elsewhere is said."""
    with _lock:
        ACTIVE.arguments = {**ACTIVE.arguments, "enabled": enabled}
        _enforce_what_is_right()


def stop() -> None:
    """Close the sinks, say what was lost, give the host's logging back."""
    with _lock:
        _stop_watching()
        _replace(None)


def set_flag(flag: bool) -> None:
    """Take what `--trace` or `--no-trace` said; at once if tracing has started, else when it does."""
    with _lock:
        ACTIVE.flag = flag
        reload_if_started()


def reload_if_started() -> None:
    """Read all sources again, as one of them has changed; before the first use that is done anyway."""
    with _lock:
        if not isinstance(ACTIVE.pipeline, Unstarted):
            reload()


def reload() -> None:
    """Read all sources again; if one is wrong, say so and leave everything as it is."""
    with _lock:
        try:
            _enforce(_load_again())
        except SettingsError as error:
            for problem in str(error).splitlines():
                say(f"{problem}; the settings stay as they were")


def _start() -> Pipeline | None:
    """Begin from environment and settings file, as nobody called `configure`."""
    with _lock:
        if isinstance(ACTIVE.pipeline, Unstarted):
            _enforce_what_is_right()
        return running()


def _enforce_what_is_right() -> None:
    """Read all sources again; what is wrong in one is said, and left aside."""
    if isinstance(ACTIVE.pipeline, Unstarted):
        ACTIVE.folder = _working_directory()
    effective = _load_again(lenient=True)
    for problem in effective.problems:
        of_file = effective.file is not None and problem.startswith(f"{effective.file}: ")
        whole = of_file and str(effective.file) not in effective.origins.values()
        say(f"{problem}; {'the whole file is ' if whole else ''}left aside")
    _enforce(effective)


def _load_again(*, lenient: bool = False) -> Effective:
    # The file that was found at first, though the host may have changed its directory since.
    file = ACTIVE.watch.path if ACTIVE.watch else None
    return load(ACTIVE.source, ACTIVE.arguments, flag=ACTIVE.flag, file=file, lenient=lenient)


def _enforce(effective: Effective) -> None:
    MINT.resize(effective.settings.id_random)
    file = effective.file and Path(ACTIVE.folder, effective.file)
    if ACTIVE.watch is None or ACTIVE.watch.path != file:
        _stop_watching()
        ACTIVE.watch = FileWatch(file, reload) if file else None
    _replace(effective.settings if effective.settings.enabled else None)


def _replace(settings: Settings | None) -> None:
    """Swap the pipeline. Sinks that serve the new one as well are handed on, open as they are."""
    old = ACTIVE.pipeline if isinstance(ACTIVE.pipeline, Pipeline) else None
    old_sinks = old.sinks if old else []
    sinks = open_sinks(settings, ACTIVE.folder, MINT, old_sinks) if settings else []
    ACTIVE.pipeline = Pipeline(settings, sinks) if settings else None
    _reach_out(settings)
    for sink in old_sinks:
        if not any(sink is kept for kept in sinks):
            sink.close()
    if old:
        old.lost.tell()


def _reach_out(settings: Settings | None) -> None:
    """Do in the rest of the process what the settings ask for, or undo it."""
    if settings:
        host_logging.lead(trace_line)
    else:
        host_logging.release()
    if settings and settings.propagate_threads:
        threads.propagate()
    else:
        threads.release()
    if settings and settings.capture_logging:
        capture.capture(trace_line)
    else:
        capture.release()


def _stop_watching() -> None:
    if ACTIVE.watch is not None:
        ACTIVE.watch.stop()
        ACTIVE.watch = None


def trace_line(_logger: Any, method_name: str, event_dict: MutableMapping[str, Any]) -> Any:
    """A structlog processor: record the line under the open span, and pass it on as it was.

    For an application that configures structlog itself, as the first of its processors.
    """
    pipeline = running()
    if pipeline is not None and not capture.is_captured(event_dict):
        if isinstance(event_dict, dict):
            pipeline.record(method_name, dict(event_dict))
        else:
            pipeline.lost.add("trace_line stands behind a renderer, and must come before it")
    return event_dict


def _parent_from(environ: Mapping[str, str]) -> str | None:
    """The ID in the environment; what is none is left aside, as it is not this process's fault."""
    try:
        return str(parse_id(environ.get(PARENT_VARIABLE, "")))
    except InvalidIdError:
        return None


def _working_directory() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a text, as the sinks take it
    except OSError:  # it was deleted
        return ""


def is_running() -> bool:
    """Whether anything is recorded now; nothing is started."""
    return isinstance(ACTIVE.pipeline, Pipeline)


def current_sinks() -> list[Sink]:
    """The sinks in force."""
    return ACTIVE.pipeline.sinks if isinstance(ACTIVE.pipeline, Pipeline) else []


def settle() -> None:
    """Deliver what is held, and say what was lost; what is traced after this is still written."""
    for sink in current_sinks():
        sink.close()
    if isinstance(ACTIVE.pipeline, Pipeline):
        ACTIVE.pipeline.lost.tell()


def before_fork() -> bool:
    """Wait until nobody starts or configures: what is half imported then stays locked in the child.

    Returns:
        Whether `after_fork` has to let go again; a second at most is waited.
    """
    return _lock.acquire(timeout=1)


def after_fork(*, child: bool, held: bool) -> None:
    """Let go again; in the child the lock may be held by a thread that is not there."""
    global _lock
    if child:
        _lock = threading.RLock()
        MINT.after_fork()
    elif held:
        _lock.release()
