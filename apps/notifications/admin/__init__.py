"""Notifications in the admin."""

from apps.notifications.admin import deliveries, endpoints

__all__ = ["deliveries", "endpoints"]
