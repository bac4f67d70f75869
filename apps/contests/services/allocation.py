"""Seating judges on panels that were chosen for them."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.contests.models import Assignment, Contest, Recusal
from apps.contests.selectors.allocation import PanelOrder, PanelPlan, plan_panels
from apps.contests.services.announcing import announce_changed_boards, announce_seated
from apps.contests.services.holding import hold_for_update, require_changeable
from apps.core.errors import NotFound
from apps.core.rest.etags import require_version


def rehearse_allocation(*, contest_id: UUID, order: PanelOrder) -> PanelPlan:
    """The plan, and nothing else.

    Raises:
        as `allocate_judges`.
    """
    contest: Contest | None = Contest.objects.filter(pk=contest_id).first()
    if contest is None:
        raise NotFound
    require_changeable(contest)
    return plan_panels(contest, order)


@transaction.atomic
def allocate_judges(*, contest_id: UUID, order: PanelOrder, version: int | None = None) -> PanelPlan:
    """Fill the contest's panels: the seats of the plan, and the recusals that it names.

    Raises:
        NotFound: there is no such contest.
        StaleVersion: the caller has read another `version` of it.
        ContestLocked, ContestCertified: its structure is read-only.
        Invalid, NotEnoughJudges: as `plan_panels`.
    """
    contest = hold_for_update(contest_id=contest_id)
    require_version(contest, version)
    require_changeable(contest)
    plan = plan_panels(contest, order)
    here = contest.organization_id
    made = [
        Assignment(organization_id=here, category=one.category, judge=one.judge, seat=one.seat) for one in plan.seats
    ]
    Assignment.objects.bulk_create(made)
    announce_seated(contest, made)
    Recusal.objects.bulk_create(
        Recusal(organization_id=here, assignment=seat, contestant=one.contestant, reason=one.reason)
        for seat, planned in zip(made, plan.seats, strict=True)
        for one in planned.recusals
    )
    if made:
        announce_changed_boards([contest])
    return plan
