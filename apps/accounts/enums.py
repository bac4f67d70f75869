"""The roles that a person can have in an organization, and how sessions end."""

from django.db import models


class Role(models.TextChoices):
    """What a member does. What each may do is the table in `apps.accounts.policies`."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    ORGANIZER = "organizer", "Organizer"
    TALLY_MASTER = "tally_master", "Tally master"
    AUDITOR = "auditor", "Auditor"
    JUDGE = "judge", "Judge"
    DATA_SCIENTIST = "data_scientist", "Data scientist"
    VIEWER = "viewer", "Viewer"


class SessionEnd(models.TextChoices):
    """Why a family of tokens is no longer good."""

    SIGN_OUT = "sign_out", "Signed out"
    REUSE = "reuse", "A spent token was used again"
    PASSWORD = "password", "Password changed"
    ENDED = "ended", "Ended from another session"
    REMOVED = "removed", "The account was deleted or switched off"
