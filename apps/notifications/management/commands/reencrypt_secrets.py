"""`manage.py reencrypt_secrets`: encrypt every secret with the newest key, so that older ones can go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.core.idempotency.services import reencrypt_keys
from apps.notifications.services.webhooks.endpoints import reencrypt_secrets


class Command(BaseCommand):
    help = "Encrypt every secret of the database with the newest of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reencrypt_secrets()} endpoints and {reencrypt_keys()} answers were encrypted anew.")
