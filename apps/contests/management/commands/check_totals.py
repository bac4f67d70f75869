"""`manage.py check_totals`: maintained totals against the marks that they come from."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.contests.models import Contest
from apps.contests.services.totals import check_totals, rebuild_totals
from apps.core.errors import PodiumError
from apps.core.tenancy import organization_scope, platform_scope

SHOWN = 20


class Command(BaseCommand):
    """A line for each contest; ends with 1 where totals differ from the marks, or can't be compared."""

    help = "Compare the totals that boards are read from with what the marks say."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--contest", type=UUID, metavar="ID", help="only this one")
        parser.add_argument("--repair", action="store_true", help="compute them anew first where they differ")

    def handle(self, *args: Any, **options: Any) -> None:
        with platform_scope("an operator checks totals"):
            contests = Contest.objects.order_by("pk")
            if options["contest"]:
                contests = contests.filter(pk=options["contest"])
                if not contests.exists():
                    raise CommandError(f"There is no contest {options['contest']}.")
            found = [self._is_right(contest, repair=options["repair"]) for contest in contests.iterator()]
        if not all(found):
            raise CommandError(f"{found.count(False)} of {len(found)} contests are not as they should be.")

    def _is_right(self, contest: Contest, *, repair: bool) -> bool:
        try:
            with organization_scope(contest.organization_id):
                differences = check_totals(contest=contest)
                if differences and repair:
                    self._tell(contest, f"{len(differences)} differences are repaired", differences)
                    rebuild_totals(contest=contest)
                    differences = check_totals(contest=contest)
        except PodiumError as error:
            self._tell(contest, str(error), [])
            return False
        self._tell(contest, f"{len(differences)} differences" if differences else "right", differences)
        return not differences

    def _tell(self, contest: Contest, what: str, differences: list[str]) -> None:
        self.stdout.write(f"{contest.pk} {contest.name}: {what}")
        for line in differences[:SHOWN]:
            self.stdout.write(f"  {line}")
