"""Certifications, and whether the rows still say what was signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from apps.contests.errors import NotCertified
from apps.contests.models import Certification, Contest, Signature
from apps.contests.selectors.documents import (
    Document,
    Link,
    build_result,
    digest_of,
    digest_of_words,
    link_of,
    result_of,
    sign_document,
)
from apps.core.erasure.rows import is_erased
from apps.core.errors import PodiumError

SHOWN_DIFFERENCES = 20


class Words(StrEnum):
    """What became of a signed text: it is as it was, a person was erased from it, or somebody has changed it."""

    INTACT = "intact"
    ERASED = "erased"
    ALTERED = "altered"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where rows and document part: a JSON pointer into the document and what each says, None for nothing."""

    pointer: str
    certified: object
    stored: object


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a certification still holds.

    `document_intact`: the stored document has the certified digest. `signatures_intact`: the stored signatures are
    those of the document, each of another person, in the order of the chain, over what the document says.
    `chain_intact`: every certification of the contest up to this one has its digest, and names that of the one
    before. `rows_intact`: the marks, rules and standings of today give the same document; `differences` are the first
    of those that don't. `recomputed` is the digest of today's. `erratum` is about its words, of which an erasure may
    have taken a person's name.
    """

    certification: Certification
    document_intact: bool
    signatures_intact: bool
    chain_intact: bool
    rows_intact: bool
    recomputed: str
    erratum: Words
    differences: tuple[Difference, ...]

    @property
    def erratum_intact(self) -> bool:
        """Whether it says what was signed, as far as that may still be said."""
        return self.erratum is not Words.ALTERED

    @property
    def holds(self) -> bool:
        signed = self.document_intact and self.signatures_intact and self.chain_intact
        return signed and self.rows_intact and self.erratum_intact


def certification_in_force(contest: Contest) -> Certification:
    """The contest's certification.

    Raises:
        NotCertified: there is none, or it was voided.
    """
    found: Certification | None = (
        Certification.objects.filter(contest_id=contest.pk, voided_at=None).prefetch_related("signatures").first()
    )
    if found is None:
        raise NotCertified("No certification of this contest is in force.")
    return found


def published_before(contest: Contest) -> Certification | None:
    """The last certification that was published; once it is voided, the next one supersedes it."""
    published = Certification.objects.filter(contest_id=contest.pk, published_at__isnull=False)
    found: Certification | None = published.defer("document").order_by("-number").first()
    return found


def next_link(contest: Contest) -> Link:
    """Where the contest's next certification will stand in its chain."""
    before = Certification.objects.filter(contest_id=contest.pk).defer("document").order_by("-number").first()
    if before is None:
        return Link()
    superseded = published_before(contest)
    erratum = contest.erratum if superseded else ""
    return Link(
        number=before.number + 1,
        previous=before.digest,
        supersedes=superseded.pk if superseded else None,
        erratum=erratum,
        erratum_digest=digest_of_words(erratum),
    )


def verify_certification(contest: Contest) -> Verification:
    """Compute the certified result again from the stored marks.

    Raises:
        NotCertified: there is nothing in force to verify.
    """
    certification = certification_in_force(contest)
    signatures = sorted(certification.signatures.all(), key=lambda signature: signature.place)
    chain = Certification.objects.filter(contest_id=contest.pk, number__lte=certification.number).order_by("number")
    recomputed, differences = _compare(contest, certification, signatures)
    return Verification(
        certification=certification,
        document_intact=digest_of(certification.document) == certification.digest,
        signatures_intact=_signatures_hold(certification, signatures),
        chain_intact=_chain_holds(chain.iterator()),
        rows_intact=recomputed == certification.digest and not differences,
        recomputed=recomputed,
        erratum=_words_of(certification),
        differences=differences,
    )


def _words_of(certification: Certification) -> Words:
    if digest_of_words(certification.erratum) == certification.document.get("erratum"):
        return Words.INTACT
    return Words.ERASED if is_erased(certification.erratum) else Words.ALTERED


def _signatures_hold(certification: Certification, signatures: Sequence[Signature]) -> bool:
    signed = digest_of(result_of(certification.document))
    return (
        certification.document == sign_document(result_of(certification.document), list(signatures))
        and certification.result_digest == signed
        and {signature.digest for signature in signatures} == {signed}
        and [signature.role for signature in signatures] == certification.document.get("sign_off")
        and len({signature.signed_by for signature in signatures}) == len(signatures)
    )


def _chain_holds(chain: Iterator[Certification]) -> bool:
    before = Link(number=0)
    for certification in chain:
        document = certification.document
        if (
            (certification.number, certification.previous_digest) != (before.number + 1, before.previous)
            or (document.get("number"), document.get("previous")) != (before.number + 1, before.previous)
            or digest_of(document) != certification.digest
        ):
            return False
        before = Link(number=certification.number, previous=certification.digest)
    return True


def _compare(
    contest: Contest, certification: Certification, signatures: Sequence[Signature]
) -> tuple[str, tuple[Difference, ...]]:
    try:
        today: Document = sign_document(build_result(contest, link_of(certification)), list(signatures))
    except PodiumError as error:  # rows that can't be computed any more can't be the certified ones
        return "", (Difference("#", "a result", error.detail),)
    found = differences(certification.document, today)
    return digest_of(today), tuple(islice(found, SHOWN_DIFFERENCES))


def differences(certified: object, stored: object, pointer: str = "#") -> Iterator[Difference]:
    """Where two JSON values differ, as deep as they have the same shape."""
    if isinstance(certified, dict) and isinstance(stored, dict):
        for key in sorted({*certified, *stored}):
            if key in certified and key in stored:
                yield from differences(certified[key], stored[key], f"{pointer}/{key}")
            else:
                yield Difference(f"{pointer}/{key}", certified.get(key), stored.get(key))
    elif isinstance(certified, list) and isinstance(stored, list) and len(certified) == len(stored):
        for place, (left, right) in enumerate(zip(certified, stored, strict=True)):
            yield from differences(left, right, f"{pointer}/{place}")
    elif type(certified) is not type(stored) or certified != stored:  # true is not 1
        yield Difference(pointer, certified, stored)
