"""Where the signatures of a result stand: who signs, who has, what is signed, and what is in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.accounts.enums import Role
from apps.accounts.policies import role_of
from apps.contests.enums import ContestStatus
from apps.contests.models import Contest, Signature
from apps.contests.policies import is_certified
from apps.contests.selectors.certification import certification_in_force, next_link
from apps.contests.selectors.documents import Document, Link, build_result, digest_of, link_of
from apps.core.access import Access, Capability


@dataclass(frozen=True, slots=True)
class SignOffStep:
    """One role's turn in the chain, and its signature once it is given."""

    place: int
    role: str
    signature: Signature | None

    @property
    def role_name(self) -> str:
        """As people call it."""
        return str(Role(self.role).label)


@dataclass(frozen=True, slots=True)
class Block:
    """Why nobody can sign now."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """The chain of one contest. `result` is what is to be signed, and empty until the lock."""

    contest: Contest
    steps: tuple[SignOffStep, ...]
    link: Link
    result: Document
    digest: str
    blocks: tuple[Block, ...]

    @property
    def next_step(self) -> SignOffStep | None:
        """Whose turn it is; None once everybody has signed."""
        return next((step for step in self.steps if step.signature is None), None)

    def may_sign(self, access: Access) -> bool:
        """Whether it is this caller's turn, and nothing is in the way."""
        return not self.blocks and may_take(self.steps, access)


def sign_off_steps(contest: Contest) -> tuple[SignOffStep, ...]:
    """The chain, without what is signed: one query."""
    given = {
        signature.place: signature for signature in Signature.objects.filter(contest_id=contest.pk, voided_at=None)
    }
    return tuple(SignOffStep(place, role, given.get(place)) for place, role in enumerate(contest.sign_off, start=1))


def may_take(steps: Sequence[SignOffStep], access: Access) -> bool:
    """Whether the first step without a signature is this caller's."""
    following = next((step for step in steps if step.signature is None), None)
    signers = {step.signature.signed_by for step in steps if step.signature is not None}
    return (
        following is not None
        and access.allows(Capability.SIGN)
        and role_of(access) == following.role
        and access.user_id not in signers
    )


def read_sign_off(contest: Contest) -> SignOff:
    """The chain as it stands, with the digest that the next one signs, or that all have signed."""
    steps = sign_off_steps(contest)
    if is_certified(contest):
        certification = certification_in_force(contest)
        return SignOff(contest, steps, link_of(certification), {}, certification.result_digest, ())
    link = next_link(contest)
    if contest.status != ContestStatus.LOCKED:
        detail = f"The contest is {contest.status}; its result is signed once it is locked."
        return SignOff(contest, steps, link, {}, "", (Block("NOT_LOCKED", detail),))
    result = build_result(contest, link)
    digest = digest_of(result)
    return SignOff(contest, steps, link, result, digest, tuple(_blocks(link, steps, digest)))


def _blocks(link: Link, steps: Sequence[SignOffStep], digest: str) -> list[Block]:
    blocks = []
    if link.supersedes and not link.erratum:
        detail = "It supersedes a published result: write its erratum first."
        blocks.append(Block("ERRATUM_MISSING", detail))
    if any(step.signature is not None and step.signature.digest != digest for step in steps):
        detail = "The result is not the one that was signed so far; reopen the contest, which voids those signatures."
        blocks.append(Block("RESULT_CHANGED", detail))
    return blocks
