"""Marks, deductions, boards and certifications in the admin."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from apps.accounts.enums import Role
from apps.contests.models import (
    Category,
    Deduction,
    Score,
)
from tests.factories.contests import (
    certify,
)
from tests.integration.contests.admin.pages import ADMIN, entering, fields_of, page, told
from tests.integration.contests.arena import Arena, arena
from tests.tampering import behind_our_backs

pytestmark = pytest.mark.django_db


def test_the_board_shows_places_totals_and_the_certified_digest() -> None:
    found = arena()
    found.mark_all("8")
    certification = certify(found.contest)

    response = entering(found.person(Role.OWNER)).get(page("contest", found.contest, "board"))

    rows = [(row.place, row.contestant["number"], row.total, row.cells[0].total) for row in response.context["rows"]]
    assert rows == [("1", 1, "16.00", "16.00"), ("2", 2, "14.00", "14.00"), ("3", 3, "12.00", "12.00")]
    assert certification.digest in response.content.decode()


def test_a_board_that_can_not_be_computed_says_why() -> None:
    found = arena()
    with found.scope():
        Category.objects.filter(pk=found.category.pk).update(rule={"drop_high": 1})

    response = entering(found.person(Role.OWNER)).get(page("contest", found.contest, "board"))

    assert response.status_code == 302
    assert told(response) == ["The rule of 'short' can't be applied.", "a mean drops nothing"]


def mark(found: Arena, **values: Any) -> Any:
    """Correct the first mark in the admin."""
    with found.scope():
        score = Score.objects.order_by("id")[0]
    client = entering(found.person(Role.TALLY_MASTER))
    shown = fields_of(client.get(page("score", score)))
    return client.post(page("score", score), {**shown, **values})


def first_mark(found: Arena) -> tuple[str, Decimal | None]:
    """The first mark as it is stored."""
    with found.scope():
        score = Score.objects.order_by("id")[0]
    return score.state, score.value


def test_a_mark_is_corrected_while_it_may_be() -> None:
    found = arena()
    found.mark_all("5")
    assert mark(found, value="6.5").status_code == 302
    assert first_mark(found) == ("scored", Decimal("6.5"))
    assert mark(found, state="absent", value="").status_code == 302
    assert first_mark(found) == ("absent", None)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"value": "11"}, "Skating skills is marked from 0 to 10."),
        ({"value": "5.1"}, "Skating skills is marked in steps of 0.25 from 0."),
        ({"value": ""}, "A scored mark has a value; 0 is a mark, nothing is none."),
        ({"state": "absent"}, "A mark that is absent has no value."),
    ],
)
def test_a_mark_off_the_scale_is_an_error_of_its_field(values: dict[str, str], error: str) -> None:
    found = arena()
    found.mark_all("5")
    response = mark(found, **values)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors == {"value": [error]}


def test_a_mark_of_a_locked_contest_is_refused_with_a_message() -> None:
    found = arena()
    found.mark_all("5")
    found.stand("locked")
    response = mark(found, value="6.5")
    assert told(response) == ["The contest is locked: its marks, deductions and structure are read-only."]
    assert first_mark(found) == ("scored", Decimal(5))


def test_a_deduction_is_imposed_and_reversed_but_never_changed() -> None:
    found = arena()
    master = found.person(Role.TALLY_MASTER)
    client = entering(master)
    values = {"entry": found.entries[0].pk, "amount": "1", "unit": "points", "stage": "category", "reason": "Fall"}

    assert client.post(f"{ADMIN}/deduction/add/", values).status_code == 302
    with found.scope():
        deduction = Deduction.objects.get()
    assert deduction.approved_by == master.pk
    assert client.post(page("deduction", deduction), {**values, "amount": "2"}).status_code == 403
    assert client.post(page("deduction", deduction, "delete"), {"post": "yes"}).status_code == 403
    client.post(page("deduction", deduction, "reverse"), {"version": 1, "reason": "It was no fall"})

    with found.scope():
        reversed_one = Deduction.objects.get()
    assert (reversed_one.amount, reversed_one.reversal_reason) == (Decimal(1), "It was no fall")


def test_a_certification_is_read_and_verified() -> None:
    found = arena()
    found.mark_all()
    certification = certify(found.contest)
    client = entering(found.person(Role.AUDITOR))

    shown = client.get(page("certification", certification)).content.decode()
    verified = client.get(page("certification", certification, "verify"))

    assert certification.digest in shown
    assert verified.context["verification"].holds is True
    assert client.post(page("certification", certification), {"number": 2}).status_code == 403
    assert client.post(page("certification", certification, "delete"), {"post": "yes"}).status_code == 403


def test_a_changed_mark_is_found_by_verifying() -> None:
    found = arena()
    found.mark_all()
    certification = certify(found.contest)
    behind_our_backs("UPDATE contests_score SET value = 9 WHERE entry_id = %s", found.entries[0].pk)

    verified = entering(found.person(Role.OWNER)).get(page("certification", certification, "verify"))

    assert verified.context["verification"].holds is False
    assert "9" in {difference.stored for difference in verified.context["verification"].differences}


def test_what_is_signed_is_shown_to_those_who_read_marks() -> None:
    found = arena()
    found.mark_all()
    certification = certify(found.contest)

    def parts(role: Role) -> list[str | None]:
        shown = entering(found.person(role)).get(page("certification", certification))
        return [name for name, _ in shown.context["adminform"].fieldsets]

    assert parts(Role.AUDITOR) == [None, "SHA-256", "Document"]
    assert parts(Role.ORGANIZER) == [None, "SHA-256"]
