"""What anybody may read of a contest, signed in or not.

`public_board` is the one place that knows: the API and the pages show what it gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from apps.accounts.policies import NobodyAccess
from apps.contests.enums import ContestStatus, PublicBoardState, Visibility
from apps.contests.models import BoardFreeze, Certification, Contest, Contestant
from apps.contests.policies import is_public, public_state
from apps.contests.selectors.board.rows import ContestantRow, EntryRow
from apps.contests.selectors.leaderboard import CategoryHead, contest_board
from apps.core.errors import NotFound
from apps.core.tenancy import platform_scope
from apps.events.enums import EventStatus
from apps.events.models import Event

Document = dict[str, Any]
"""A public board as JSON: `status`, `policy_version`, `as_of`, `rule`, `categories` and `rows`."""


@dataclass(frozen=True, slots=True)
class PublicBoard:
    """The board as the public sees it.

    `as_of` is None and `rows` is empty while it is withheld. A frozen board is that of `frozen_at`, its status too.
    `certification` is the one in force, once it is published: what the certified badge shows.
    """

    contest: Contest
    state: PublicBoardState
    status: str
    policy_version: int
    as_of: datetime | None
    frozen_at: datetime | None
    certification: Certification | None
    rule: dict[str, Any]
    categories: Sequence[CategoryHead]
    rows: Sequence[ContestantRow]

    @property
    def placed(self) -> int:
        """How many have a place."""
        return sum(row["rank"] is not None for row in self.rows)


def public_contest(contest_id: UUID) -> Contest:
    """The contest that everybody may know of; its organization is in no scope yet.

    Raises:
        NotFound: there is none, or it is private, or its event is not out yet: the three look the same.
    """
    with platform_scope("who reads a public page names no organization"):
        found: Contest | None = Contest.objects.filter(pk=contest_id).select_related("event").first()
    if found is None or not is_public(found, found.event):
        raise NotFound
    return found


def public_event(event_id: UUID) -> Event:
    """The event that everybody may know of.

    Raises:
        NotFound: there is none, it is a draft, or it has no public contest.
    """
    with platform_scope("who reads a public page names no organization"):
        found: Event | None = Event.objects.filter(pk=event_id).exclude(status=EventStatus.DRAFT).first()
        if found is None or not _listed(found).exists():
            raise NotFound
    return found


def public_contests(event: Event) -> list[Contest]:
    """The event's public contests in their order; unlisted ones are for those who know their address."""
    return list(_listed(event).select_related("event"))


def public_board(contest: Contest) -> PublicBoard:
    """What the public sees of the standings: nothing, those of a freeze, those of now or the published result."""
    state = public_state(contest)
    frozen_at = contest.frozen_at if state == PublicBoardState.FROZEN else None
    if state == PublicBoardState.WITHHELD:
        document: Document = {
            "status": contest.status,
            "policy_version": contest.policy_version,
            "as_of": None,
            "rule": {},
            "categories": [],
            "rows": [],
        }
    elif state == PublicBoardState.FROZEN:
        document = _frozen_document(contest)
    else:
        document = public_document(contest)
    as_of = document["as_of"]
    return PublicBoard(
        contest=contest,
        state=state,
        frozen_at=frozen_at,
        certification=published_certification(contest),
        **{**document, "as_of": datetime.fromisoformat(as_of) if as_of else None},
    )


def public_document(contest: Contest) -> Document:
    """The board of now as the public may see it: no judge's mark, and until the result no panel either.

    In a blind contest nobody has a name until the result is published: judges read public pages too.
    """
    board = contest_board(contest, access=NobodyAccess())
    is_result = contest.status == ContestStatus.PUBLISHED
    return {
        "status": contest.status,
        "policy_version": contest.policy_version,
        "as_of": board.as_of.isoformat(),
        "rule": board.policy.rule.to_dict(),
        "categories": board.categories,
        "rows": [_public_row(row, with_panels=is_result, named=is_result or not contest.blind) for row in board.rows],
    }


def without_names(document: Document) -> Document:
    """The document as it is kept."""
    return {**document, "rows": [_named(row, None, None) for row in document["rows"]]}


def published_certification(contest: Contest) -> Certification | None:
    """The certification in force, once the result is published."""
    if contest.status != ContestStatus.PUBLISHED:
        return None
    found: Certification | None = (
        Certification.objects.filter(contest_id=contest.pk, voided_at=None).defer("document").first()
    )
    return found


def _listed(event: Event) -> QuerySet[Contest]:
    contests: QuerySet[Contest] = Contest.objects.filter(event=event, visibility=Visibility.PUBLIC)
    return contests.exclude(status=ContestStatus.DRAFT).order_by("position", "id")


def _frozen_document(contest: Contest) -> Document:
    freeze = BoardFreeze.objects.get(contest=contest, lifted_at=None)
    document: Document = freeze.document
    if contest.blind:
        return document
    ids = [row["contestant"]["id"] for row in document["rows"]]
    people = {str(person.pk): person for person in Contestant.all_objects.filter(pk__in=ids)}
    rows = [
        _named(row, person.name, person.affiliation) if (person := people.get(row["contestant"]["id"])) else row
        for row in document["rows"]
    ]
    return {**document, "rows": rows}


def _named(row: ContestantRow, name: str | None, affiliation: str | None) -> ContestantRow:
    return {**row, "contestant": {**row["contestant"], "name": name, "affiliation": affiliation}}


def _public_row(row: ContestantRow, *, with_panels: bool, named: bool) -> ContestantRow:
    categories = [_public_entry(entry, with_panels=with_panels) for entry in row["categories"]]
    shown: ContestantRow = {**row, "categories": categories}
    return shown if named else _named(shown, None, None)


def _public_entry(entry: EntryRow, *, with_panels: bool) -> EntryRow:
    if with_panels:
        return entry
    return {**entry, "component_total": None, "criteria": []}
