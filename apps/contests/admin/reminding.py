"""Asking judges who are behind for their marks, by a button."""

from __future__ import annotations

from operator import attrgetter

from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from apps.contests.admin.steps import Step, SteppedAdmin
from apps.contests.enums import ContestStatus
from apps.contests.models import Contest
from apps.contests.policies import may_remind
from apps.contests.services.reminding import remind_judges
from apps.core.softdelete.admin import access_of

REMINDING = ("remind_judges",)


class RemindingAdmin(SteppedAdmin):
    """The step, for the admin of contests."""

    def names_of_reminding(self, request: HttpRequest, row: Contest) -> set[str]:
        """Marks are due while the contest is being scored."""
        may = row.status == ContestStatus.SCORING and may_remind(access_of(request), row)
        return set(REMINDING) if may else set()

    @action(description="Remind judges", icon="notifications")  # type: ignore[untyped-decorator]
    def remind_judges(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write to the judges who have marks to give."""
        step = Step(
            title="Remind the judges who are behind?",
            text="Each gets a mail that says how many marks are missing, at most one in an hour.",
            button="Remind",
            done=attrgetter("summary"),
            run=lambda contest_id, **values: remind_judges(
                contest_id=contest_id, access=access_of(request), **values
            ),
        )
        return self.take(request, object_id, "remind_judges", step)
