"""What deletes, restores and purges mean to contests.

A certified one stays, what is in a locked one stays as it is, and what was deleted inside a certified one is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Judge,
    Recusal,
    Score,
)
from apps.contests.models.locks import CLOSED
from apps.contests.policies import is_certified, is_changeable
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.holding import hold_for_share, hold_for_update
from apps.contests.services.structure import count_policy
from apps.core.softdelete.hooks import Affected, Effect, Objection

# From the root of a deletion to the contest that it is in. What hangs below the root is in the same one.
INSIDE: Mapping[type[models.Model], str] = {
    Category: "contest",
    Criterion: "category__contest",
    Contestant: "contest",
    Entry: "category__contest",
    Assignment: "category__contest",
    Recusal: "assignment__category__contest",
    Score: "entry__category__contest",
    Deduction: "entry__category__contest",
}
POLICY = frozenset({Category._meta.label_lower, Criterion._meta.label_lower})
BY_LABEL = {model._meta.label_lower: (model, path) for model, path in INSIDE.items()}


def objections_to_deleting(affected: Affected) -> Sequence[Objection]:
    """A certified contest, and anything in one, stays until its certification is voided; see `_objections`."""
    whole = list(affected.rows(Contest).filter(status__in=("certified", "published")))
    return [*(_certified(contest) for contest in whole), *_objections(affected)]


def objections_to_restoring(affected: Affected) -> Sequence[Objection]:
    """Nothing comes back into a locked contest."""
    return _objections(affected)


def effects_of_restoring(affected: Affected) -> Sequence[Effect]:
    """Standings are computed anew with what comes back."""
    contests = Contest.objects.filter(pk__in=_contests_around(affected)).order_by("name", "pk")
    return [
        Effect("STANDINGS", f"The standings of {contest.name} are computed anew with what comes back.")
        for contest in contests
        if is_changeable(contest)
    ]


def objections_to_purging(affected: Affected) -> Sequence[Objection]:
    """What belongs to a certified contest is kept as long as the certification stands, deleted or not.

    A deleted judge is kept as long as any closed result names them, also one that is deleted and could come back, and
    as long as a seat of theirs is live: it stayed when they were deleted, and a reopened contest has it still.
    """
    ids: set[UUID] = set()
    for model, path in INSIDE.items():
        ids |= set(affected.rows(model).values_list(f"{path}_id", flat=True).distinct())
    seats = Assignment._base_manager.filter(judge__in=affected.rows(Judge))
    ids |= set(seats.values_list("category__contest_id", flat=True).distinct())
    contests = Contest.objects.filter(pk__in=ids).order_by("name", "pk")
    certified = [contest for contest in contests if is_certified(contest)]
    judged = [] if certified or affected.root_model != Judge._meta.label_lower else _judged_by(affected.root_ids)
    return [*map(_certified, certified), *map(_judged, judged)]


def tell_of_deleted(affected: Affected) -> None:
    """The boards of contests that lost something have changed."""
    _tell(affected, _held(affected))


def tell_of_restored(affected: Affected) -> Callable[[], None]:
    """The boards of contests that got something back will have changed."""
    contests = _held(affected)
    return lambda: _tell(affected, contests)


def _tell(affected: Affected, contests: list[Contest]) -> None:
    """Say so; what a result is computed by has another version without a category or criterion, and with it again."""
    if affected.root_model in POLICY:
        for contest in contests:
            count_policy(contest)
    announce_changed_boards(contests)


def _objections(affected: Affected) -> list[Objection]:
    contests = Contest.objects.filter(pk__in=_contests_around(affected))
    if affected.deletions:
        contests = contests.filter(pk__in=[contest.pk for contest in _held(affected)])
    return [
        _certified(contest) if is_certified(contest) else _locked(contest)
        for contest in contests
        if not is_changeable(contest)
    ]


def _held(affected: Affected) -> list[Contest]:
    """The contests around, kept from transitions; and from everybody else where their policy is to be counted."""
    ids = _contests_around(affected)
    if affected.root_model in POLICY:
        live = Contest.objects.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)
        return [hold_for_update(contest_id=contest_id) for contest_id in live]
    return hold_for_share(contest_ids=ids) if ids else []


def _contests_around(affected: Affected) -> set[UUID]:
    """The contests that the root is in, or for a judge sits in; none where whole contests go."""
    if affected.root_model == Judge._meta.label_lower:
        return set(affected.rows(Assignment).values_list("category__contest_id", flat=True))
    if affected.root_model not in BY_LABEL:
        return set()
    model, path = BY_LABEL[affected.root_model]
    rows = model._base_manager.filter(pk__in=affected.root_ids)
    return set(rows.values_list(f"{path}_id", flat=True))


def _judged_by(judges: Sequence[UUID]) -> list[Contest]:
    needed = Q(category__contest__status__in=CLOSED) | Q(deleted_at__isnull=True)
    seats = Assignment._base_manager.filter(needed, judge__in=judges)
    contests = Contest._base_manager.filter(pk__in=seats.values("category__contest"))
    return list(contests.order_by("name", "pk"))


def _judged(contest: Contest) -> Objection:
    detail = f"The contest {contest.name} is {contest.status}, and its result names the judge."
    return Objection("RESULT_KEPT", detail, Contest._meta.label_lower, (contest.pk,))


def _certified(contest: Contest) -> Objection:
    detail = f"The contest {contest.name} is {contest.status}; an owner must void its certification first."
    return Objection("CONTEST_CERTIFIED", detail, Contest._meta.label_lower, (contest.pk,))


def _locked(contest: Contest) -> Objection:
    detail = f"The contest {contest.name} is {contest.status}; reopen it first."
    return Objection("CONTEST_LOCKED", detail, Contest._meta.label_lower, (contest.pk,))
