"""A contest's way, one function a transition: `open → scoring → locked → certified → published`, and back.

Signing, which certifies, and voiding are in `certification`.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.contests.errors import MarksMissing
from apps.contests.models import Certification, Contest
from apps.contests.policies import require_transition
from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.missing import blocking_marks
from apps.contests.services.announcing import announce
from apps.contests.services.conflicts import recuse_affiliated
from apps.contests.services.freezing import lift_freeze
from apps.contests.services.holding import hold_for_update
from apps.contests.services.signatures import void_signatures
from apps.core import clock
from apps.core.access import Access
from apps.core.errors import FieldError, Forbidden, Invalid
from apps.core.rest.etags import require_version

NAMED_MARKS = 100


def begin_transition(
    *, contest_id: UUID, name: str, access: Access, version: int | None = None, reason: str = ""
) -> Contest:
    """The contest, locked for the transition `name`, once everything about the caller and the state is right.

    Raises:
        NotFound: there is no such contest.
        Forbidden: the caller's role does not allow it.
        StaleVersion: the caller has read another `version`.
        TransitionNotAllowed: the contest can't go there from where it stands.
        Invalid: a reason is missing.
    """
    contest = hold_for_update(contest_id=contest_id)
    transition = require_transition(contest, name)
    if not access.allows(transition.capability, contest):
        raise Forbidden(f"Your role does not allow you to {name} a contest.")
    require_version(contest, version)
    if transition.needs_reason and not reason.strip():
        detail = f"Say why: {name} needs a reason."
        raise Invalid(detail, errors=[FieldError("#/reason", "REQUIRED", detail)])
    return contest


def end_transition(contest: Contest, *, name: str, event: str, **data: object) -> Contest:
    """Save the new state and say so."""
    contest.status = require_transition(contest, name).target
    contest.save(update_fields=["status"])
    announce(contest, event, **data)
    return contest


@transaction.atomic
def open_contest(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Take entries: `draft → open`."""
    contest = begin_transition(contest_id=contest_id, name="open", access=access, version=version)
    return end_transition(contest, name="open", event="contest.opened")


@transaction.atomic
def start_scoring(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Take marks: `open → scoring`.

    Raises:
        InvalidRule: the rules don't fit the categories and criteria.
    """
    contest = begin_transition(contest_id=contest_id, name="start-scoring", access=access, version=version)
    load_policy(contest)
    recuse_affiliated(contest_id=contest.pk)
    return end_transition(contest, name="start-scoring", event="contest.scoring_started")


@transaction.atomic
def lock_contest(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Close scoring: from now on marks, deductions and structure are read-only.

    Raises:
        MarksMissing: a category whose rule blocks on missing marks lacks some.
        InvalidRule: the rules don't fit the categories and criteria.
    """
    contest = begin_transition(contest_id=contest_id, name="lock", access=access, version=version)
    load_policy(contest)
    recuse_affiliated(contest_id=contest.pk)
    missing, count = blocking_marks(contest, limit=NAMED_MARKS)
    if missing:
        raise MarksMissing(
            f"{count} marks are missing. Record them, or record that the judge was absent or abstained.",
            errors=[
                FieldError(
                    f"#/categories/{mark.category}/entries/{mark.entry_id}",
                    "MISSING_MARK",
                    f"{mark.seat} has not marked {mark.criterion} of number {mark.number}.",
                )
                for mark in missing
            ],
            extra={"missing": count, "current_status": str(contest.status)},
        )
    return end_transition(contest, name="lock", event="contest.locked")


@transaction.atomic
def reopen_contest(*, contest_id: UUID, access: Access, reason: str, version: int | None = None) -> Contest:
    """Go on scoring: `locked → scoring`, for a reason that is kept. Signatures given so far are voided."""
    contest = begin_transition(contest_id=contest_id, name="reopen", access=access, version=version, reason=reason)
    void_signatures(contest=contest, access=access, reason=reason)
    return end_transition(contest, name="reopen", event="contest.reopened", reason=reason)


@transaction.atomic
def publish_contest(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Show the certified result to those whom the contest's visibility names; a freeze of the board ends."""
    contest = begin_transition(contest_id=contest_id, name="publish", access=access, version=version)
    Certification.objects.filter(contest_id=contest.pk, voided_at=None).update(published_at=clock.now())
    lift_freeze(contest, access=access)
    return end_transition(contest, name="publish", event="contest.published")
