"""Notifications in the admin."""

from apps.notifications.admin import deliveries, endpoints, mails

__all__ = ["deliveries", "endpoints", "mails"]
