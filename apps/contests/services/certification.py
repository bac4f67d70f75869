"""Certifying and voiding: an owner's signature over the digest of the frozen result."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.contests.errors import NotCertified
from apps.contests.models import Certification, Contest
from apps.contests.selectors.certification import (
    build_document,
    certification_in_force,
    digest_of,
    latest_certification,
)
from apps.contests.services.transitions import begin_transition, end_transition
from apps.core import clock
from apps.core.access import Access
from apps.core.correlation.context import current_correlation_id
from apps.core.errors import Forbidden


@transaction.atomic
def certify_contest(*, contest_id: UUID, access: Access, version: int | None = None) -> Certification:
    """Sign the result as it is: `locked → certified`.

    Everything is read again under the contest's lock, which writing a mark takes too, so that the signature is over
    exactly the marks that are stored.
    """
    contest = begin_transition(contest_id=contest_id, name="certify", access=access, version=version)
    if access.user_id is None:
        raise Forbidden("A certification is signed by a person.")
    before = latest_certification(contest)
    number = before.number + 1 if before else 1
    previous = before.digest if before else ""
    document = build_document(contest, number=number, previous=previous)
    certification: Certification = Certification.objects.create(
        organization_id=contest.organization_id,
        contest_id=contest.pk,
        contest_name=contest.name,
        number=number,
        document=document,
        digest=digest_of(document),
        previous_digest=previous,
        signed_by=access.user_id,
        correlation_id=current_correlation_id(),
    )
    end_transition(
        contest,
        name="certify",
        event="contest.certified",
        certification=str(certification.pk),
        digest=certification.digest,
    )
    return certification


@transaction.atomic
def void_certification(*, contest_id: UUID, access: Access, reason: str, version: int | None = None) -> Contest:
    """Take the signature back, for a reason: `certified or published → locked`. The certification itself is kept."""
    contest = begin_transition(contest_id=contest_id, name="void", access=access, version=version, reason=reason)
    certification = certification_in_force(contest)
    voided = Certification.objects.filter(pk=certification.pk, voided_at=None).update(
        voided_at=clock.now(), voided_by=access.user_id, void_reason=reason.strip()
    )
    if not voided:
        raise NotCertified("No certification of this contest is in force.")
    return end_transition(
        contest,
        name="void",
        event="contest.voided",
        certification=str(certification.pk),
        reason=reason.strip(),
    )
