"""Saving a scorecard: whole or not at all, once or twice with the same effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.contests.errors import NotYourSeat
from apps.contests.models import Assignment, Score
from apps.contests.policies import may_mark_for
from apps.contests.selectors.scorecards import Scorecard, read_scorecard
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.holding import hold_for_share, require_scoring
from apps.contests.services.scores import MarkInput, check_marks
from apps.core.access import Access
from apps.core.errors import FieldError, Invalid, NotFound, StaleVersion, VersionRequired


@dataclass(frozen=True, slots=True)
class CardMark:
    """What a scorecard says about one criterion."""

    state: str
    value: Decimal | None


@transaction.atomic
def save_scorecard(
    *,
    assignment_id: UUID,
    entry_id: UUID,
    marks: Mapping[UUID, CardMark],
    access: Access,
    tag: str | None,
) -> Scorecard:
    """Save all criteria of one entry by one seat.

    Args:
        marks: one for every criterion of the category, by its id.
        tag: the entity tag of the card that the caller has read, `*` for any. A card that says already what is to be
            saved is left as it is, whatever the tag (RFC 9110, 13.1.1): a repeated request changes nothing.

    Raises:
        NotFound: there is no such seat or entry, or they are of different categories.
        VersionRequired: no tag.
        StaleVersion: somebody saved the card first; the current tag is in the document.
        Invalid, Forbidden, Conflict: as for single marks, under `#/marks/<n>`; Invalid too where a criterion is left
            out.
    """
    before = read_scorecard(assignment_id=assignment_id, entry_id=entry_id)
    contests = hold_for_share(contest_ids=[before.assignment.category.contest_id])
    if not contests:
        raise NotFound
    if not may_mark_for(access, before.assignment):
        raise NotYourSeat("This is not your seat; the tally room marks for others.")
    # One card of a seat at a time: of two who save it at once, the second one sees what the first one did.
    Assignment.objects.select_for_update(of=("self",), no_key=True).get(pk=assignment_id)
    card = read_scorecard(assignment_id=assignment_id, entry_id=entry_id)
    _require_whole(card, marks)
    inputs = [
        MarkInput(assignment_id, entry_id, criterion_id, mark.state, mark.value)
        for criterion_id, mark in marks.items()
    ]
    check_marks(inputs=inputs, access=access, pointers=[f"#/marks/{place}" for place in range(len(inputs))])
    require_scoring(contests[0])
    if _says(card, marks):
        return card
    _require_tag(card, tag)
    _write(card, marks)
    announce_changed_boards(contests)
    return read_scorecard(assignment_id=assignment_id, entry_id=entry_id)


def _require_whole(card: Scorecard, marks: Mapping[UUID, CardMark]) -> None:
    absent = [criterion for criterion in card.criteria if criterion.pk not in marks]
    if absent:
        raise Invalid(
            "A scorecard is saved whole.",
            errors=[
                FieldError("#/marks", "MISSING_CRITERION", f"{criterion.name} is left out.") for criterion in absent
            ],
        )


def _says(card: Scorecard, marks: Mapping[UUID, CardMark]) -> bool:
    said = {key: CardMark(score.state, score.value) for key, score in card.scores.items()}
    return said == dict(marks)


def _require_tag(card: Scorecard, tag: str | None) -> None:
    if tag is None:
        raise VersionRequired("Send If-Match with the ETag of the scorecard that you have read.")
    if tag not in ("*", card.tag):
        raise StaleVersion(
            "Somebody else saved this scorecard first. Read it again.", extra={"current_version": card.tag}
        )


def _write(card: Scorecard, marks: Mapping[UUID, CardMark]) -> None:
    new = []
    for criterion_id, mark in marks.items():
        score = card.scores.get(criterion_id)
        if score is None:
            new.append(
                Score(
                    organization_id=card.entry.organization_id,
                    assignment=card.assignment,
                    entry=card.entry,
                    criterion_id=criterion_id,
                    state=mark.state,
                    value=mark.value,
                )
            )
        elif (score.state, score.value) != (mark.state, mark.value):
            score.state, score.value = mark.state, mark.value
            score.save(update_fields=["state", "value"])
    Score.objects.bulk_create(new)
