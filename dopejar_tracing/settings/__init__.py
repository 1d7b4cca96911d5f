"""Where tracing is switched on: settings.yaml, environment, `--trace`, arguments (contract §5)."""

from dopejar_tracing.settings.load import Effective, load
from dopejar_tracing.settings.schema import KEYS, Settings

__all__ = ["KEYS", "Effective", "Settings", "load"]
