"""`python -m dopejar_tracing.stats`: the seed's spelling of `dopejar-trace stats`."""

from __future__ import annotations

import sys

from dopejar_tracing.cli import main
from dopejar_tracing.cli.stats import stats

if __name__ == "__main__":
    sys.exit(main(command=stats, name="python -m dopejar_tracing.stats"))
