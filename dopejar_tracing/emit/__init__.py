"""From application code to an event dict, and through the chain."""

from dopejar_tracing.emit import process as process  # whoever emits is ready for an exit and a fork
