"""`manage.py error_codes [FILE]`: the page of all error codes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.core.rest.catalogue import markdown


class Command(BaseCommand):
    help = "Print docs/api/errors.md, or write it to FILE."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="such as docs/api/errors.md")

    def handle(self, *args: Any, file: Path | None = None, **options: Any) -> None:
        if file is None:
            self.stdout.write(markdown(), ending="")
        else:
            file.write_text(markdown(), encoding="utf-8")
