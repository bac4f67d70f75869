"""What can go wrong with a message."""

from __future__ import annotations

from apps.core.errors import Conflict


class NotADeadLetter(Conflict):
    """The message is not parked: it waits its turn, or was published."""

    code = "NOT_A_DEAD_LETTER"
    title = "There is nothing to replay"
