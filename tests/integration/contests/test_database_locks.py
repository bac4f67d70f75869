"""What the database itself refuses in a locked contest, whoever writes; what passes; and what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from apps.accounts.enums import Role
from apps.contests.errors import ContestCertified, ContestLocked
from apps.contests.models import (
    Assignment,
    Category,
    Certification,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Recusal,
    Score,
    Signature,
)
from apps.contests.services.transitions import lock_contest
from apps.core import clock
from apps.core.erasure.services import erase_person
from apps.core.rest.constraints import explain_violation
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services.deleting import delete_object
from apps.core.softdelete.services.purging import claim, purge_claimed
from tests.factories.accounts import member
from tests.factories.contests import (
    ContestantFactory,
    DeductionFactory,
    DrawFactory,
    JudgeFactory,
    RecusalFactory,
)
from tests.integration.contests.arena import Arena, access_of, arena
from tests.integration.contests.test_concurrency import DEADLINE, elsewhere, until_somebody_waits

TABLES: dict[type[models.Model], str] = {
    Contest: "policy_version = 9",
    Category: "weight = 2",
    Criterion: "factor = 2",
    Contestant: "number = number + 70",
    Entry: "technical_points = 3",
    Assignment: "role = 'reserve'",
    Recusal: "reason = 'Another'",
    Score: "value = 1",
    Deduction: "reversed_at = now()",
}


def complete(**contest: Any) -> Arena:
    """An arena with a row of each kind, all marks given."""
    found = arena(**contest)
    found.mark_all()
    DeductionFactory.create(entry=found.entries[0])
    RecusalFactory.create(assignment=found.seats[2], contestant=found.entries[2].contestant)
    return found


def run(statement: str, *params: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)


def refused(work: Callable[[], object]) -> DatabaseError:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        work()
    return refusal.value


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("contests_deduction SET amount = 9", "deduction_recorded"),
        ("contests_deduction SET reason = 'Another'", "deduction_recorded"),
        ("contests_deduction SET approved_by = gen_random_uuid()", "deduction_recorded"),
        ("contests_deduction SET reversed_at = NULL", "deduction_recorded"),
        ("contests_deduction SET reversal_reason = 'Another'", "deduction_recorded"),
        ("contests_draw SET seed = 'mine'", "draw_recorded"),
        ("contests_draw SET result = '[]'", "draw_recorded"),
    ],
)
def test_deductions_and_draws_stay_as_they_were_recorded(change: str, constraint: str) -> None:
    """In an open contest too: a wrong deduction is reversed once, and another draw is another row."""
    found = complete()
    DrawFactory.create(category=found.category, result=["x"])
    reverse = "UPDATE contests_deduction SET reversed_at = now(), reversal_reason = 'No fall', version = version + 1"

    assert run(reverse) == 1
    assert name_of(refused(lambda: run(f"UPDATE {change}"))) == constraint


def name_of(error: DatabaseError) -> str:
    cause: Any = error.__cause__
    return str(cause.diag.constraint_name)


def table(model: type[models.Model]) -> str:
    return model._meta.db_table


@pytest.mark.django_db
@pytest.mark.parametrize("model", TABLES, ids=table)
@pytest.mark.parametrize(
    ("status", "meaning"),
    [("locked", ContestLocked), ("certified", ContestCertified), ("published", ContestCertified)],
)
def test_an_update_of_content_is_refused_by_name_and_means_a_conflict(
    model: type[models.Model], status: str, meaning: type[Exception]
) -> None:
    found = complete()
    found.stand(status)

    error = refused(lambda: run(f"UPDATE {table(model)} SET {TABLES[model]}"))

    assert name_of(error) == f"{table(model)}_locked"
    explained = explain_violation(error)
    assert (type(explained), explained and explained.extra) == (meaning, {"current_status": status})


@pytest.mark.django_db
@pytest.mark.parametrize("model", TABLES, ids=table)
def test_the_same_update_passes_while_the_contest_is_being_scored(model: type[models.Model]) -> None:
    complete()

    assert run(f"UPDATE {table(model)} SET {TABLES[model]}") > 0


@pytest.mark.django_db
@pytest.mark.parametrize("model", TABLES, ids=table)
def test_a_live_row_of_a_locked_contest_is_not_removed(model: type[models.Model]) -> None:
    found = complete()
    found.stand("certified")
    error = refused(lambda: run(f"DELETE FROM {table(model)}"))

    assert isinstance(error, IntegrityError)
    assert name_of(error) == f"{table(model)}_locked"


@pytest.mark.django_db
def test_nothing_is_inserted_into_a_locked_contest_by_whatever_way() -> None:
    found = complete()
    newcomer = ContestantFactory.create(contest=found.contest, number=70)
    judge = JudgeFactory.create(organization=found.organization)
    owner = found.contest.organization_id
    mark = {"assignment": found.seats[0], "entry": found.entries[0], "criterion": found.criteria[0]}
    with found.scope():
        Score.objects.filter(**mark).delete()
    found.stand("locked")
    rows: list[models.Model] = [
        Category(organization_id=owner, contest=found.contest, name="Late", slug="late"),
        Criterion(organization_id=owner, category=found.category, name="Late"),
        Contestant(organization_id=owner, contest=found.contest, number=71, name="Late"),
        Entry(organization_id=owner, category=found.category, contestant=newcomer),
        Assignment(organization_id=owner, category=found.category, judge=judge, seat="J70"),
        Recusal(organization_id=owner, assignment=found.seats[0], contestant=newcomer, reason="Late"),
        Score(organization_id=owner, value=1, **mark),
        Deduction(organization_id=owner, entry=found.entries[0], amount=1, reason="Late"),
    ]

    with found.scope():
        names = [name_of(refused(partial(type(row)._base_manager.bulk_create, [row]))) for row in rows]

    assert names == [f"{table(type(row))}_locked" for row in rows]


@pytest.mark.django_db
def test_a_mark_is_not_moved_out_of_a_locked_contest_or_into_one() -> None:
    locked, other = complete(), complete()
    locked.stand("locked")
    inside, outside = locked.entries[0].pk, other.entries[0].pk
    move = "UPDATE contests_score SET entry_id = %s WHERE entry_id = %s"

    out = refused(partial(run, move, outside, inside))
    into = refused(partial(run, move, inside, outside))

    assert [name_of(out), name_of(into)] == ["contests_score_locked", "contests_score_locked"]


@pytest.mark.django_db
def test_versions_transitions_and_how_a_contest_is_shown_pass() -> None:
    found = complete()
    found.stand("published")

    assert run("UPDATE contests_score SET version = version + 1, updated_at = now()") == 18
    assert run("UPDATE contests_contest SET name = 'Ladies', description = 'On Sunday', visibility = 'public'") == 1
    assert run("UPDATE contests_contest SET status = 'locked'") == 1


@pytest.mark.django_db
def test_an_erasure_overwrites_people_in_a_certified_contest_which_still_holds() -> None:
    found = arena()
    found.mark_all()
    leaver = member(found.organization, Role.VIEWER, full_name="Ilse Bode", email="ilse@example.org")
    with found.scope():
        Contestant.objects.filter(pk=found.entries[0].contestant_id).update(name="Ilse Bode", email=leaver.email)
    found.stand("locked")
    found.sign()

    erase_person(user_id=leaver.pk)

    with found.scope():
        erased = Contestant.objects.get(pk=found.entries[0].contestant_id)
    assert (erased.name.startswith("Erased person"), erased.email) == (True, "")
    assert found.client().get(found.url("certification/verify/")).json()["holds"] is True
    assert name_of(refused(partial(run, "UPDATE contests_contestant SET name = 'Somebody'"))) == (
        "contests_contestant_locked"
    )


@pytest.mark.django_db
def test_a_deleted_locked_contest_is_purged_and_its_certification_stays() -> None:
    found = complete()
    found.stand("locked")
    found.sign()
    found.client().post(found.url("void/"), {"reason": "Wrong rink"})
    with found.scope():
        deletion = delete_object(root=found.now())
        Deletion.objects.filter(pk=deletion.pk).update(expires_at=clock.now())
        assert claim(deletion_id=deletion.pk)
        assert purge_claimed(deletion_id=deletion.pk)

        assert list(Contest.all_objects.all()) == []
        assert [(one.number, len(one.document["marks"])) for one in Certification.objects.all()] == [(1, 3)]
        assert Signature.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_raw_sql_waits_for_a_lock_that_is_being_set_and_is_refused() -> None:
    found = arena()
    found.mark_all()
    access = access_of(found)

    with ThreadPoolExecutor(1) as pool, found.scope():
        with transaction.atomic():
            lock_contest(contest_id=found.contest.pk, access=access)
            writing = elsewhere(pool, found, partial(run, "UPDATE contests_score SET value = 1"))
            until_somebody_waits()
            assert not writing.done()

        with pytest.raises(IntegrityError) as refusal:
            writing.result(DEADLINE)
    assert name_of(refusal.value) == "contests_score_locked"
