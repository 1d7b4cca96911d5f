"""Leads the application's own structlog loggers into the chain, and lets go of them again.

structlog is imported only when the application does: it loads rich, which a process that traces to a
file has no use for.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

Processor = Callable[[Any, str, Any], Any]


def lead(processor: Processor) -> None:
    """Put the processor before structlog's default ones; at once, or when structlog is imported.

    Nothing happens once the application has configured structlog: then that is its own affair.
    """
    release(processor)
    if "structlog" not in sys.modules:
        sys.meta_path.insert(0, _OnImport(processor))
        return
    import structlog

    if not structlog.is_configured():
        # The list itself, not structlog.configure(): loggers that were bound before hold this very
        # list, and a later configure() or configure_once() of the application finds nothing done.
        structlog.get_config()["processors"].insert(0, processor)


def release(processor: Processor) -> None:
    """Undo `lead`."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _OnImport)]
    if "structlog" in sys.modules:
        import structlog

        processors = structlog.get_config()["processors"]
        if not structlog.is_configured() and processor in processors:
            processors.remove(processor)


def is_drop(error: Exception) -> bool:
    """Whether a processor raised structlog.DropEvent, which is its way to say no."""
    structlog = sys.modules.get("structlog")
    return structlog is not None and isinstance(error, structlog.DropEvent)


class _OnImport(MetaPathFinder):
    """Waits for the import of structlog, and then leads."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "structlog":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def execute_and_lead(module: ModuleType) -> None:
            execute(module)
            lead(self._processor)

        spec.loader.exec_module = execute_and_lead  # type: ignore[method-assign]
        return spec
