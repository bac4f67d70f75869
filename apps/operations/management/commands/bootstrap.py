"""`manage.py bootstrap`: the first start, and nothing at any later one."""

from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from apps.core.correlation.context import correlated, new_correlation
from apps.operations.services.bootstrap import sign_in_lines, start_first_time


class Command(BaseCommand):
    """Who is created comes from PODIUM_ADMIN_EMAIL and PODIUM_ADMIN_PASSWORD."""

    help = "Create the owner, an organization and, outside production, a demo event; only if there is nobody yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo",
            action=BooleanOptionalAction,
            default=settings.DEBUG,
            help="make a demo event (the default outside production)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = settings.PODIUM_ADMIN_EMAIL
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"PODIUM_ADMIN_EMAIL is not an email address: {email!r}.") from error
        with correlated(new_correlation()):
            first = start_first_time(email=email, password=settings.PODIUM_ADMIN_PASSWORD, demo=options["demo"])
        if first is not None:
            self.stdout.write("\n".join(sign_in_lines(first)))
