"""The first start, and the second."""

from __future__ import annotations

import re

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from pytest_django import Settings

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.accounts.policies import MemberAccess
from apps.contests.models import Contest, Recusal, Score
from apps.contests.selectors.certification import certification_in_force
from apps.contests.selectors.leaderboard import contest_board
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from apps.operations.services.bootstrap import start_first_time

pytestmark = pytest.mark.django_db

EMAIL = "olivia@podium.example"
PASSWORD = "correct horse battery staple"


def run(capsys: pytest.CaptureFixture[str], settings: Settings, *, password: str, demo: bool = False) -> str:
    settings.PODIUM_ADMIN_EMAIL = EMAIL
    settings.PODIUM_ADMIN_PASSWORD = password
    call_command("bootstrap", demo=demo)
    return capsys.readouterr().out


def test_the_first_start_makes_an_owner_with_the_given_password_and_does_not_print_it(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    printed = run(capsys, settings, password=PASSWORD)
    owner = User.objects.get()

    assert (owner.email, owner.check_password(PASSWORD), owner.is_staff) == (EMAIL, True, True)
    assert list(Membership.objects.values_list("user__email", "role")) == [(EMAIL, Role.OWNER)]
    assert (EMAIL in printed, PASSWORD in printed) == (True, False)


def test_without_a_password_one_is_generated_and_printed_once(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    printed = run(capsys, settings, password="")
    found = re.search(r"password: (\S+) ", printed)

    assert found is not None
    assert User.objects.get().check_password(found[1])
    assert run(capsys, settings, password="") == ""


def test_a_second_start_changes_nothing(capsys: pytest.CaptureFixture[str], settings: Settings) -> None:
    run(capsys, settings, password=PASSWORD)

    assert run(capsys, settings, password="another one", demo=True) == ""
    assert (User.objects.count(), Organization.objects.count()) == (1, 1)
    assert User.objects.get().check_password(PASSWORD)


def test_an_email_that_is_none_is_refused(settings: Settings) -> None:
    settings.PODIUM_ADMIN_EMAIL = "nobody"

    with pytest.raises(CommandError, match="PODIUM_ADMIN_EMAIL is not an email address: 'nobody'"):
        call_command("bootstrap")
    assert User.objects.count() == 0


def test_the_demo_has_a_published_contest_one_being_scored_and_one_open() -> None:
    first = start_first_time(email=EMAIL, password=PASSWORD, demo=True)
    assert first is not None
    access = MemberAccess(first.owner.pk, first.organization.pk, Role.OWNER)

    with organization_scope(first.organization.pk):
        contests = list(Contest.objects.order_by("position"))
        boards = {contest.slug: contest_board(contest, access=access) for contest in contests}
        seats = Recusal.objects.values_list("assignment__seat", "contestant__name")
        forbidden = Score.objects.filter(entry__contestant__recusals__assignment_id=F("assignment_id")).count()
        digest = certification_in_force(contests[0]).digest

        assert [(contest.slug, contest.status) for contest in contests] == [
            ("rescue", "published"),
            ("on-stage", "scoring"),
            ("design-poster", "open"),
        ]
        assert sorted(Event.objects.values_list("status", flat=True)) == ["draft", "live"]
        assert sorted(set(seats)) == [("J4", "Circuit Breakers")]
    ranks = [(row["rank"], row["contestant"]["name"]) for row in boards["rescue"].rows]
    assert [rank for rank, _ in ranks] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert {name for _, name in ranks[:2]} == {"Polar Pathfinders", "Maze Weavers"}
    assert sum(row["total"] is not None for row in boards["on-stage"].rows) == 3
    assert forbidden == 0
    assert len(digest) == 64


def test_the_demos_people_sign_in_with_the_owners_password() -> None:
    first = start_first_time(email=EMAIL, password=PASSWORD, demo=True)
    assert first is not None
    roles = dict(Membership.objects.values_list("user__email", "role"))

    assert {one.email: str(one.role) for one in first.people} | {EMAIL: "owner"} == roles
    assert [user.email for user in User.objects.all() if not user.check_password(PASSWORD)] == []
