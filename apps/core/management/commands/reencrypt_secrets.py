"""`manage.py reencrypt_secrets`: encrypt every secret with the newest key, so that older ones can go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.reencryption import renew_secrets


class Command(BaseCommand):
    help = "Encrypt every secret of the database with the newest of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        lost = []
        for found in renew_secrets():
            name = found.model._meta.verbose_name_plural
            self.stdout.write(f"{name}: {found.renewed} encrypted anew")
            lost += [f"{found.model._meta.label} {key}" for key in found.unreadable]
        if lost:
            raise CommandError("No key of ENCRYPTION_KEYS opens these, which stay as they are: " + ", ".join(lost))
