"""The memory of a process that has loaded its code and begins to serve."""

from __future__ import annotations

import gc

MANY = 50_000
"""New objects after which the collector looks at them; the interpreter's 700 are fewer than one batch of requests
has under way, which are then looked at for nothing."""


def settle_heap() -> None:
    """Let the garbage collector look no more at what is there now: code and settings, which stay to the end.

    Else it reads half a million of these objects again and again to find the few that a request or a delivery has
    left, at up to a third of the work. Before a fork it also keeps their pages shared with the children.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(MANY)
