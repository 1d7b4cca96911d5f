"""`python -m dopejar_tracing` is `dopejar-trace`."""

import sys

from dopejar_tracing.cli import main

if __name__ == "__main__":
    sys.exit(main())
