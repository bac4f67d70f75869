"""Fifty judges mark on connections of their own while the tally master locks and signs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Semaphore
from uuid import UUID

import pytest

from apps.accounts.enums import Role
from apps.contests.errors import ContestCertified, ContestLocked
from apps.contests.models import Assignment, Judge, Score
from apps.contests.selectors.certification import certification_in_force, verify_certification
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.contests.services.scores import MarkInput, record_marks
from apps.contests.services.transitions import lock_contest
from tests.integration.contests.arena import Arena, access_of, arena
from tests.integration.contests.test_concurrency import DEADLINE, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

JUDGES = 50
BEFORE_THE_LOCK = 70  # of 300 marks


def seat_fifty(found: Arena) -> list[Assignment]:
    owner = found.contest.organization_id
    with found.scope():
        found.category.rule = {"missing": "omit"}
        found.category.save()
        judges = [Judge(organization_id=owner, name=f"Judge {number}") for number in range(JUDGES)]
        Judge.objects.bulk_create(judges)
        return Assignment.objects.bulk_create(
            Assignment(organization_id=owner, judge=judge, category=found.category, seat=f"P{number}")
            for number, judge in enumerate(judges)
        )


def test_no_mark_lands_after_the_lock_and_none_is_lost_before_it() -> None:
    found = arena(sign_off=["tally_master"])
    seats = seat_fifty(found)
    tally = access_of(found, Role.TALLY_MASTER)
    marked = Semaphore(0)

    def mark_all(seat: Assignment) -> list[tuple[UUID, UUID, UUID]]:
        """Mark one after the other until the contest is closed; what was acknowledged."""
        done = []
        for entry in found.entries:
            for criterion in found.criteria:
                mark = MarkInput(seat.pk, entry.pk, criterion.pk, value=Decimal(5))
                try:
                    record_marks(inputs=[mark], access=tally, pointers=["#"])
                except (ContestLocked, ContestCertified):
                    return done
                done.append((entry.pk, criterion.pk, seat.pk))
                marked.release()
        return done

    with ThreadPoolExecutor(JUDGES) as pool:
        marking = [elsewhere(pool, found, lambda seat=seat: mark_all(seat)) for seat in seats]  # type: ignore[misc]
        for _ in range(BEFORE_THE_LOCK):
            assert marked.acquire(timeout=DEADLINE)
        with found.scope():
            contest = lock_contest(contest_id=found.contest.pk, access=tally)
            at_the_lock = Score.objects.count()
            digest = read_sign_off(contest).digest
            sign_contest(contest_id=contest.pk, access=tally, digest=digest)
        acknowledged = {mark for judge in marking for mark in judge.result(DEADLINE)}

    with found.scope():
        stored = set(Score.objects.values_list("entry_id", "criterion_id", "assignment_id"))
        document = certification_in_force(found.now()).document
        assert verify_certification(found.now()).holds
    certified = {
        (UUID(entry), UUID(criterion), UUID(seat))
        for entry, of_entry in document["marks"].items()
        for criterion, of_criterion in of_entry.items()
        for seat in of_criterion
    }
    assert acknowledged == stored == certified
    assert BEFORE_THE_LOCK <= len(stored) == at_the_lock < JUDGES * len(found.entries) * len(found.criteria)
