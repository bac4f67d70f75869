"""An erased person's name and address are nowhere, and what they did is still there."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, models

from apps.accounts.enums import Role
from apps.accounts.models import Organization, User
from apps.contests.models import Contest, Contestant, Judge
from apps.core.audit.models import AuditRecord
from apps.core.erasure.hooks import ErasedPerson, erasing
from apps.core.erasure.services import erase_person
from apps.core.erasure.sweep import pattern_of
from apps.core.jobs.models import Job
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.tenancy import platform_scope
from tests.api import problem, signed_in
from tests.factories.accounts import OrganizationFactory, UserFactory, member
from tests.factories.events import EventFactory
from tests.integration.core.erasure.dump import dump, mentioning

pytestmark = pytest.mark.django_db

NAME, ADDRESS = "Aino-Maija Räsänen", "aino.rasanen@example.org"


@pytest.fixture(autouse=True)
def _on_the_platform() -> Iterator[None]:
    with platform_scope("tests of erasure look at everything"):
        yield


@pytest.fixture
def house() -> Organization:
    organization: Organization = OrganizationFactory.create()
    member(organization)  # an owner, who stays
    return organization


@pytest.fixture
def aino(house: Organization) -> User:
    return member(house, Role.ORGANIZER, full_name=NAME, email=ADDRESS)


def live_a_life(house: Organization, aino: User) -> tuple[Judge, Contestant]:
    """Leave traces wherever the platform keeps some."""
    event = EventFactory.create(organization=house, description=f"Questions to {ADDRESS.upper()}.")
    contest = Contest.objects.create(organization=house, event=event, name="Ladies", slug="ladies")
    judge = Judge.objects.create(organization=house, user=aino, name=NAME, email=ADDRESS, qualifications="ISU")
    contestant = Contestant.objects.create(
        organization=house, contest=contest, number=7, name="A. Räsänen", email=ADDRESS, members=[NAME]
    )
    judge.name = f"{NAME} (technical)"
    judge.save()
    restore_deletion(deletion=delete_object(root=judge))
    delete_object(root=contestant)
    Job.of_all_organizations.create(kind="import", task="x", label=f"Import by {NAME}", result={"by": ADDRESS})
    OutboxMessage.objects.create(type="x", subject="x", data={"mail": ADDRESS, "note": f'"{NAME}"'})
    LogEntry.objects.create(
        user=aino,
        content_type=ContentType.objects.get_for_model(Judge),
        object_id=str(judge.pk),
        object_repr=NAME,
        action_flag=CHANGE,
        change_message=f"Mailed {ADDRESS}",
    )
    session = SessionStore()
    session["_auth_user_id"] = str(aino.pk)
    session.save()
    return judge, contestant


def test_name_and_address_are_in_no_table_afterwards(house: Organization, aino: User) -> None:
    live_a_life(house, aino)
    before = mentioning(NAME, ADDRESS)
    assert {"accounts_user", "contests_judge", "core_auditrecord", "core_deletion", "core_job"} <= set(before)

    erase_person(user_id=aino.pk)

    assert mentioning(NAME, ADDRESS, "A. Räsänen") == []


def test_logs_hold_neither_before_nor_after(
    house: Organization, aino: User, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG, logger="podium"):
        live_a_life(house, aino)
        signed_in(aino).get("/api/v1/auth/me/")
        signed_in(aino).post("/api/v1/auth/token/", {"email": ADDRESS, "password": "not this one"})
        signed_in(aino).get("/api/v1/events/", {"search": ADDRESS})
        erase_person(user_id=aino.pk)

    told = (caplog.text + "".join(capsys.readouterr())).lower()
    assert "podium.request" in told
    assert [word for word in (NAME, ADDRESS) if word.lower() in told] == []


def test_what_they_did_stays_under_a_pseudonym(house: Organization, aino: User) -> None:
    judge, contestant = live_a_life(house, aino)

    erase_person(user_id=aino.pk)

    judge.refresh_from_db()
    contestant = Contestant.all_objects.get(pk=contestant.pk)
    pseudonym = f"Erased person {str(aino.pk)[-6:]}"
    assert (judge.name, judge.email, judge.qualifications, judge.user_id) == (pseudonym, "", "", aino.pk)
    assert (contestant.number, contestant.name, contestant.members) == (7, pseudonym, [])
    actions = AuditRecord.objects.filter(row_id=judge.pk).order_by("id").values_list("action", "new")
    assert actions[1] == ("changed", {"name": "[erased]"})


def test_the_account_is_closed_for_good(house: Organization, aino: User) -> None:
    live_a_life(house, aino)
    client = signed_in(aino, house)

    erase_person(user_id=aino.pk)

    user = User.all_objects.get(pk=aino.pk)
    assert (user.is_active, user.is_deleted, user.has_usable_password()) == (False, True, False)
    assert user.email == f"{aino.pk}@erased.invalid"
    assert (Session.objects.count(), client.get("/api/v1/auth/me/").status_code) == (0, 401)


def test_somebody_of_the_same_name_keeps_it(house: Organization, aino: User) -> None:
    other = Judge.objects.create(organization=house, name=NAME, email="another@example.org")

    erase_person(user_id=aino.pk)

    other.refresh_from_db()
    assert (other.name, other.email) == (NAME, "another@example.org")


def test_an_erasure_that_is_done_again_changes_nothing(house: Organization, aino: User) -> None:
    live_a_life(house, aino)
    erase_person(user_id=aino.pk)
    before = dump()

    erase_person(user_id=aino.pk)

    after = dump()
    assert {table for table in after if after[table] != before[table]} <= {"accounts_user", "contests_judge"} | {
        "contests_contestant",
        "core_auditrecord",
        "accounts_tokenfamily",
    }
    assert mentioning(NAME, ADDRESS) == []


def test_the_apps_are_told_once_the_rows_are_overwritten(
    house: Organization, aino: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge.objects.create(organization=house, user=aino, name=NAME, email=ADDRESS)
    told: list[ErasedPerson] = []
    monkeypatch.setattr(erasing, "_functions", [told.append])

    erase_person(user_id=aino.pk)

    (person,) = told
    assert (person.user_id, person.addresses, person.names) == (aino.pk, (ADDRESS,), (NAME,))
    assert person.rows["contests.judge"] == (judge.pk,)


class TestAsking:
    def ask(self, person: User, house: Organization, user_id: UUID, confirm: object) -> Any:
        return signed_in(person, house).post(f"/api/v1/users/{user_id}/erase/", {"confirm": str(confirm)})

    def test_a_person_asks_for_themselves_and_gets_a_job(self, house: Organization, aino: User) -> None:
        response = self.ask(aino, house, aino.pk, aino.pk)

        job = Job.of_all_organizations.get()
        assert (response.status_code, response["Location"]) == (202, f"/api/v1/jobs/{job.pk}/")
        assert (job.task, job.parameters) == ("core.erase_person", {"user_id": str(aino.pk)})

    def test_nobody_asks_for_others_but_the_platforms_staff(self, house: Organization, aino: User) -> None:
        owner, operator = member(house), UserFactory.create(is_staff=True)

        problem(self.ask(owner, house, aino.pk, aino.pk), 403, "FORBIDDEN")
        assert self.ask(operator, house, aino.pk, aino.pk).status_code == 202

    def test_the_id_is_typed_back(self, house: Organization, aino: User) -> None:
        problem(self.ask(aino, house, aino.pk, "yes"), 422, "INVALID")

    def test_an_unknown_id_is_not_found(self, house: Organization) -> None:
        operator = UserFactory.create(is_staff=True)
        problem(self.ask(operator, house, house.pk, house.pk), 404, "NOT_FOUND")


@pytest.mark.parametrize(("name", "label"), [("import", "Import by import"), ("Import", "[erased] by import")])
def test_a_name_that_is_a_word_of_ours_renames_nothing(house: Organization, name: str, label: str) -> None:
    person = member(house, Role.ORGANIZER, full_name=name)
    job = Job.of_all_organizations.create(kind="import", task="x", label="Import by import")

    erase_person(user_id=person.pk)

    job.refresh_from_db()
    assert (job.kind, job.label) == ("import", label)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("write to aino.rasanen@example.org.", True),
        ("<AINO.RASANEN@EXAMPLE.ORG>", True),
        ("kaino.aino.rasanen@example.org", False),
        ("x-aino.rasanen@example.org", False),
        ("aino.rasanen@example.org.uk", False),
        ("aino.rasanen@example.organic", False),
        ("ainoXrasanen@example.org", False),
    ],
)
def test_an_address_is_found_alone_and_not_inside_another(text: str, found: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s ~* %s", [text, pattern_of(ADDRESS)])
        assert cursor.fetchone() == (found,)


def soft_deleted_models() -> list[type[models.Model]]:
    return [m for m in apps.get_models() if issubclass(m, SoftDeletedModel) and m.__module__.startswith("apps.")]


@pytest.mark.parametrize("model", soft_deleted_models(), ids=lambda model: model._meta.label)
def test_every_text_field_is_declared_personal_or_not(model: type[SoftDeletedModel]) -> None:
    texts = {
        field.name
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and not isinstance(field, models.SlugField)
        and not field.choices
    }

    assert texts == set(model.personal_fields) | set(model.impersonal_fields)
