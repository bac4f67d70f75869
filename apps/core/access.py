"""What a caller may do, as the lower apps see it.

Who has which role is known by `apps.accounts`, which puts an `Access` on each request. The apps below and beside it
ask `access.allows(Capability.X, obj)` and never look at roles.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Capability(StrEnum):
    """Things that a role may be allowed to do within its organization (`OPERATE`: on the platform)."""

    VIEW = "view"
    ORGANIZE = "organize"
    MARK = "mark"
    READ_MARKS = "read_marks"
    TALLY = "tally"
    SIGN = "sign"
    PUBLISH = "publish"
    VOID = "void"
    MANAGE_DATA = "manage_data"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_WEBHOOKS = "manage_webhooks"
    OWN = "own"
    RECYCLE = "recycle"
    PURGE = "purge"
    AUDIT = "audit"
    OPERATE = "operate"


class Access(Protocol):
    """The caller of a request or task, in the one organization it acts in."""

    @property
    def user_id(self) -> UUID | None:
        """The person, None when nobody has signed in."""
        ...

    @property
    def organization_id(self) -> UUID | None:
        """The tenant; None for platform staff acting on everything, and for nobody."""
        ...

    def allows(self, capability: Capability, obj: object | None = None) -> bool:
        """Whether the caller may do `capability`, to `obj` where one is given."""
        ...
