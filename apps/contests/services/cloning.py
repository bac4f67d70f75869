"""Copies of contests and events: their structure, and nothing of what has happened in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from apps.contests.models import Assignment, Category, Contest, Criterion
from apps.contests.services.announcing import announce_all
from apps.contests.services.contests import create_contest
from apps.core.errors import NotFound
from apps.events.models import Event
from apps.events.services import create_event

M = TypeVar("M", bound=models.Model)

# What a copy has of the original; where it stands, its people and its marks begin anew.
CONTEST = ("name", "description", "position", "visibility", "blind", "rule", "sign_off", "live_board")
CATEGORY = ("name", "slug", "position", "weight", "rule")
CRITERION = ("name", "position", "minimum", "maximum", "step", "factor")
SEAT = ("judge_id", "seat", "role")
EVENT = ("description", "venue", "timezone")


@transaction.atomic
def clone_contest(
    *, contest_id: UUID, event: Event | None = None, name: str = "", slug: str | None = None, panels: bool = False
) -> Contest:
    """Copy a contest as a draft: categories, criteria, rules, and with `panels` the judges' seats.

    Args:
        event: where the copy belongs; with the original when left out.
        name: of the copy; the original's when empty.
        slug: unique in the event; made from the name when left out.

    Raises:
        NotFound: there is no such contest.
        IntegrityError: `slug` is taken (`contest_slug_unique`).
    """
    source: Contest | None = Contest.objects.filter(pk=contest_id).select_related("event").first()
    if source is None:
        raise NotFound
    values = {field: getattr(source, field) for field in CONTEST} | ({"name": name} if name else {})
    copy = create_contest(event=event or source.event, slug=slug, **values)
    _copy_structure({source.pk: copy}, panels=panels)
    return copy


@transaction.atomic
def clone_event(
    *,
    event_id: UUID,
    name: str,
    slug: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    panels: bool = False,
) -> Event:
    """Copy an event with all of its contests, as drafts, in a number of statements that does not grow with them.

    Raises:
        NotFound: there is no such event.
        IntegrityError: `slug` is taken (`event_slug_unique`), or the event ends before it starts.
    """
    source: Event | None = Event.objects.filter(pk=event_id).first()
    if source is None:
        raise NotFound
    event = create_event(
        organization_id=source.organization_id,
        name=name,
        slug=slug,
        starts_at=starts_at,
        ends_at=ends_at,
        **{field: getattr(source, field) for field in EVENT},
    )
    contests = Contest.objects.filter(event=source).order_by("position", "id")
    copies = {contest.pk: _copy(contest, (*CONTEST, "slug"), event=event) for contest in contests}
    Contest.objects.bulk_create(copies.values())
    announce_all(copies.values(), "contest.created")
    _copy_structure(copies, panels=panels)
    return event


def _copy_structure(contests: Mapping[UUID, Contest], *, panels: bool) -> None:
    """Copy what the originals, named by their ids, are made of."""
    originals = Category.objects.filter(contest__in=contests).order_by("position", "id")
    categories = {one.pk: _copy(one, CATEGORY, contest=contests[one.contest_id]) for one in originals}
    Category.objects.bulk_create(categories.values())
    criteria = Criterion.objects.filter(category__in=categories).order_by("position", "id")
    Criterion.objects.bulk_create(_copy(one, CRITERION, category=categories[one.category_id]) for one in criteria)
    if panels:  # a deleted judge keeps the seats of a closed contest, and gets no new ones
        seats = Assignment.objects.filter(category__in=categories, judge__deleted_at=None).order_by("id")
        Assignment.objects.bulk_create(_copy(one, SEAT, category=categories[one.category_id]) for one in seats)


def _copy(row: M, fields: Collection[str], **belongs: Any) -> M:
    """A new row with these fields of the old one."""
    values = {field: getattr(row, field) for field in ("organization_id", *fields)}
    return type(row)(**values, **belongs)
