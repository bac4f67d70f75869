"""Signatures that no longer count: kept, and marked void."""

from __future__ import annotations

from apps.contests.errors import NothingToCorrect, SignaturesGiven
from apps.contests.models import Contest, Signature
from apps.contests.selectors.certification import published_before
from apps.core import clock
from apps.core.access import Access


def void_signatures(*, contest: Contest, access: Access, reason: str) -> int:
    """Void the contest's signatures; how many there were. The caller holds the contest's lock."""
    voided: int = Signature.objects.filter(contest_id=contest.pk, voided_at=None).update(
        voided_at=clock.now(), voided_by=access.user_id, void_reason=reason.strip()
    )
    return voided


def require_open_erratum(contest: Contest) -> None:
    """Refuse an erratum that nobody could sign. The caller holds the contest's lock.

    Raises:
        NothingToCorrect: no published result of this contest was voided.
        SignaturesGiven: people have signed what it says.
    """
    superseded = published_before(contest)
    if superseded is None or superseded.voided_at is None:
        raise NothingToCorrect("No published result of this contest was voided.")
    if Signature.objects.filter(contest_id=contest.pk, voided_at=None).exists():
        raise SignaturesGiven("The erratum has been signed as it is; reopen the contest to write another one.")
