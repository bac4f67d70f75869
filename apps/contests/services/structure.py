"""What a contest is made of, changed under the contest's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Mod

from apps.contests.enums import ScoreState
from apps.contests.models import Assignment, Category, Contest, Contestant, Criterion, Entry, Judge, Recusal, Score
from apps.contests.policies import CHANGEABLE
from apps.contests.services.announcing import announce_changed_boards, announce_seated
from apps.contests.services.conflicts import recuse_affiliated
from apps.contests.services.holding import hold_for_update, require_changeable
from apps.core.errors import FieldError, Invalid, NotFound
from apps.core.rest.etags import require_version
from apps.core.slugs import save_with_free_slug

Part = TypeVar("Part", Category, Criterion, Contestant, Entry, Assignment, Recusal)

# What results are computed by: after the first mark, a change of one of these makes a new policy version.
POLICY_FIELDS: Mapping[type[models.Model], frozenset[str]] = {
    Category: frozenset({"rule", "weight"}),
    Criterion: frozenset({"factor", "minimum", "maximum", "step"}),
}
SCALE = ("minimum", "maximum", "step")


def contest_id_of(part: Part) -> UUID:
    """The contest that a part is in, or is to be put in."""
    if isinstance(part, Category | Contestant):
        return part.contest_id
    if isinstance(part, Recusal):
        return part.assignment.category.contest_id
    return part.category.contest_id


@transaction.atomic
def add_part(*, part: Part) -> Part:
    """Put a new part into its contest.

    Args:
        part: not saved yet; its organization is that of what it is put into.

    Raises:
        ContestLocked, ContestCertified: the contest's structure is read-only.
        Invalid: it names parts of different contests.
    """
    contest = hold_for_update(contest_id=contest_id_of(part))
    require_changeable(contest)
    _require_one_contest(part, contest)
    part.organization_id = contest.organization_id
    _insert(part)
    if isinstance(part, Category | Criterion):
        count_policy(contest)
    if isinstance(part, Assignment):
        announce_seated(contest, [part])
    _follow_up(part, contest)
    return part


@transaction.atomic
def change_part(*, part: Part, values: Mapping[str, Any]) -> Part:
    """Give a part new values; where it belongs never changes.

    Raises:
        ContestLocked, ContestCertified: the contest's structure is read-only.
        Invalid: marks that were given would be off the criterion's new scale.
        StaleVersion: somebody changed it since it was read.
    """
    contest = hold_for_update(contest_id=contest_id_of(part))
    require_changeable(contest)
    changed = {name for name, value in values.items() if getattr(part, name) != value}
    for name in changed:
        setattr(part, name, values[name])
    if not changed:
        return part
    if isinstance(part, Criterion) and changed.intersection(SCALE):
        _require_marks_on_scale(part)
    part.save(update_fields=changed)
    if changed & POLICY_FIELDS.get(type(part), frozenset()):
        count_policy(contest)
    _follow_up(part, contest)
    return part


@transaction.atomic
def change_judge(*, judge: Judge, values: Mapping[str, Any]) -> Judge:
    """Give a judge new values. A new affiliation recuses them where results are still open, and only there."""
    moved = "affiliation" in values and values["affiliation"] != judge.affiliation
    for name, value in values.items():
        setattr(judge, name, value)
    judge.save()
    if moved:
        recuse_where_seated([judge])
    return judge


def recuse_where_seated(judges: Sequence[Judge]) -> None:
    """Recuse judges of a new affiliation in the contests that they sit in, as far as results are still open."""
    seated = Contest.objects.filter(
        Q(categories__assignments__judge__in=judges, categories__assignments__deleted_at=None), status__in=CHANGEABLE
    )
    for contest_id in seated.order_by("pk").values_list("pk", flat=True).distinct():
        hold_for_update(contest_id=contest_id)
        recuse_affiliated(contest_id=contest_id)


@transaction.atomic
def set_contestant_status(*, contestant_id: UUID, status: str, version: int | None = None) -> Contestant:
    """Withdraw, disqualify or reinstate a contestant, in every category at once.

    Raises:
        NotFound: there is none.
        StaleVersion: the caller has read another `version`.
        ContestLocked, ContestCertified: the result is read-only.
    """
    found: Contestant | None = Contestant.objects.filter(pk=contestant_id).first()
    if found is None:
        raise NotFound
    require_version(found, version)
    return change_part(part=found, values={"status": status})


@transaction.atomic
def set_entry_state(*, entry_id: UUID, state: str, version: int | None = None) -> Entry:
    """Say what became of a start: not started, withdrawn, disqualified, or entered after all.

    Raises:
        NotFound: there is none.
        StaleVersion: the caller has read another `version`.
        ContestLocked, ContestCertified: the result is read-only.
    """
    found: Entry | None = Entry.objects.filter(pk=entry_id).select_related("category", "contestant").first()
    if found is None:
        raise NotFound
    require_version(found, version)
    return change_part(part=found, values={"state": state})


def count_policy(contest: Contest) -> None:
    """A new policy version, where there are marks already, deleted or not, that were given under the old one."""
    if Score._base_manager.filter(entry__category__contest=contest).exists():
        contest.policy_version += 1
        contest.save(update_fields=["policy_version"])


def _insert(part: models.Model) -> None:
    if not isinstance(part, Category) or part.slug:
        part.save(force_insert=True)
        return
    category = part

    def save(slug: str) -> None:
        category.slug = slug
        category.save(force_insert=True)

    save_with_free_slug(save, name=part.name, fallback="category", constraint="category_slug_unique")


def _follow_up(part: models.Model, contest: Contest) -> None:
    """What a changed part brings about: recusals, and another board."""
    if isinstance(part, Assignment | Contestant):
        recuse_affiliated(contest_id=contest.pk)
    announce_changed_boards([contest])


def _require_one_contest(part: models.Model, contest: Contest) -> None:
    contestant = part.contestant if isinstance(part, Entry | Recusal) else None
    if contestant is not None and contestant.contest_id != contest.pk:
        detail = "This contestant is in another contest."
        raise Invalid(detail, errors=[FieldError("#/contestant", "OTHER_CONTEST", detail)])


def _require_marks_on_scale(criterion: Criterion) -> None:
    marks = Score.objects.filter(criterion=criterion, state=ScoreState.SCORED)
    off = (
        marks.annotate(rest=Mod(F("value") - criterion.minimum, criterion.step))
        .filter(Q(value__lt=criterion.minimum) | Q(value__gt=criterion.maximum) | ~Q(rest=0))
        .count()
    )
    if off:
        detail = f"{off} marks that were given would be off the new scale."
        raise Invalid(detail, errors=[FieldError(f"#/{name}", "MARKS_OFF_SCALE", detail) for name in SCALE])
