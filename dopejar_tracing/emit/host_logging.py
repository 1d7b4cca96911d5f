"""Leads the application's own structlog loggers into the chain, and lets go of them again.

structlog is imported only when the application does: it loads rich, which a process that traces to a
file has no use for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Processor = Callable[[Any, str, Any], Any]


def lead(record: Processor) -> None:
    """Let `record` see every line of the application's loggers; at once, or when structlog is imported.

    Nothing happens once the application has configured structlog: then that is its own affair.
    """
    if "structlog" not in sys.modules:
        if not any(isinstance(finder, _OnImport) for finder in sys.meta_path):
            sys.meta_path.insert(0, _OnImport(record))
        return
    processors = _default_processors()
    if processors and not isinstance(processors[0], _Leading):
        # The list itself, not structlog.configure(): loggers that were bound before hold this very list, and
        # a later configure() or configure_once() of the application finds nothing done. One assignment, no
        # insertion: another thread may be going through the list.
        processors[0] = _Leading(processors[0], record)


def release() -> None:
    """Undo `lead`."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _OnImport)]
    processors = _default_processors()
    if processors and isinstance(processors[0], _Leading):
        processors[0] = processors[0].first


def _default_processors() -> list[Processor]:
    """The processors of an application that configured none; empty if it did, or does not use structlog."""
    structlog = sys.modules.get("structlog")
    is_configured = getattr(structlog, "is_configured", None)  # missing while another thread imports it
    if structlog is None or is_configured is None or is_configured():
        return []
    processors: list[Processor] = structlog.get_config()["processors"]
    return processors


class _Leading:
    """The first of the application's processors, which merges in bound context variables; then `record`."""

    def __init__(self, first: Processor, record: Processor) -> None:
        self.first = first
        self._record = record

    def __call__(self, logger: Any, method_name: str, event_dict: Any) -> Any:
        return self._record(logger, method_name, self.first(logger, method_name, event_dict))


def is_drop(error: BaseException) -> bool:
    """Whether a processor raised structlog.DropEvent, which is its way to say no."""
    structlog = sys.modules.get("structlog")
    return structlog is not None and isinstance(error, structlog.DropEvent)


class _OnImport(MetaPathFinder):
    """Waits for the import of structlog, and then leads."""

    def __init__(self, record: Processor) -> None:
        self._record = record
        self._asking = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "structlog" or self._asking:
            return None
        self._asking = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._asking = False
        if spec is not None and spec.loader is not None:
            spec.loader = _LeadingLoader(spec.loader, self._record)
        return spec


class _LeadingLoader(Loader):
    """structlog's own loader; leads when that has loaded."""

    def __init__(self, loader: Loader, record: Processor) -> None:
        self._loader = loader
        self._record = record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        release()
        lead(self._record)
