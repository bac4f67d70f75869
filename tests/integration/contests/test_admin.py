"""Contests in the admin: who sees what, what each step does and refuses, and that nothing is overwritten unseen."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.enums import Role
from apps.contests.models import (
    Category,
    Certification,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Judge,
    Score,
)
from tests.factories.accounts import OperatorFactory, member
from tests.factories.contests import (
    AssignmentFactory,
    CategoryFactory,
    ContestantFactory,
    ContestFactory,
    CriterionFactory,
    DeductionFactory,
    EntryFactory,
    JudgeFactory,
    RecusalFactory,
    ScoreFactory,
    certify,
)
from tests.factories.events import EventFactory
from tests.integration.contests.arena import Arena, arena

pytestmark = pytest.mark.django_db

ADMIN = "/admin/contests"
FACTORIES: dict[str, Callable[..., Any]] = {
    "contest": ContestFactory.create,
    "category": CategoryFactory.create,
    "criterion": CriterionFactory.create,
    "contestant": ContestantFactory.create,
    "entry": EntryFactory.create,
    "judge": JudgeFactory.create,
    "assignment": AssignmentFactory.create,
    "recusal": RecusalFactory.create,
    "score": ScoreFactory.create,
    "deduction": DeductionFactory.create,
}
NAMES = [*FACTORIES, "certification"]


def entering(user: Any) -> Client:
    """The admin, as this person."""
    client = Client()
    client.force_login(user)
    return client


def made(name: str, organization: Any, count: int = 1) -> list[Any]:
    """Rows of this kind, each in a contest of its own where it is in one."""
    rows = []
    for _ in range(count):
        if name == "certification":
            rows.append(certify(ContestFactory.create(event=EventFactory.create(organization=organization))))
        elif name in {"contest"}:
            rows.append(ContestFactory.create(event=EventFactory.create(organization=organization)))
        elif name == "judge":
            rows.append(JudgeFactory.create(organization=organization))
        else:
            contest = ContestFactory.create(event=EventFactory.create(organization=organization))
            rows.append(FACTORIES[name](**{_way_to_contest(name): contest}))
    return rows


def _way_to_contest(name: str) -> str:
    return {
        "category": "contest",
        "contestant": "contest",
        "criterion": "category__contest",
        "entry": "category__contest",
        "assignment": "category__contest",
        "recusal": "assignment__category__contest",
        "score": "entry__category__contest",
        "deduction": "entry__category__contest",
    }[name]


def page(name: str, row: models.Model, tail: str = "change") -> str:
    """An address of a row."""
    return f"{ADMIN}/{name}/{row.pk}/{tail}/"


def told(response: Any) -> list[str]:
    """The messages of a redirect, as people read them."""
    return [unescape(str(message)) for message in get_messages(response.wsgi_request)]


def fields_of(response: Any) -> dict[str, Any]:
    """What the form on a change page would send if nothing was changed."""
    context = response.context
    values = _values(context["adminform"].form)
    for formset in context["inline_admin_formsets"]:
        values |= _values(formset.formset.management_form)
        for form in formset.formset.forms:
            values |= _values(form)
    return values


def _values(form: Any) -> dict[str, Any]:
    values = {}
    for bound in form:
        value = bound.field.prepare_value(bound.value())
        if value is not None and value is not False:
            values[bound.html_name] = value
    return values


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
    stranger = entering(member(arena().organization))

    for tail in ("change", "history") if name == "certification" else ("change", "history", "delete"):
        assert stranger.get(page(name, row, tail)).status_code == 404
    assert stranger.get(f"{ADMIN}/{name}/").context["cl"].result_count == 0


@pytest.mark.parametrize("step", ["board", "open", "start_scoring", "lock", "certify", "publish", "reopen", "void"])
def test_another_organizations_contest_takes_no_step(step: str) -> None:
    found = arena()
    stranger = entering(member(arena().organization))

    assert stranger.post(page("contest", found.contest, step), {"version": 1, "reason": "x"}).status_code == 404
    assert found.now().status == "scoring"


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


def step(found: Arena, name: str, role: Role = Role.OWNER, **values: Any) -> list[str]:
    """Take a step of the contest in the version that is shown; what the admin says to that."""
    client = entering(found.person(role))
    asked = client.get(page("contest", found.contest, name))
    assert asked.status_code == 200, asked.status_code
    version = asked.context["form"].initial["version"]
    response = client.post(page("contest", found.contest, name), {"version": version, **values})
    assert (response.status_code, response.headers.get("Location")) == (302, page("contest", found.contest))
    return told(response)


def test_a_contest_goes_its_whole_way_and_back_by_buttons() -> None:
    found = arena(name="Ladies")
    found.stand("draft")
    said = step(found, "open") + step(found, "start_scoring")
    found.mark_all()
    for name, reason in (("lock", ""), ("reopen", "A mark was wrong"), ("lock", ""), ("certify", "")):
        said += step(found, name, reason=reason)
    said += step(found, "publish") + step(found, "void", reason="Wrong skater")

    assert said == [
        "Ladies is open for entries.",
        "Ladies is being scored.",
        "Ladies is locked.",
        "Ladies is reopened.",
        "Ladies is locked.",
        "Ladies is certified.",
        "Ladies is published.",
        "Ladies is locked; its certification was voided.",
    ]
    assert found.now().status == "locked"
    with found.scope():
        assert Certification.objects.get().void_reason == "Wrong skater"


def test_looking_at_a_step_takes_none() -> None:
    found = arena()
    found.stand("draft")
    assert entering(found.person(Role.OWNER)).get(page("contest", found.contest, "open")).status_code == 200
    assert found.now().status == "draft"


def test_a_step_that_is_not_allowed_is_refused_with_a_message() -> None:
    found = arena()
    found.stand("draft")
    assert step(found, "lock") == ["A contest that is draft can't do 'lock'; it can do open."]
    assert found.now().status == "draft"


def test_a_lock_without_all_marks_names_the_first_that_are_missing() -> None:
    found = arena()
    said = step(found, "lock")
    assert said[0] == "18 marks are missing. Record them, or record that the judge was absent or abstained."
    assert said[1] == "J1 has not marked Skating skills of number 1."
    assert (len(said), said[-1]) == (12, "… and 8 more.")
    assert found.now().status == "scoring"


def test_a_step_after_somebody_elses_is_refused_with_a_message() -> None:
    found = arena()
    found.mark_all()
    assert step(found, "lock", version=found.now().version - 1)[0].startswith("Version ")
    assert found.now().status == "scoring"


@pytest.mark.parametrize("name", ["reopen", "void"])
def test_a_step_that_needs_a_reason_asks_for_one(name: str) -> None:
    found = arena()
    found.mark_all()
    certify(found.contest, voided=name == "reopen")
    before = found.now().status
    client = entering(found.person(Role.OWNER))

    response = client.post(page("contest", found.contest, name), {"version": found.now().version, "reason": " "})

    assert response.status_code == 200
    assert response.context["form"].errors == {"reason": ["This field is required."]}
    assert found.now().status == before


def test_who_may_not_take_a_step_sees_no_button_and_is_refused() -> None:
    found = arena()
    found.mark_all()
    found.stand("locked")
    organizer = entering(found.person(Role.ORGANIZER))

    buttons = organizer.get(page("contest", found.contest)).context["actions_detail"]
    assert [button["title"] for button in buttons] == ["Board"]
    assert organizer.post(page("contest", found.contest, "certify"), {"version": 1}).status_code == 403
    assert found.now().status == "locked"


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


def test_an_operator_acting_everywhere_adds_to_the_parents_organization() -> None:
    event = EventFactory.create()
    client = entering(OperatorFactory.create())
    client.get("/admin/")
    assert client.get(f"{ADMIN}/contest/add/").status_code == 200
    empty = {"categories-TOTAL_FORMS": 0, "categories-INITIAL_FORMS": 0}
    values = {
        "event": event.pk,
        "name": "Robots",
        "slug": "robots",
        "position": 0,
        "visibility": "private",
        "rule": "",
    }

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

    response = client.post(
        page("contest", found.contest),
        {**values, "name": "Women", "categories-0-weight": "3", "categories-TOTAL_FORMS": 2},
    )

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


def test_a_locked_contest_can_still_be_shown_otherwise() -> None:
    found = arena()
    found.stand("locked")
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("contest", found.contest)))
    assert {"name", "visibility"} < set(values)
    assert not {"slug", "rule", "blind"} & set(values)

    response = client.post(page("contest", found.contest), {**values, "visibility": "public"})

    assert response.status_code == 302, response.context["errors"]
    assert found.now().visibility == "public"


def test_a_rule_that_contradicts_itself_is_an_error_of_its_field() -> None:
    found = arena()
    client = entering(found.person(Role.OWNER))
    values = fields_of(client.get(page("category", found.category)))

    response = client.post(page("category", found.category), {**values, "rule": '{"drop_high": 1, "nonsense": 2}'})

    assert response.status_code == 200
    assert response.context["adminform"].form.errors["rule"] == ["nonsense: is unknown"]


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


def test_who_does_not_read_marks_sees_none() -> None:
    found = arena()
    found.mark_all()
    assert entering(found.person(Role.ORGANIZER)).get(f"{ADMIN}/score/").context["cl"].result_count == 0
    assert entering(found.person(Role.AUDITOR)).get(f"{ADMIN}/score/").context["cl"].result_count == 18


@pytest.mark.parametrize(("step_name", "status"), [("withdraw", "withdrawn"), ("disqualify", "disqualified")])
def test_a_contestant_leaves_and_comes_back(step_name: str, status: str) -> None:
    found = arena()
    contestant = found.entries[0].contestant
    client = entering(found.person(Role.ORGANIZER))

    def now() -> str:
        with found.scope():
            return str(Contestant.objects.get(pk=contestant.pk).status)

    client.post(page("contestant", contestant, step_name), {"version": 1})
    assert now() == status
    client.post(page("contestant", contestant, "reinstate"), {"version": 1})
    assert now() == status
    client.post(page("contestant", contestant, "reinstate"), {"version": 2})
    assert now() == "entered"


def test_an_entry_that_did_not_start_is_recorded_as_that() -> None:
    found = arena()
    client = entering(found.person(Role.ORGANIZER))
    client.post(page("entry", found.entries[0], "no_show"), {"version": 1})
    with found.scope():
        assert Entry.objects.get(pk=found.entries[0].pk).state == "no_show"


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
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE contests_score SET value = 9 WHERE id = (SELECT min(id::text)::uuid FROM contests_score)"
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    verified = entering(found.person(Role.OWNER)).get(page("certification", certification, "verify"))

    assert verified.context["verification"].holds is False
    assert "9" in {difference.stored for difference in verified.context["verification"].differences}


def test_what_is_signed_is_shown_to_those_who_read_marks() -> None:
    found = arena()
    found.mark_all()
    certification = certify(found.contest)
    names = {
        role: [
            name
            for name, _ in entering(found.person(role))
            .get(page("certification", certification))
            .context["adminform"]
            .fieldsets
        ]
        for role in (Role.AUDITOR, Role.ORGANIZER)
    }
    assert names == {
        Role.AUDITOR: [None, "SHA-256", "Voided", "Document"],
        Role.ORGANIZER: [None, "SHA-256", "Voided"],
    }


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
