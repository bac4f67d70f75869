"""Podium's admin site as a Django app, and the label that it shows in its corner."""

from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest


class PodiumAdminConfig(AdminConfig):
    default_site = "config.admin_site.PodiumAdminSite"


def environment_label(_request: HttpRequest) -> list[str] | None:
    """What the admin says in its corner, so that nobody takes a test machine for the real one."""
    return ["Local", "info"] if settings.DEBUG else None
