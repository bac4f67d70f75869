"""`manage.py event_documents DOCS [--check]`: the page of events and the AsyncAPI document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.messaging.documents import asyncapi, page

DOCUMENTS = {"events.md": page.markdown, "api/asyncapi.yaml": asyncapi.as_yaml}


class Command(BaseCommand):
    help = "Write events.md and api/asyncapi.yaml into DOCS, or check that they are what the catalogue says."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("docs", type=Path, help="such as docs")
        parser.add_argument("--check", action="store_true", help="write nothing; fail when something is out of date")

    def handle(self, *args: Any, docs: Path, check: bool = False, **options: Any) -> None:
        for name, make in DOCUMENTS.items():
            file = docs / name
            if not check:
                file.write_text(make(), encoding="utf-8")
            elif file.read_text(encoding="utf-8") != make():
                raise CommandError(f"Out of date: {file}. Run manage.py event_documents {docs}")
