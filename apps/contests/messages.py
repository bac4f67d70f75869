"""What contests tell."""

from __future__ import annotations

from collections.abc import Mapping

from apps.contests.enums import ContestStatus
from apps.core.outbox.catalogue import (
    EXAMPLE_ID,
    EventType,
    Field,
    counts,
    identifier,
    identifiers,
    one_of,
    text,
    whole,
    yes_or_no,
)

DATA: Mapping[str, Field] = {
    "id": identifier("The contest."),
    "event": identifier("The event that it is part of."),
    "status": one_of("Where the contest stands now.", ContestStatus.values),
}
REASON = text("Why, in the words of who did it.", "A mark was entered for the wrong contestant.")
DIGEST = text("SHA-256 of the canonical result.", "9f86d081884c7d659a2feaa0c55ad015" * 2)
CERTIFICATION = identifier("The certification.")


def _contest(name: str, meaning: str, **more: Field) -> EventType:
    return EventType(
        name=name,
        app="contests",
        meaning=meaning,
        subject="contest/{id}",
        data={**DATA, **more},
        shape="" if more else "ContestData",
    )


def contest_events() -> list[EventType]:
    """The way of a contest, and its board."""
    return [
        _contest("contest.created", "A contest was set up, as a draft."),
        _contest("contest.opened", "A contest takes entries."),
        _contest("contest.scoring_started", "A contest takes marks."),
        _contest("contest.locked", "Scoring is closed: marks are read-only."),
        _contest("contest.reopened", "A locked contest takes marks again.", reason=REASON),
        _contest(
            "contest.signed",
            "One of the signatures that certify a result was given.",
            signature=identifier("The signature."),
            role=text("Whose signature it is, of the order of signing.", "auditor"),
            digest=DIGEST,
            left=whole("Signatures that are still to be given.", 1),
        ),
        _contest(
            "contest.certified",
            "The result is signed and frozen.",
            certification=CERTIFICATION,
            digest=DIGEST,
            supersedes=identifier("The certification that it corrects, if it does.", nullable=True),
        ),
        _contest("contest.voided", "A certification was taken back.", certification=CERTIFICATION, reason=REASON),
        _contest("contest.published", "The result is public to those whom the contest's visibility names."),
        _contest(
            "contest.drawn",
            "The starting order of a category was drawn.",
            category=identifier("The category."),
            draw=identifier("The draw, with its seed."),
        ),
        _contest(
            "contest.judges_seated",
            "Judges were given seats on a contest's panels.",
            assignments=identifiers("Their seats."),
        ),
        _contest(
            "contest.judges_reminded",
            "Judges who are behind were asked for their marks.",
            judges=identifiers("Who was asked."),
            missing=counts("How many marks each of their seats lacks, by the seat's id.", {EXAMPLE_ID: 6}),
        ),
        _contest("leaderboard.frozen", "The public board stands still from now on."),
        _contest("leaderboard.unfrozen", "The public board follows the marks again."),
        _contest(
            "leaderboard.changed",
            "What a contest's board is computed from has changed.",
            public_changed=yes_or_no("Whether the public board changes with it: not while that is frozen."),
        ),
    ]
