"""What can stand against sending a failed task again."""

from __future__ import annotations

from apps.core.errors import Conflict


class AlreadyReplayed(Conflict):
    """It was sent again before; should it fail again, that is a failure of its own."""

    code = "ALREADY_REPLAYED"
    title = "This was sent again already"


class ArgumentsNotKept(Conflict):
    """Its arguments were more than ids, so that they were not written down."""

    code = "ARGUMENTS_NOT_KEPT"
    title = "This can't be sent again"
