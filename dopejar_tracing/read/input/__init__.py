"""Files, streams and their lines: what comes in."""
