"""The document that is signed and hashed: what a result was computed from, by which rules, and what came out.

It holds ids, numbers, rules, marks and standings, and no names of people; of the erratum, which people write, it
holds the SHA-256, so that the words can be erased and the document still stands. Numbers are canonical strings, so
that its canonical JSON (RFC 8785) is the same in every process, language and version.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import rfc8785

from apps.contests.enums import ScoreState
from apps.contests.models import Certification, Contest, Signature
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

FORMAT = "podium.certification/3"
SIGNATURES = "signatures"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A certification's place in its contest's chain of them.

    Args:
        number: which one it is, from 1.
        previous: digest of the one before; empty for the first.
        supersedes: id of the published one that it corrects, if any; `erratum` says what was wrong with that, and
            `erratum_digest` is what the document has of those words.
    """

    number: int = 1
    previous: str = ""
    supersedes: UUID | None = None
    erratum: str = ""
    erratum_digest: str = ""


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(dict(document))).hexdigest()


def digest_of_words(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal; empty where there is none."""
    return hashlib.sha256(text.encode()).hexdigest() if text else ""


def build_result(contest: Contest, link: Link) -> Document:
    """What is to be signed, from the rows as they are now."""
    sheets = read_sheets(contest)
    standings = compute_standings(sheets)
    return {
        "format": FORMAT,
        "organization": str(contest.organization_id),
        "event": str(contest.event_id),
        "contest": str(contest.pk),
        "number": link.number,
        "previous": link.previous,
        "supersedes": str(link.supersedes) if link.supersedes else None,
        "erratum": link.erratum_digest,
        "sign_off": contest.sign_off,
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


def sign_document(result: Document, signatures: list[Signature]) -> Document:
    """The whole document: the result, and who signed it."""
    return {
        **result,
        SIGNATURES: [
            {
                "role": signature.role,
                "person": str(signature.signed_by),
                "at": signature.signed_at.isoformat(),
                "digest": signature.digest,
            }
            for signature in signatures
        ],
    }


def result_of(document: Document) -> Document:
    """What was signed: the document without the signatures."""
    return {name: value for name, value in document.items() if name != SIGNATURES}


def link_of(certification: Certification) -> Link:
    """Where a certification stands in the chain."""
    return Link(
        number=certification.number,
        previous=certification.previous_digest,
        supersedes=certification.supersedes,
        erratum=certification.erratum,
        erratum_digest=certification.document.get("erratum", ""),
    )


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
