"""Freezing the public board of a contest, by buttons."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from unfold.decorators import action

from apps.contests.admin.steps import Step, SteppedAdmin
from apps.contests.models import Contest
from apps.contests.policies import may_freeze
from apps.contests.services.freezing import freeze_board, unfreeze_board
from apps.core.access import Capability
from apps.core.softdelete.admin import access_of

FREEZING = ("freeze", "unfreeze")


class FreezingAdmin(SteppedAdmin):
    """The two steps, for the admin of contests."""

    def may_freeze_boards(self, request: HttpRequest, row: Contest) -> bool:
        """Whether the caller is one of those who freeze boards."""
        return access_of(request).allows(Capability.ORGANIZE, row)

    def names_of_freezing(self, request: HttpRequest, row: Contest) -> set[str]:
        """The step that there is from where the board stands."""
        if not self.may_freeze_boards(request, row):
            return set()
        return {"unfreeze"} if row.frozen_at else {"freeze"} if may_freeze(row) else set()

    @action(description="Freeze", icon="ac_unit")  # type: ignore[untyped-decorator]
    def freeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keep the public board as it is now."""
        step = Step(
            title="Freeze the public board?",
            text="It stays as it is now, whatever is marked or changed. Members go on seeing the live one.",
            button="Freeze",
            done="has a frozen public board.",
            run=lambda contest_id, **values: freeze_board(contest_id=contest_id, access=access_of(request), **values),
        )
        return self.take(request, object_id, "freeze", step)

    @action(description="Unfreeze", icon="wb_sunny")  # type: ignore[untyped-decorator]
    def unfreeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let the public board follow again."""
        step = Step(
            title="Unfreeze the public board?",
            text="It shows what has happened since, where the contest shows a board before its result.",
            button="Unfreeze",
            done="has a public board that follows again.",
            run=lambda contest_id, **values: unfreeze_board(
                contest_id=contest_id, access=access_of(request), **values
            ),
        )
        return self.take(request, object_id, "unfreeze", step)
