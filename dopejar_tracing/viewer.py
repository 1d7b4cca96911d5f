"""`python -m dopejar_tracing.viewer`: the seed's spelling of `dopejar-trace view`."""

from __future__ import annotations

import sys

from dopejar_tracing.cli import main
from dopejar_tracing.cli.view import view

if __name__ == "__main__":
    sys.exit(main(command=view, name="python -m dopejar_tracing.viewer"))
