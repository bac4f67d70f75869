"""`manage.py import_isu DIRECTORY`: ISU competitions from tidy CSV files."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError

from apps.accounts.models import Organization
from apps.contests.services.imports.isu import read_competitions
from apps.contests.services.imports.isu_rows import COLUMNS
from apps.contests.services.imports.loading import load_competitions
from apps.contests.services.imports.sheets import CompetitionSheet
from apps.contests.services.imports.verifying import verify_competitions
from apps.core.correlation.context import correlated, new_correlation
from apps.core.errors import Invalid, PodiumError
from apps.core.tenancy import organization_scope

SHOWN = 20


class Command(BaseCommand):
    """Progress and errors go to stderr, figures to stdout."""

    help = "Load ISU competitions from performances.csv, judged-aspects.csv and judge-scores.csv, all or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path, help="the folder that holds the three files")
        parser.add_argument("--organization", metavar="SLUG", help="whose they are; the only one by default")
        parser.add_argument(
            "--verify", action="store_true", help="compare the results with the official figures, as one line of JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with correlated(new_correlation()):
            self._import(options)

    def _import(self, options: dict[str, Any]) -> None:
        organization = find_organization(options["organization"])
        self._progress = -1
        try:
            competitions = read_folder(options["directory"])
            with organization_scope(organization.pk):
                result = load_competitions(
                    organization_id=organization.pk, competitions=competitions, report=self.report
                )
                self.stderr.write("")
                if options["verify"]:
                    self._verify(organization.pk, competitions)
                else:
                    self.stdout.write(json.dumps(result.as_data()))
        except PodiumError as error:
            raise CommandError(described(error)) from error

    def report(self, progress: int, *, total: int, message: str) -> None:
        """One line that grows on a terminal, one line a step elsewhere."""
        percent = progress * 100 // total if total else 100
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{percent:3} %  {message}", ending="")
        elif percent // 10 > self._progress // 10 or self._progress < 0:
            self.stderr.write(f"{percent:3} %  {message}")
            self._progress = percent

    def _verify(self, organization_id: UUID, competitions: tuple[CompetitionSheet, ...]) -> None:
        found = verify_competitions(organization_id=organization_id, competitions=competitions)
        self.stdout.write(json.dumps(found.as_data()))
        if not found.is_exact:
            listed = "\n".join(found.differences[:SHOWN])
            raise CommandError(f"{len(found.differences)} performances differ from the official figures:\n{listed}")


def find_organization(slug: str | None) -> Organization:
    """The organization named, or the only one."""
    found = Organization.objects.filter(slug=slug) if slug else Organization.objects.all()[:50]
    try:
        organizations: list[Organization] = list(found)
    except ProgrammingError as error:
        raise CommandError("The database has no tables yet. Make them with: python manage.py migrate") from error
    if len(organizations) == 1:
        return organizations[0]
    if slug:
        raise CommandError(f"There is no organization {slug!r}.")
    if not organizations:
        raise CommandError("There is no organization yet. Make one with: python manage.py bootstrap")
    slugs = ", ".join(sorted(one.slug for one in organizations))
    raise CommandError(f"Say whose competitions they are, with --organization and one of: {slugs}")


def read_folder(folder: Path) -> tuple[CompetitionSheet, ...]:
    """The competitions in a folder's three files.

    Raises:
        InvalidFiles: naming what is wrong by file and line.
    """
    with ExitStack() as stack:
        streams = {}
        for name in COLUMNS:
            try:
                streams[name] = stack.enter_context((folder / name).open("rb"))
            except OSError as error:
                raise CommandError(f"{folder / name} can't be read: {error.strerror}.") from error
        return read_competitions(streams)


def described(error: PodiumError) -> str:
    """An error for a terminal: its sentence, and a line for each row that is wrong."""
    if not isinstance(error, Invalid):
        return error.detail
    lines = [f"  {one.pointer.removeprefix('#/files/').replace('/rows/', ':')}: {one.detail}" for one in error.errors]
    return "\n".join([error.detail, *lines])
