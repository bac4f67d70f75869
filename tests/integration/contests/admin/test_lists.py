"""What the admin shows of contests, and to whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import (
    Category,
)
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.factories.contests import (
    CategoryFactory,
)
from tests.integration.contests.admin.pages import ADMIN, NAMES, entering, made, page
from tests.integration.contests.arena import arena

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", NAMES)
def test_lists_and_pages_open_for_the_owner_and_for_an_operator(name: str) -> None:
    found = arena()
    (row,) = made(name, found.organization)
    for client in (entering(found.person(Role.OWNER)), entering(OperatorFactory.create())):
        for address in (f"{ADMIN}/{name}/", f"{ADMIN}/{name}/?q=a", page(name, row), page(name, row, "history")):
            assert (address, client.get(address).status_code) == (address, 200)


@pytest.mark.parametrize("name", ["contest", "category", "criterion", "contestant", "entry", "assignment", "recusal"])
def test_the_page_of_a_new_row_opens(name: str) -> None:
    found = arena()
    for client in (entering(found.person(Role.OWNER)), entering(OperatorFactory.create())):
        assert client.get(f"{ADMIN}/{name}/add/").status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_another_organizations_row_is_not_there(name: str) -> None:
    (row,) = made(name, arena().organization)
    stranger = entering(member(OrganizationFactory.create()))

    for tail in ("change", "history") if name == "certification" else ("change", "history", "delete"):
        assert stranger.get(page(name, row, tail)).status_code == 404
    assert stranger.get(f"{ADMIN}/{name}/").context["cl"].result_count == 0


@pytest.mark.parametrize("role", [Role.VIEWER, Role.JUDGE, Role.DATA_SCIENTIST])
@pytest.mark.parametrize("name", NAMES)
def test_who_does_not_organize_can_not_enter(name: str, role: Role) -> None:
    found = arena()
    response = entering(found.person(role)).get(f"{ADMIN}/{name}/")
    assert (response.status_code, response.headers["Location"][:13]) == (302, "/admin/login/")


@pytest.mark.parametrize("name", NAMES)
def test_a_list_of_ten_takes_as_many_queries_as_a_list_of_one(name: str) -> None:
    found = arena()
    client = entering(found.person(Role.OWNER))
    made(name, found.organization, 1)

    def queries() -> int:
        client.get(f"{ADMIN}/{name}/")
        with CaptureQueriesContext(
            connection,
        ) as context:
            assert client.get(f"{ADMIN}/{name}/").status_code == 200
        return len(context)

    with_one = queries()
    made(name, found.organization, 9)
    assert queries() == with_one


def test_who_does_not_read_marks_sees_none() -> None:
    found = arena()
    found.mark_all()
    assert entering(found.person(Role.ORGANIZER)).get(f"{ADMIN}/score/").context["cl"].result_count == 0
    assert entering(found.person(Role.AUDITOR)).get(f"{ADMIN}/score/").context["cl"].result_count == 18


def pick(client: Client, model: str, field: str, term: str = "") -> list[str]:
    """What a picker offers."""
    asked = {"app_label": "contests", "model_name": model, "field_name": field, "term": term}
    return sorted(row["text"] for row in client.get("/admin/autocomplete/", asked).json()["results"])


def test_pickers_offer_live_rows_of_the_organization_and_say_where_they_belong() -> None:
    found = arena(name="Ladies", event__name="Winter cup")
    gone = CategoryFactory.create(contest=found.contest, name="Gone")
    with found.scope():
        gone.delete()
        Category.objects.filter(pk=found.category.pk).update(name="Short")
    arena()

    for client in (entering(found.person(Role.OWNER)), entering(found.person(Role.ORGANIZER))):
        assert pick(client, "criterion", "category") == ["Short · Ladies · Winter cup"]


@pytest.mark.parametrize("name", ["entry", "score"])
def test_the_list_says_whether_a_row_is_deleted_also_where_rows_have_a_state_of_their_own(name: str) -> None:
    found = arena()
    kept, gone = made(name, found.organization, 2)
    with found.scope():
        gone.delete()
    owner = entering(found.person(Role.OWNER))

    def listed(client: Client, query: str) -> dict[Any, str]:
        shown = client.get(f"{ADMIN}/{name}/{query}").context["cl"]
        rows = [row for row in shown.result_list if row.pk in {kept.pk, gone.pk}]
        return {row.pk: shown.model_admin.deletion_state(row) for row in rows}

    assert listed(owner, "") == {kept.pk: "Live"}
    assert listed(owner, "?state=deleted") == {gone.pk: "Deleted"}
    assert listed(owner, "?state=all") == {kept.pk: "Live", gone.pk: "Deleted"}
    assert listed(entering(found.person(Role.TALLY_MASTER)), "?state=all") == {kept.pk: "Live"}
    assert "deletion_state" in owner.get(f"{ADMIN}/{name}/?state=all").context["cl"].list_display


def test_a_contests_list_is_narrowed_by_event_and_a_contestants_list_by_contest() -> None:
    found = arena()
    (other,) = made("contest", found.organization)
    client = entering(found.person(Role.ORGANIZER))

    contests = client.get(f"{ADMIN}/contest/", {"event__id__exact": str(other.event_id)}).context["cl"].result_list
    contestants = client.get(f"{ADMIN}/contestant/", {"contest__id__exact": str(other.pk)}).context["cl"]

    assert [contest.pk for contest in contests] == [other.pk]
    assert (contestants.result_count, contestants.full_result_count) == (0, 3)
