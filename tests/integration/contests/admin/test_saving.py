"""Saving contests and their parts in the admin: by the rules, and never over something unseen."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.accounts.enums import Role
from apps.contests.models import (
    Category,
    Contest,
    Criterion,
    Judge,
)
from tests.factories.accounts import OperatorFactory, member
from tests.factories.events import EventFactory
from tests.integration.contests.admin.pages import ADMIN, entering, fields_of, page, told
from tests.integration.contests.arena import arena

pytestmark = pytest.mark.django_db


def test_an_operator_acting_everywhere_adds_to_the_parents_organization() -> None:
    event = EventFactory.create()
    client = entering(OperatorFactory.create())
    empty = {"categories-TOTAL_FORMS": 0, "categories-INITIAL_FORMS": 0}
    values = {"event": event.pk, "name": "Robots", "slug": "robots", "position": 0, "visibility": "private"}

    response = client.post(f"{ADMIN}/contest/add/", {**values, **empty})

    assert response.status_code == 302, response.context["errors"]
    contest = Contest._base_manager.get(name="Robots")
    assert (contest.organization_id, contest.status, contest.version) == (event.organization_id, "draft", 1)


def test_a_contest_is_saved_with_its_categories() -> None:
    found = arena()
    found.stand("draft")
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("contest", found.contest)))
    new = {"name": "Free skating", "slug": "free", "position": 1, "weight": "2"}
    values |= {f"categories-1-{name}": value for name, value in new.items()}
    values |= {"name": "Women", "categories-0-weight": "3", "categories-TOTAL_FORMS": 2}

    response = client.post(page("contest", found.contest), values)

    assert response.status_code == 302, response.context["errors"]
    assert found.now().name == "Women"
    with found.scope():
        weights = dict(Category.objects.filter(contest=found.contest).values_list("slug", "weight"))
    assert weights == {"short": Decimal(3), "free": Decimal(2)}


def test_a_form_older_than_the_row_is_refused_and_keeps_what_was_typed() -> None:
    found = arena()
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("category", found.category)))
    with found.scope():
        Category.objects.get(pk=found.category.pk).save()

    response = client.post(page("category", found.category), {**values, "name": "Mine"})

    assert response.status_code == 200
    (error,) = response.context["adminform"].form.non_field_errors()
    assert error.startswith("Somebody else changed this")
    assert 'value="Mine"' in response.content.decode()


def test_a_part_of_a_locked_contest_stays_as_it_is() -> None:
    found = arena()
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("category", found.category)))
    found.stand("locked")

    response = client.post(page("category", found.category), {**values, "weight": "7"})

    assert told(response) == ["The contest is locked: its marks, deductions and structure are read-only."]
    with found.scope():
        assert Category.objects.get(pk=found.category.pk).weight == Decimal(1)


def test_a_rule_that_contradicts_itself_is_an_error_of_its_field() -> None:
    found = arena()
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("category", found.category)))

    response = client.post(page("category", found.category), {**values, "rule": '{"drop_high": 1, "nonsense": 2}'})

    assert response.status_code == 200
    assert response.context["adminform"].form.errors["rule"] == ["nonsense: there is no such field"]


def test_another_organizations_category_can_not_be_picked() -> None:
    found, other = arena(), arena()
    values = {"category": other.category.pk, "name": "Style", "minimum": 0, "maximum": 10, "step": 1, "factor": 1}
    response = entering(found.person(Role.OWNER)).post(f"{ADMIN}/criterion/add/", {**values, "position": 0})
    assert list(response.context["adminform"].form.errors) == ["category"]
    with other.scope():
        assert Criterion.objects.filter(name="Style").count() == 0


def test_a_judges_account_is_one_of_the_organizations_members() -> None:
    found, other = arena(), arena()
    with found.scope():
        judge = Judge.objects.order_by("id")[1]
    client = entering(found.person(Role.ORGANIZER))
    values = fields_of(client.get(page("judge", judge)))

    refused = client.post(page("judge", judge), {**values, "user": str(member(other.organization).pk)})
    taken = client.post(page("judge", judge), {**values, "user": str(found.person(Role.AUDITOR).pk)})

    assert list(refused.context["adminform"].form.errors) == ["user"]
    assert taken.status_code == 302
