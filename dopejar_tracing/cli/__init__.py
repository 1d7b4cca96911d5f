"""The commands. One module each; the only place that prints and exits."""

from dopejar_tracing.cli.main import main

__all__ = ["main"]
