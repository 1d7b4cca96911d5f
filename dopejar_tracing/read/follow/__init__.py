"""Files that grow, are rotated, truncated, deleted and made again: every line that comes, once.

Follower   the names that somebody gave; a poll asks each trail, and merges by time
Trail      one path, and the files that stood there one after the other
OpenFile, PackedFile, RotatedSource   one such file: what comes next in it
Splitter   bytes → lines
"""

from dopejar_tracing.read.follow.follower import Follower
from dopejar_tracing.read.follow.merge import Arrival
from dopejar_tracing.read.follow.source import Mark

__all__ = ["Arrival", "Follower", "Mark"]
