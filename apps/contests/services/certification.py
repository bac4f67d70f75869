"""Signing, certifying and voiding: a chain of signatures over the digest of the result as it stands."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.accounts.policies import role_of
from apps.contests.errors import AlreadySigned, NotASignatory, NotYourTurn, ResultDiffers, SignOffBlocked
from apps.contests.models import Certification, Contest, Signature
from apps.contests.selectors.certification import certification_in_force
from apps.contests.selectors.documents import digest_of, sign_document
from apps.contests.selectors.sign_off import SignOff, SignOffStep, read_sign_off
from apps.contests.services.announcing import announce
from apps.contests.services.signatures import void_signatures
from apps.contests.services.transitions import begin_transition, end_transition
from apps.core import clock
from apps.core.access import Access
from apps.core.correlation.context import current_correlation_id


@transaction.atomic
def sign_contest(*, contest_id: UUID, access: Access, digest: str, version: int | None = None) -> SignOff:
    """Sign the result as it is; the chain's last signature certifies it: `locked → certified`.

    Everything is read again under the contest's lock, which writing a mark takes too, so that the signature is over
    exactly the marks that are stored.

    Args:
        digest: of the result that the caller has read.

    Raises:
        NotFound, Forbidden, StaleVersion, TransitionNotAllowed: as for every transition.
        NotASignatory: the caller's role is not in the chain.
        AlreadySigned, NotYourTurn: the caller's signature is not the next one.
        SignOffBlocked: something is to be done first.
        ResultDiffers: the result is no longer the one with `digest`.
    """
    contest = begin_transition(contest_id=contest_id, name="sign", access=access, version=version)
    sign_off = read_sign_off(contest)
    step, signer = _require_turn(sign_off, access)
    if sign_off.blocks:
        raise SignOffBlocked(
            sign_off.blocks[0].detail,
            extra={"blocks": [{"code": block.code, "detail": block.detail} for block in sign_off.blocks]},
        )
    if digest != sign_off.digest:
        raise ResultDiffers("Read the result again, and sign what it says now.", extra={"digest": sign_off.digest})
    signature: Signature = Signature.objects.create(
        organization_id=contest.organization_id,
        contest_id=contest.pk,
        place=step.place,
        role=step.role,
        signed_by=signer,
        digest=digest,
        correlation_id=current_correlation_id(),
    )
    left = len(sign_off.steps) - step.place
    announce(contest, "contest.signed", signature=str(signature.pk), role=step.role, digest=digest, left=left)
    if not left:
        _certify(sign_off)
    return read_sign_off(contest)


@transaction.atomic
def void_certification(*, contest_id: UUID, access: Access, reason: str, version: int | None = None) -> Contest:
    """Take the certification back, for a reason: `certified or published → locked`. It and its signatures are kept.

    The one after a published one supersedes it, and says why: the erratum is to be written anew.
    """
    contest = begin_transition(contest_id=contest_id, name="void", access=access, version=version, reason=reason)
    certification = certification_in_force(contest)
    Certification.objects.filter(pk=certification.pk).update(
        voided_at=clock.now(), voided_by=access.user_id, void_reason=reason.strip()
    )
    void_signatures(contest=contest, access=access, reason=reason)
    if contest.erratum and certification.published_at is not None:
        contest.erratum = ""
        contest.save(update_fields=["erratum"])
    return end_transition(
        contest,
        name="void",
        event="contest.voided",
        certification=str(certification.pk),
        reason=reason.strip(),
    )


def _require_turn(sign_off: SignOff, access: Access) -> tuple[SignOffStep, UUID]:
    role = role_of(access)
    if access.user_id is None or role not in sign_off.contest.sign_off:
        roles = ", ".join(sign_off.contest.sign_off)
        raise NotASignatory(f"This result is signed by: {roles}.")
    given = [step.signature for step in sign_off.steps if step.signature is not None]
    if access.user_id in {signature.signed_by for signature in given}:
        raise AlreadySigned("You have signed this result; the others are for other people.")
    step = sign_off.next_step
    if step is None or role != step.role:
        following = step.role if step else None
        raise NotYourTurn(f"The next signature is for: {following}.", extra={"next": following})
    return step, access.user_id


def _certify(sign_off: SignOff) -> None:
    contest, link = sign_off.contest, sign_off.link
    signatures = list(Signature.objects.filter(contest_id=contest.pk, voided_at=None).order_by("place"))
    document = sign_document(sign_off.result, signatures)
    certification: Certification = Certification.objects.create(
        organization_id=contest.organization_id,
        contest_id=contest.pk,
        contest_name=contest.name,
        number=link.number,
        document=document,
        digest=digest_of(document),
        result_digest=sign_off.digest,
        previous_digest=link.previous,
        supersedes=link.supersedes,
        erratum=link.erratum,
        correlation_id=current_correlation_id(),
    )
    Signature.objects.filter(pk__in=[signature.pk for signature in signatures]).update(certification=certification)
    end_transition(
        contest,
        name="sign",
        event="contest.certified",
        certification=str(certification.pk),
        digest=certification.digest,
        supersedes=str(link.supersedes) if link.supersedes else None,
    )
