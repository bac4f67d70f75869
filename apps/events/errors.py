"""What can go wrong with events."""

from __future__ import annotations

from apps.core.errors import Conflict


class EventTransitionRefused(Conflict):
    """It does not go from where it stands to where it was told to go; `allowed` names where it may."""

    code = "TRANSITION_NOT_ALLOWED"
    title = "Not from this status"


class EventWithoutTime(Conflict):
    """Nobody has said yet when it begins, so that it has no place in a calendar."""

    code = "EVENT_WITHOUT_TIME"
    title = "This event has no time yet"
