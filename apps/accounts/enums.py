"""The roles that a person can have in an organization."""

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
