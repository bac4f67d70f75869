"""Drawing who starts when."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.db import transaction

from apps.contests.errors import DrawTooLate, NothingToDraw
from apps.contests.models import Category, Draw, Entry, Score
from apps.contests.policies import competes
from apps.contests.scoring.draw import ALGORITHM, draw_order
from apps.contests.services.announcing import announce, announce_changed_boards
from apps.contests.services.holding import hold_for_update, require_changeable
from apps.core import clock
from apps.core.access import Access
from apps.core.errors import NotFound

SEED_BYTES = 16


def new_seed() -> str:
    """A seed that nobody could have known."""
    return secrets.token_hex(SEED_BYTES)


@transaction.atomic
def draw_category(*, category_id: UUID, access: Access, seed: str = "") -> Draw:
    """Draw the starting order of everybody who competes in the category, and keep how it came about.

    Args:
        seed: what the order comes from, such as a number that people in the hall have called out; random when empty.

    Raises:
        NotFound: there is no such category.
        ContestLocked, ContestCertified: the contest's structure is read-only.
        DrawTooLate: there are marks in the category.
        NothingToDraw: nobody competes in it.
    """
    category: Category | None = Category.objects.filter(pk=category_id).first()
    if category is None:
        raise NotFound
    contest = hold_for_update(contest_id=category.contest_id)
    require_changeable(contest)
    if Score.objects.filter(entry__category=category).exists():
        raise DrawTooLate("There are marks in this category: its starting order stays as it is.")
    entries = list(Entry.objects.filter(category=category).select_related("contestant"))
    starting = {str(entry.contestant_id): entry for entry in entries if competes(entry)}
    if not starting:
        raise NothingToDraw("Enter contestants in this category first.")
    seed = seed or new_seed()
    result = draw_order(seed, starting)
    _number(entries, {starting[key].pk: place for place, key in enumerate(result, start=1)})
    draw: Draw = Draw.objects.create(
        organization_id=category.organization_id,
        category=category,
        seed=seed,
        algorithm=ALGORITHM,
        participants=sorted(starting),
        result=result,
        drawn_by=access.user_id,
    )
    announce(contest, "contest.drawn", category=str(category.pk), draw=str(draw.pk))
    announce_changed_boards([contest])
    return draw


def _number(entries: list[Entry], places: dict[UUID, int]) -> None:
    """Who does not compete has no place in the order."""
    for entry in entries:
        entry.starting_order = places.get(entry.pk)
        entry.updated_at = clock.now()
    Entry.objects.bulk_update(entries, ["starting_order", "updated_at"], batch_size=2000)
