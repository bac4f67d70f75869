"""Contests themselves: set up, and described anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.contests.models import Contest
from apps.contests.services.announcing import announce, announce_changed_boards
from apps.contests.services.holding import hold_for_update, require_changeable
from apps.contests.services.signatures import require_open_erratum
from apps.contests.services.structure import count_policy
from apps.core.slugs import save_with_free_slug
from apps.events.models import Event

# What may change whatever the contest's status: how it is shown, not what comes out.
ALWAYS_FREE = frozenset({"name", "description", "position", "visibility", "live_board"})
# Until it is signed.
ERRATUM = "erratum"


@transaction.atomic
def create_contest(*, event: Event, name: str, slug: str | None = None, **values: Any) -> Contest:
    """Set up a contest as a draft.

    Args:
        slug: unique among the event's live contests; made from `name` when left out.

    Raises:
        IntegrityError: `slug` is taken (`contest_slug_unique`).
    """

    def save(free: str) -> Contest:
        contest: Contest = Contest.objects.create(
            organization_id=event.organization_id, event=event, name=name, slug=free, **values
        )
        return contest

    contest = (
        save(slug)
        if slug
        else save_with_free_slug(save, name=name, fallback="contest", constraint="contest_slug_unique")
    )
    announce(contest, "contest.created")
    return contest


@transaction.atomic
def change_contest(*, contest_id: UUID, values: Mapping[str, Any]) -> Contest:
    """Give a contest new values. Once it is locked, only how it is shown can change.

    Raises:
        NotFound: there is none.
        ContestLocked, ContestCertified: a value is part of what was locked.
        NothingToCorrect, SignaturesGiven: an erratum is not to be written now.
    """
    contest = hold_for_update(contest_id=contest_id)
    changed = {name for name, value in values.items() if getattr(contest, name) != value}
    if changed - ALWAYS_FREE - {ERRATUM}:
        require_changeable(contest)
    if ERRATUM in changed:
        require_open_erratum(contest)
    for name in changed:
        setattr(contest, name, values[name])
    if changed:
        contest.save(update_fields=changed)
    if "rule" in changed:
        count_policy(contest)
    if changed & {"rule", "visibility", "live_board"}:
        announce_changed_boards([contest])
    return contest
