"""What is certified: the document that is hashed, and whether the rows still say the same.

The document holds ids, numbers, rules, marks and standings, and no names of people. Numbers are canonical strings, so
that its canonical JSON (RFC 8785) is the same in every process, language and version.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import rfc8785

from apps.contests.enums import ScoreState
from apps.contests.errors import NotCertified
from apps.contests.models import Certification, Contest
from apps.contests.scoring.category import EntryResult
from apps.contests.scoring.contest import ContestantResult
from apps.contests.scoring.rounding import canonical
from apps.contests.selectors.board.policy import CategoryPolicy
from apps.contests.selectors.sheets import (
    ContestSheets,
    ContestStandings,
    compute_standings,
    entry_status,
    read_sheets,
)
from apps.core.errors import PodiumError

FORMAT = "podium.certification/1"
SHOWN_DIFFERENCES = 20

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where rows and document part: a JSON pointer into the document and what each says, None for nothing."""

    pointer: str
    certified: object
    stored: object


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a certification still holds.

    `document_intact`: the stored document has the signed digest. `chain_intact`: so has the certification before,
    which the document names. `rows_intact`: the marks, rules and standings of today give the same document;
    `differences` are the first of those that don't. `recomputed` is the digest of today's.
    """

    certification: Certification
    document_intact: bool
    chain_intact: bool
    rows_intact: bool
    recomputed: str
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        return self.document_intact and self.chain_intact and self.rows_intact


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(document))).hexdigest()


def certification_in_force(contest: Contest) -> Certification:
    """The contest's certification.

    Raises:
        NotCertified: there is none, or it was voided.
    """
    found: Certification | None = Certification.objects.filter(contest_id=contest.pk, voided_at=None).first()
    if found is None:
        raise NotCertified("No certification of this contest is in force.")
    return found


def latest_certification(contest: Contest) -> Certification | None:
    """The contest's last certification, whether or not it was voided."""
    found: Certification | None = Certification.objects.filter(contest_id=contest.pk).order_by("-number").first()
    return found


def build_document(contest: Contest, *, number: int, previous: str) -> Document:
    """The document to sign, from the rows as they are now.

    Args:
        number: which certification of the contest it is, from 1.
        previous: digest of the one before; empty for the first.
    """
    sheets = read_sheets(contest)
    standings = compute_standings(sheets)
    return {
        "format": FORMAT,
        "organization": str(contest.organization_id),
        "event": str(contest.event_id),
        "contest": str(contest.pk),
        "number": number,
        "previous": previous,
        "policy_version": contest.policy_version,
        "rule": sheets.policy.rule.to_dict(),
        "contestants": {
            str(contestant.pk): {"number": contestant.number, "status": contestant.status}
            for contestant in sheets.contestants
        },
        "categories": {str(policy.category.pk): _category(policy, sheets) for policy in sheets.policy.categories},
        "marks": _marks(sheets),
        "standings": _standings(sheets, standings),
    }


def verify_certification(contest: Contest) -> Verification:
    """Compute the certified result again from the stored marks.

    Raises:
        NotCertified: there is nothing in force to verify.
    """
    certification = certification_in_force(contest)
    document: Document = certification.document
    before = Certification.objects.filter(contest_id=contest.pk, number=certification.number - 1).first()
    expected = before.digest if before else ""
    chain = certification.previous_digest == document.get("previous") == expected
    if before is not None:
        chain = chain and digest_of(before.document) == before.digest
    recomputed, differences = _compare(contest, certification)
    return Verification(
        certification=certification,
        document_intact=digest_of(document) == certification.digest,
        chain_intact=chain,
        rows_intact=recomputed == certification.digest and not differences,
        recomputed=recomputed,
        differences=differences,
    )


def _compare(contest: Contest, certification: Certification) -> tuple[str, tuple[Difference, ...]]:
    try:
        today = build_document(contest, number=certification.number, previous=certification.previous_digest)
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


def _category(policy: CategoryPolicy, sheets: ContestSheets) -> Document:
    category = policy.category
    deductions: dict[UUID, Document] = defaultdict(dict)
    for deduction in sheets.deductions:
        deductions[deduction.entry_id][str(deduction.pk)] = {
            "amount": canonical(deduction.amount),
            "unit": deduction.unit,
            "stage": deduction.stage,
        }
    return {
        "key": category.slug,
        "position": category.position,
        "weight": canonical(category.weight),
        "rule": policy.rule.to_dict(),
        "criteria": {
            str(criterion.pk): {
                "name": criterion.name,
                "position": criterion.position,
                "factor": canonical(criterion.factor),
                "minimum": canonical(criterion.minimum),
                "maximum": canonical(criterion.maximum),
                "step": canonical(criterion.step),
            }
            for criterion in policy.criteria
        },
        "seats": {
            str(seat.pk): {"seat": seat.seat, "judge": str(seat.judge_id)}
            for seat in sheets.seats
            if seat.category_id == category.pk
        },
        "entries": {
            str(entry.pk): {
                "contestant": str(entry.contestant_id),
                "status": entry_status(entry).value,
                "starting_order": entry.starting_order,
                "technical_points": _number(entry.technical_points),
                "deductions": deductions[entry.pk],
            }
            for entry in sheets.entries
            if entry.category_id == category.pk
        },
        "recusals": sorted(
            [str(recusal.assignment_id), str(recusal.contestant_id)]
            for recusal in sheets.recusals
            if _belongs(recusal.assignment_id, category.pk, sheets)
        ),
    }


def _belongs(seat_id: UUID, category_id: UUID, sheets: ContestSheets) -> bool:
    return any(seat.pk == seat_id and seat.category_id == category_id for seat in sheets.seats)


def _marks(sheets: ContestSheets) -> Document:
    """`{entry: {criterion: {seat: value or state}}}`."""
    marks: Document = {}
    for score in sheets.scores:
        value = _number(score.value) if score.state == ScoreState.SCORED else score.state
        of_entry = marks.setdefault(str(score.entry_id), {})
        of_entry.setdefault(str(score.criterion_id), {})[str(score.assignment_id)] = value
    return marks


def _standings(sheets: ContestSheets, standings: ContestStandings) -> Document:
    return {
        "categories": {
            str(policy.category.pk): [
                _entry(entry, policy) for entry in standings.categories[policy.category.pk].entries
            ]
            for policy in sheets.policy.categories
        },
        "contest": [_contestant(line) for line in standings.contest.contestants],
    }


def _entry(entry: EntryResult, policy: CategoryPolicy) -> Document:
    return {
        "contestant": entry.key,
        "status": entry.status.value,
        "rank": entry.place,
        "shared": entry.shared,
        "decided_by": list(entry.decided_by),
        "component_total": _number(entry.component_total),
        "technical_points": _number(entry.technical_points),
        "deductions": _number(entry.deductions),
        "total": _number(entry.total),
        "panels": [
            {
                "criterion": str(policy.criterion_id(unit.unit)) if unit.unit else None,
                "panel": _number(unit.panel.score),
                "score": _number(unit.score),
            }
            for unit in entry.units
        ],
    }


def _contestant(line: ContestantResult) -> Document:
    return {
        "contestant": line.key,
        "status": line.status.value,
        "rank": line.place,
        "shared": line.shared,
        "decided_by": list(line.decided_by),
        "deductions": _number(line.deductions),
        "total": _number(line.total),
        "parts": [
            {"category": part.category, "value": _number(part.value), "weighted": _number(part.weighted)}
            for part in line.parts
        ],
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else canonical(value)
