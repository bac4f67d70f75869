"""Requests that are sent again under their key: one effect, one answer, and nobody else's."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Membership
from apps.contests.models import Contest
from apps.core import clock
from apps.core.erasure.services import erase_person
from apps.core.errors import Forbidden, StaleVersion, TooManyRequests, Unauthenticated, Unavailable, VersionRequired
from apps.core.idempotency import services
from apps.core.idempotency.models import IdempotencyKey
from apps.core.ids import new_id
from apps.core.jobs.models import Job
from apps.core.tasks import forget_keys
from apps.core.tenancy import organization_scope
from apps.events.api.v1.views import EventViewSet
from apps.events.models import Event
from tests.api import anonymous, pointers, problem
from tests.conftest import FakeClock
from tests.factories.accounts import PASSWORD, MembershipFactory, member
from tests.factories.datasets import csv_file
from tests.integration.core.house import House, client_of

EVENTS = "/api/v1/events/"
CUP = {"name": "Spring cup", "timezone": "Europe/Helsinki"}
A_DAY = 86_400
READABLE = """
SELECT concat_ws(' ', kept, encode(fingerprint, 'escape'), encode(answer, 'escape')) FROM core_idempotencykey kept
"""


def post(client: APIClient, body: Any = CUP, *, url: str = EVENTS, key: str = "k", **options: Any) -> Any:
    return client.post(url, body, HTTP_IDEMPOTENCY_KEY=key, **options)


def cups(house: House) -> int:
    with organization_scope(house.organization.pk):
        return Event.objects.filter(name=CUP["name"]).count()


def told(response: Any) -> tuple[int, bytes, dict[str, str]]:
    """All of an answer that is about what was asked."""
    names = ("Content-Type", "ETag", "Location", "Link", "Cache-Control")
    return response.status_code, response.content, {name: response.headers.get(name, "") for name in names}


class TestReplay:
    def test_the_second_answer_is_the_first_one_and_says_so(self, alice: House) -> None:
        first, second = post(alice.client), post(alice.client)

        assert first.status_code == 201
        assert told(second) == told(first)
        assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
        assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
        assert cups(alice) == 1

    def test_without_a_key_each_request_counts(self, alice: House) -> None:
        made = [alice.client.post(EVENTS, CUP) for _ in range(2)]

        assert [response.headers.get("Idempotent-Replayed") for response in made] == [None, None]
        assert (cups(alice), IdempotencyKey.objects.count()) == (2, 0)

    def test_another_key_is_another_request(self, alice: House) -> None:
        post(alice.client, key="one")
        post(alice.client, key="two")

        assert cups(alice) == 2

    def test_the_same_key_counts_apart_at_another_route(self, alice: House) -> None:
        post(alice.client)
        contest = post(alice.client, {"event": str(alice.one(Event).pk), "name": "X"}, url="/api/v1/contests/")

        assert (contest.status_code, contest.headers.get("Idempotent-Replayed")) == (201, None)

    def test_it_is_given_in_the_format_that_is_asked_for_this_time(self, alice: House) -> None:
        first = post(alice.client)
        second = post(alice.client, HTTP_ACCEPT="application/vnd.podium.v1+json")

        assert second.headers["Content-Type"] == "application/vnd.podium.v1+json"
        assert second.json() == first.json()

    def test_a_refusal_that_stays_one_is_kept_with_the_ids_of_its_own_request(self, alice: House) -> None:
        first, second = (post(alice.client, {"name": "", "timezone": "Mars"}) for _ in range(2))

        problem(first, 422, "INVALID")
        assert told(second) == told(first)
        assert second.headers["Content-Type"] == "application/problem+json"
        assert second.json()["request_id"] == first.headers["X-Request-ID"]

    def test_a_job_is_started_once(self, alice: House, media: object) -> None:
        url = "/api/v1/imports/contestants/"

        def upload() -> Any:
            body = {"contest": str(alice.one(Contest).pk), "file": csv_file(b"number,name\n900002,Mao\n")}
            return post(alice.client, body, url=url, format="multipart")

        first, second = upload(), upload()

        assert first.status_code == 202, first.content
        assert told(second) == told(first)
        with organization_scope(alice.organization.pk):
            assert Job.objects.filter(kind="csv_import").count() == 1

    def test_the_header_means_nothing_to_other_methods(self, alice: House) -> None:
        url = f"{EVENTS}{alice.one(Event).pk}/"
        names = [alice.client.patch(url, {"name": name}, HTTP_IDEMPOTENCY_KEY="k").json()["name"] for name in "AB"]

        assert (names, IdempotencyKey.objects.count()) == (["A", "B"], 0)

    def test_a_route_without_a_post_keeps_nothing(self, alice: House) -> None:
        problem(post(alice.client, url="/api/v1/history/"), 405, "METHOD_NOT_ALLOWED")

        assert IdempotencyKey.objects.count() == 0


class TestMismatch:
    def test_a_key_does_not_serve_two_requests(self, alice: House) -> None:
        post(alice.client)
        body = problem(post(alice.client, {**CUP, "name": "Autumn cup"}), 422, "IDEMPOTENCY_KEY_REUSED")

        assert pointers(body) == [("Idempotency-Key", "IDEMPOTENCY_KEY_REUSED")]
        assert cups(alice) == 1

    def test_nor_two_rows(self, alice: House) -> None:
        urls = [f"{EVENTS}{alice.another(Event).pk}/publish/" for _ in range(2)]

        assert post(alice.client, {}, url=urls[0]).status_code == 200
        problem(post(alice.client, {}, url=urls[1]), 422, "IDEMPOTENCY_KEY_REUSED")

    def test_a_refused_request_is_mended_under_a_new_key(self, alice: House) -> None:
        problem(post(alice.client, {"name": ""}), 422, "INVALID")
        problem(post(alice.client), 422, "IDEMPOTENCY_KEY_REUSED")

        assert post(alice.client, key="next").status_code == 201

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é", "tab\t"])
    def test_what_is_no_key_is_a_bad_header(self, key: str, alice: House) -> None:
        body = problem(post(alice.client, key=key), 400, "MALFORMED_REQUEST")

        assert pointers(body) == [("Idempotency-Key", "INVALID_IDEMPOTENCY_KEY")]
        assert cups(alice) == 0


class TestWhose:
    def test_another_organization_has_keys_of_its_own(self, alice: House, bob: House) -> None:
        hers, his = post(alice.client), post(bob.client)

        assert (his.status_code, his.headers.get("Idempotent-Replayed")) == (201, None)
        assert his.json()["id"] != hers.json()["id"]
        assert (cups(alice), cups(bob)) == (1, 1)

    def test_another_person_of_the_organization_has_keys_of_their_own(self, alice: House) -> None:
        hers = post(alice.client)
        theirs = post(client_of(alice.person(Role.ORGANIZER)))

        assert (theirs.status_code, theirs.headers.get("Idempotent-Replayed")) == (201, None)
        assert theirs.json()["id"] != hers.json()["id"]

    def test_one_person_in_two_organizations_has_keys_in_each(self, alice: House, bob: House) -> None:
        MembershipFactory.create(organization=bob.organization, user=alice.owner, role=Role.OWNER)
        for house in (alice, bob):
            made = post(client_of(alice.owner, house.organization.slug))
            assert (made.status_code, made.headers.get("Idempotent-Replayed")) == (201, None)

        assert (cups(alice), cups(bob)) == (1, 1)

    def test_who_may_not_ask_any_more_is_not_answered(self, alice: House) -> None:
        """The key comes after the role."""
        client = client_of(alice.person(Role.ORGANIZER))
        assert post(client).status_code == 201
        with organization_scope(alice.organization.pk):
            Membership.objects.filter(user=alice.person(Role.ORGANIZER)).update(role=Role.VIEWER)

        problem(post(client), 403, "FORBIDDEN")

    def test_who_has_not_signed_in_has_no_keys(self, alice: House) -> None:
        credentials = {"email": alice.owner.email, "password": PASSWORD}
        pairs = [post(anonymous(), credentials, url="/api/v1/auth/login/").json()["refresh"] for _ in range(2)]

        assert pairs[0] != pairs[1]
        problem(post(anonymous()), 401, "NOT_AUTHENTICATED")
        assert IdempotencyKey.objects.count() == 0


class TestUnderWay:
    @pytest.fixture
    def claimed(self, alice: House, fake_clock: FakeClock) -> IdempotencyKey:
        """A request whose worker was killed at its work."""
        post(alice.client)
        now = fake_clock.now()
        with organization_scope(alice.organization.pk):
            Event.objects.filter(name=CUP["name"]).delete()
        IdempotencyKey.objects.update(answer=None, lease_until=now + services.LEASE, created_at=now, token=new_id())
        return IdempotencyKey.objects.get()

    @pytest.mark.usefixtures("claimed")
    def test_the_same_request_is_told_to_wait(self, alice: House) -> None:
        response = post(alice.client)

        problem(response, 409, "REQUEST_IN_FLIGHT")
        assert response.headers["Retry-After"] == "1"
        assert cups(alice) == 0

    @pytest.mark.usefixtures("claimed")
    def test_another_request_under_its_key_is_refused_at_once(self, alice: House) -> None:
        problem(post(alice.client, {**CUP, "name": "Autumn cup"}), 422, "IDEMPOTENCY_KEY_REUSED")

    @pytest.mark.usefixtures("claimed")
    def test_a_killed_workers_key_is_free_once_its_lease_is_over(self, alice: House, fake_clock: FakeClock) -> None:
        fake_clock.advance(services.LEASE.total_seconds() - 1)
        problem(post(alice.client), 409, "REQUEST_IN_FLIGHT")
        fake_clock.advance(1)

        assert post(alice.client).status_code == 201
        assert post(alice.client).headers["Idempotent-Replayed"] == "true"
        assert cups(alice) == 1

    def test_what_a_worker_does_that_has_lost_its_claim_is_undone(
        self, alice: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It took longer than its lease, and another one has taken the key over meanwhile."""
        create = EventViewSet.create

        def slow(view: EventViewSet, *args: Any, **kwargs: Any) -> Any:
            response = create(view, *args, **kwargs)
            IdempotencyKey.objects.update(token=new_id())
            return response

        monkeypatch.setattr(EventViewSet, "create", slow)

        problem(post(alice.client), 409, "REQUEST_IN_FLIGHT")
        assert cups(alice) == 0

    def test_a_key_that_was_given_up_this_moment_is_waited_for(
        self, alice: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        insert = IdempotencyKey.objects.bulk_create

        def gone(rows: Any, **options: Any) -> Any:
            made = insert(rows, **options)
            IdempotencyKey.objects.all().delete()
            return made

        monkeypatch.setattr(IdempotencyKey.objects, "bulk_create", gone)

        problem(post(alice.client), 409, "REQUEST_IN_FLIGHT")


def refusing(error: Exception) -> Callable[..., Any]:
    """A view that has made an event when it finds that it can't go on."""
    create = EventViewSet.create

    def view(self: EventViewSet, *args: Any, **kwargs: Any) -> Any:
        create(self, *args, **kwargs)
        raise error

    return view


class TestNotKept:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (Unauthenticated("Sign in."), 401),
            (Forbidden("Not you."), 403),
            (StaleVersion("Older."), 412),
            (VersionRequired("Which?"), 428),
            (TooManyRequests("Slowly."), 429),
            (RuntimeError("A fault."), 500),
            (Unavailable("Away."), 503),
        ],
        ids=lambda value: str(value) if isinstance(value, int) else "",
    )
    def test_what_may_be_otherwise_next_time_is_tried_again(
        self, error: Exception, status: int, alice: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(EventViewSet, "create", refusing(error))
            logging.disable(logging.CRITICAL)
            answers = [post(alice.client).status_code for _ in range(2)]
            logging.disable(logging.NOTSET)
        assert (answers, cups(alice), IdempotencyKey.objects.count()) == ([status, status], 0, 0)

        made = post(alice.client)
        assert (made.status_code, made.headers.get("Idempotent-Replayed"), cups(alice)) == (201, None, 1)

    def test_a_conflict_is_none_any_more_once_it_is_resolved(self, alice: House) -> None:
        body = {**CUP, "slug": alice.one(Event).slug}
        problem(post(alice.client, body), 409, "ALREADY_EXISTS")
        with organization_scope(alice.organization.pk):
            Event.objects.filter(pk=alice.one(Event).pk).update(slug="another-slug")

        assert post(alice.client, body).status_code == 201

    def test_a_body_that_can_t_be_read_takes_no_key(self, alice: House) -> None:
        broken = post(alice.client, "{", content_type="application/json", format=None)

        problem(broken, 400, "MALFORMED_REQUEST")
        assert post(alice.client).status_code == 201

    def test_nothing_is_done_without_its_key_being_kept(self, alice: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """The effect and the key are one transaction: where the key can't be written, there is no effect."""

        def broken(**_: Any) -> None:
            raise Unavailable("The database is away.")

        monkeypatch.setattr("apps.core.rest.idempotency.keep_answer", broken)
        response = post(alice.client)

        assert (response.status_code, cups(alice), IdempotencyKey.objects.count()) == (503, 0, 0)


class TestKeeping:
    def test_a_key_is_forgotten_after_a_day(self, alice: House, fake_clock: FakeClock) -> None:
        post(alice.client)
        client = alice.client
        fake_clock.advance(A_DAY - 1)
        client = client_of(alice.owner)
        assert (post(client).headers.get("Idempotent-Replayed"), forget_keys()) == ("true", 0)
        fake_clock.advance(1)

        assert forget_keys() == 1
        assert post(client).status_code == 201
        assert cups(alice) == 2

    def test_a_day_is_over_whether_or_not_somebody_has_cleaned_up(self, alice: House, fake_clock: FakeClock) -> None:
        post(alice.client)
        fake_clock.advance(A_DAY)
        client = client_of(alice.owner)

        later = post(client, {**CUP, "name": "Autumn cup"})
        assert (later.status_code, later.headers.get("Idempotent-Replayed")) == (201, None)
        assert post(client, {**CUP, "name": "Autumn cup"}).json() == later.json()

    def test_the_schedule_asks_for_it(self) -> None:
        assert settings.CELERY_BEAT_SCHEDULE["idempotency-forget"]["task"] == forget_keys.name

    def test_what_is_kept_can_t_be_read_in_the_database(self, alice: House) -> None:
        def make() -> Any:
            body = {"target_url": "https://hooks.example.org/podium"}
            return post(alice.client, body, url="/api/v1/webhook-endpoints/", key="visible-key")

        secret = make().json()["secret"]
        with connection.cursor() as cursor:
            cursor.execute(READABLE)
            ((row,),) = cursor.fetchall()

        assert [told for told in (secret, "hooks.example.org", "visible-key") if told in row] == []
        assert make().json()["secret"] == secret

    def test_an_answer_that_is_too_large_is_not_kept_and_nothing_is_done_twice(
        self, alice: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "LARGEST", 100)
        assert post(alice.client).status_code == 201

        problem(post(alice.client), 409, "ANSWER_NOT_KEPT")
        assert cups(alice) == 1

    def test_new_keys_encrypt_what_is_kept(self, alice: House, settings: Any) -> None:
        settings.ENCRYPTION_KEYS = ["a" * 40]
        first = post(alice.client)
        settings.ENCRYPTION_KEYS = ["b" * 40, "a" * 40]
        call_command("reencrypt_secrets", stdout=StringIO())
        settings.ENCRYPTION_KEYS = ["b" * 40]

        assert told(post(alice.client)) == told(first)

    def test_what_no_key_opens_any_more_is_not_done_again_either(self, alice: House, settings: Any) -> None:
        settings.ENCRYPTION_KEYS = ["a" * 40]
        assert post(alice.client).status_code == 201
        settings.ENCRYPTION_KEYS = ["b" * 40]

        problem(post(alice.client), 409, "ANSWER_NOT_KEPT")
        assert cups(alice) == 1


class TestErasure:
    def test_the_keys_of_a_person_go_with_them(self, alice: House, bob: House) -> None:
        post(alice.client)
        post(bob.client)

        services.withdraw_answers(user_id=alice.owner.pk, patterns=[])

        assert [row.user_id for row in IdempotencyKey.objects.all()] == [bob.owner.pk]
        assert post(bob.client).headers["Idempotent-Replayed"] == "true"

    def test_an_answer_that_no_key_opens_any_more_is_withdrawn(self, alice: House, bob: House, settings: Any) -> None:
        settings.ENCRYPTION_KEYS = ["a" * 40]
        post(alice.client)
        settings.ENCRYPTION_KEYS = ["b" * 40]

        assert services.withdraw_answers(user_id=bob.owner.pk, patterns=[re.compile("x")]) == 1

    def test_an_answer_that_names_them_is_withdrawn_and_not_done_again(self, alice: House) -> None:
        person = member(alice.organization, Role.VIEWER, full_name="Äinö Zyxwvut", email="zyx@qzjx.example")
        named = {"name": "Äinö Zyxwvut", "timezone": "Europe/Helsinki"}
        assert post(alice.client, named).status_code == 201
        post(alice.client, key="other")

        erase_person(user_id=person.pk)

        problem(post(alice.client, named), 409, "ANSWER_NOT_KEPT")
        assert post(alice.client, key="other").headers["Idempotent-Replayed"] == "true"


def test_time_is_taken_from_the_clock_of_the_house(alice: House, fake_clock: FakeClock) -> None:
    post(alice.client)

    assert IdempotencyKey.objects.get().created_at == clock.now() == fake_clock.time
