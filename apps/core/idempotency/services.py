"""Claiming keys, and keeping what was answered.

A key is claimed and committed before the work, so that others see at once that it is under way. It is settled in the
transaction of the work, by an `UPDATE` that asks for the claim's token: either both are there afterwards or neither.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from django.db.models import QuerySet

from apps.core import clock
from apps.core.encryption import Sealed
from apps.core.idempotency.errors import AnswerNotKept, KeyReused, RequestInFlight
from apps.core.idempotency.metrics import REQUESTS
from apps.core.idempotency.models import IdempotencyKey
from apps.core.ids import new_id

KEPT = timedelta(hours=24)
# Twice as long as a request may take. One that takes longer all the same loses its claim, and what it has done.
LEASE = timedelta(seconds=60)
LARGEST = 1024 * 1024

log = structlog.get_logger("podium.idempotency")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key counts: each person has keys of their own, for each organization and each route.

    `route` is the method and the route's name.
    """

    organization_id: UUID | None
    user_id: UUID
    route: str
    key: str

    @property
    def digest(self) -> str:
        """All of it, in the form that it is looked up by."""
        parts = [str(self.organization_id), str(self.user_id), self.route, self.key]
        return sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right, and the duty, to do what a key stands for."""

    place: str
    token: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered. `body` is JSON."""

    status: int
    headers: Mapping[str, str]
    body: str
    is_problem: bool


def claim_key(*, place: Place, fingerprint: str) -> Claim | Answer:
    """Claim the key for a request, or find the answer that this very request got before.

    Raises:
        KeyReused: another request came under this key.
        RequestInFlight: this request is being worked on.
        AnswerNotKept: this request was done; what it was answered is not there any more.
    """
    now = clock.now()
    claimed = IdempotencyKey(
        place=place.digest,
        organization_id=place.organization_id,
        user_id=place.user_id,
        route=place.route,
        fingerprint=Sealed.of(fingerprint),
        token=new_id(),
        lease_until=now + LEASE,
        created_at=now,
    )
    claim = Claim(claimed.place, claimed.token)
    IdempotencyKey.objects.bulk_create([claimed], ignore_conflicts=True)
    found = IdempotencyKey.objects.filter(pk=claimed.place).first()
    if found is None:  # whoever had it gave it up this moment
        raise _in_flight()
    if found.token == claimed.token:
        REQUESTS.labels("claimed").inc()
        return claim
    if found.created_at > now - KEPT:
        if found.fingerprint.open_or(fingerprint) != fingerprint:
            REQUESTS.labels("reused").inc()
            raise KeyReused
        if found.lease_until is None:
            return _kept(found)
        if found.lease_until > now:
            raise _in_flight()
    if not _take_over(found, claimed):
        raise _in_flight()
    return claim


def keep_answer(*, claim: Claim, answer: Answer | None) -> None:
    """Settle a key, in the transaction of what was done.

    Args:
        answer: None where it can't be kept; the request is not done again all the same.

    Raises:
        RequestInFlight: the claim was lost to another worker, so that the transaction must not be committed.
    """
    kept = Sealed.of(asdict(answer)) if answer is not None and len(answer.body) <= LARGEST else None
    if not _held(claim).update(lease_until=None, answer=kept):
        REQUESTS.labels("lost").inc()
        raise RequestInFlight


def release_key(*, claim: Claim) -> None:
    """Give a key back: the request may be tried again under it."""
    _held(claim).delete()


def forget_old_keys() -> int:
    """Forget the keys that are kept no longer; how many they were."""
    removed, _ = IdempotencyKey.objects.filter(created_at__lte=clock.now() - KEPT).delete()
    return removed


def withdraw_answers(*, user_id: UUID, patterns: Sequence[re.Pattern[str]]) -> int:
    """Forget the keys of a person, and every answer in which one of `patterns` is found; how many answers.

    What they were answers to is still not done again.
    """
    IdempotencyKey.objects.filter(user_id=user_id).delete()
    withdrawn = 0
    for row in IdempotencyKey.objects.filter(answer__isnull=False).iterator():
        if row.answer is not None and _says(row.answer, patterns):
            withdrawn += IdempotencyKey.objects.filter(pk=row.pk).update(answer=None)
    return withdrawn


def _held(claim: Claim) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(pk=claim.place, token=claim.token, lease_until__isnull=False)


def _take_over(found: IdempotencyKey, claimed: IdempotencyKey) -> bool:
    """Put one's own claim in the place of one that has run out; False where somebody else was quicker."""
    changed = IdempotencyKey.objects.filter(pk=found.pk, token=found.token, lease_until=found.lease_until).update(
        fingerprint=claimed.fingerprint,
        token=claimed.token,
        lease_until=claimed.lease_until,
        answer=None,
        created_at=claimed.created_at,
    )
    if changed and found.lease_until is not None:
        REQUESTS.labels("taken_over").inc()
        log.warning("idempotency key taken over", route=found.route, claimed_at=found.created_at.isoformat())
    return bool(changed)


def _kept(found: IdempotencyKey) -> Answer:
    answer = None if found.answer is None else found.answer.open_or(None)
    if answer is None or found.fingerprint.open_or(None) is None:  # too large, or its encryption's key is lost
        raise AnswerNotKept("It is not done again, and its answer was not kept: read what it has changed.")
    REQUESTS.labels("replayed").inc()
    return Answer(**answer)


def _says(answer: Sealed, patterns: Sequence[re.Pattern[str]]) -> bool:
    opened = answer.open_or(None)
    if opened is None:
        return True  # nobody knows what it says
    return any(pattern.search(opened["body"]) for pattern in patterns)


def _in_flight() -> RequestInFlight:
    REQUESTS.labels("in_flight").inc()
    return RequestInFlight()
