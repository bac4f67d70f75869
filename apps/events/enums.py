"""Where an event stands."""

from django.db import models


class EventStatus(models.TextChoices):
    """`draft → published → live → completed → archived`; cancelled from any before completed."""

    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    LIVE = "live", "Live"
    COMPLETED = "completed", "Completed"
    ARCHIVED = "archived", "Archived"
    CANCELLED = "cancelled", "Cancelled"
