"""Signing in, going on, and signing out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from apps.accounts.enums import Role, SessionEnd
from apps.accounts.models import TokenFamily, User
from apps.accounts.services import sessions
from apps.accounts.services.sessions import set_password
from apps.accounts.services.tokens import AccessToken, RefreshToken
from apps.core.erasure.services import erase_person
from apps.core.outbox.models import OutboxMessage
from apps.core.softdelete.services import delete_object, restore_deletion
from apps.core.tenancy import platform_scope
from tests.api import anonymous, pointers, problem, signed_in
from tests.factories.accounts import PASSWORD, MembershipFactory, OrganizationFactory, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alice")]

LOCK = {"account_and_address": "3/15minute", "account": "5/15minute", "address": "7/15minute"}


@pytest.fixture
def alice() -> User:
    return member(OrganizationFactory.create(slug="ice"), email="alice@example.org", full_name="Alice")


def login(client: APIClient, email: str = "alice@example.org", password: str = PASSWORD) -> Any:
    return client.post("/api/v1/auth/login/", {"email": email, "password": password})


def bearer(access: str) -> APIClient:
    return anonymous(HTTP_AUTHORIZATION=f"Bearer {access}")


def test_signing_in_gives_a_pair_of_tokens_that_work(alice: User) -> None:
    response = login(anonymous())
    assert response.status_code == 200
    assert set(response.json()) == {"access", "refresh", "expires_in"}
    assert response["Cache-Control"] == "no-store"
    me = bearer(response.json()["access"]).get("/api/v1/auth/me/").json()
    assert me["user"] == {"id": str(alice.pk), "email": "alice@example.org", "full_name": "Alice", "is_staff": False}


def test_the_case_of_an_email_does_not_matter() -> None:
    assert login(anonymous(), email="ALICE@Example.org").status_code == 200


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("alice@example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("alice@example.org", f" {PASSWORD}"),
    ],
)
def test_a_wrong_password_and_an_unknown_address_look_the_same(email: str, password: str) -> None:
    body = problem(login(anonymous(), email, password), 401, "SIGN_IN_FAILED")
    assert body["detail"] == "There is no account with this email and password."


def test_someone_who_is_switched_off_can_not_sign_in(alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    problem(login(anonymous()), 401, "SIGN_IN_FAILED")


def test_login_names_missing_and_unknown_fields() -> None:
    body = problem(anonymous().post("/api/v1/auth/login/", {"email": "x", "pasword": "y"}), 422, "INVALID")
    assert pointers(body) == [("#/email", "INVALID"), ("#/password", "REQUIRED"), ("#/pasword", "UNKNOWN_FIELD")]
    body = problem(anonymous().post("/api/v1/auth/login/", {"email": "x"}), 422, "INVALID")
    assert pointers(body) == [("#/email", "INVALID"), ("#/password", "REQUIRED")]


def test_a_refresh_token_is_spent_for_the_next_pair() -> None:
    first = login(anonymous()).json()
    second = anonymous().post("/api/v1/auth/refresh/", {"refresh": first["refresh"]})
    assert second.status_code == 200
    third = anonymous().post("/api/v1/auth/refresh/", {"refresh": second.json()["refresh"]})
    assert third.status_code == 200
    assert bearer(third.json()["access"]).get("/api/v1/auth/me/").status_code == 200


def test_a_spent_refresh_token_ends_its_whole_family() -> None:
    first = login(anonymous()).json()
    other = login(anonymous()).json()
    second = anonymous().post("/api/v1/auth/refresh/", {"refresh": first["refresh"]}).json()
    problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": first["refresh"]}), 401, "TOKEN_REUSED")
    problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": second["refresh"]}), 401, "TOKEN_INVALID")
    problem(bearer(second["access"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")
    assert bearer(other["access"]).get("/api/v1/auth/me/").status_code == 200
    ended = TokenFamily.objects.exclude(ended_at=None).get()
    assert ended.ended_by == SessionEnd.REUSE
    assert OutboxMessage.objects.filter(type="session.token_reused").count() == 1


def test_a_refresh_token_that_nobody_remembers_counts_as_spent() -> None:
    pair = login(anonymous()).json()
    OutstandingToken.objects.all().delete()
    problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": pair["refresh"]}), 401, "TOKEN_REUSED")


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_one_refresh_token_at_once_one_is_a_thief() -> None:
    """Both see the same token as unspent; the family's row and the blacklist's key let one of them win."""
    refresh = login(anonymous()).json()["refresh"]
    answers: list[tuple[int, str]] = []
    ready = threading.Barrier(2)

    def send() -> None:
        ready.wait(timeout=10)
        response = anonymous().post("/api/v1/auth/refresh/", {"refresh": refresh})
        answers.append((response.status_code, response.json().get("code", "")))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(answers) == [(200, ""), (401, "TOKEN_REUSED")]
    assert TokenFamily.objects.get().ended_by == SessionEnd.REUSE


def test_verify_takes_access_tokens_and_no_refresh_tokens() -> None:
    pair = login(anonymous()).json()
    assert anonymous().post("/api/v1/auth/verify/", {"token": pair["access"]}).status_code == 204
    problem(anonymous().post("/api/v1/auth/verify/", {"token": pair["refresh"]}), 401, "TOKEN_INVALID")
    problem(anonymous().post("/api/v1/auth/verify/", {"token": "rubbish"}), 401, "TOKEN_INVALID")


def test_a_refresh_token_opens_no_other_door() -> None:
    pair = login(anonymous()).json()
    problem(bearer(pair["refresh"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")
    problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": pair["access"]}), 401, "TOKEN_INVALID")


def test_a_401_names_the_way_to_sign_in() -> None:
    assert bearer("x.y.z").get("/api/v1/auth/me/")["WWW-Authenticate"] == 'Bearer realm="api"'
    assert anonymous().get("/api/v1/auth/me/")["WWW-Authenticate"] == 'Bearer realm="api"'


def test_an_old_token_is_refused(alice: User) -> None:
    family = TokenFamily.objects.create(user=alice, expires_at="2100-01-01T00:00:00Z")
    token = RefreshToken.of(family).access_token
    token.set_exp(lifetime=-timedelta(seconds=1))
    problem(bearer(str(token)).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")


def test_a_token_without_a_family_is_refused(alice: User) -> None:
    token = AccessToken()
    token["sub"] = str(alice.pk)
    problem(bearer(str(token)).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")


def test_a_token_of_another_key_is_refused() -> None:
    header, payload, signature = login(anonymous()).json()["access"].split(".")
    forged = f"{header}.{payload}.{signature[::-1]}"
    problem(bearer(forged).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")


def test_signing_out_ends_the_session_with_its_access_tokens() -> None:
    pair = login(anonymous()).json()
    assert anonymous().post("/api/v1/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
    assert anonymous().post("/api/v1/auth/logout/", {"refresh": pair["refresh"]}).status_code == 204
    problem(bearer(pair["access"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")
    problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": pair["refresh"]}), 401, "TOKEN_INVALID")


def test_a_deleted_person_loses_every_session_at_once_and_gets_none_back(alice: User) -> None:
    MembershipFactory.create(organization=alice.memberships.get().organization)
    pair = login(anonymous()).json()
    browser = Client()
    browser.force_login(alice)
    assert browser.get("/judge/").status_code == 200

    def is_out() -> None:
        problem(bearer(pair["access"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")
        problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": pair["refresh"]}), 401, "TOKEN_INVALID")
        assert browser.get("/judge/").status_code == 302
        assert TokenFamily.objects.order_by("created_at")[0].ended_by == SessionEnd.REMOVED

    with platform_scope("a test"):
        deletion = delete_object(root=alice)
        is_out()
        problem(login(anonymous()), 401, "SIGN_IN_FAILED")
        restore_deletion(deletion=deletion)
    is_out()
    assert login(anonymous()).status_code == 200


def test_nothing_is_left_of_an_erased_persons_sessions(alice: User) -> None:
    MembershipFactory.create(organization=alice.memberships.get().organization)
    pair = login(anonymous()).json()
    with platform_scope("a test"):
        erase_person(user_id=alice.pk)
    assert (TokenFamily.objects.count(), OutstandingToken.objects.count()) == (0, 0)
    problem(bearer(pair["access"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")


def test_tokens_are_not_kept() -> None:
    login(anonymous())
    assert list(OutstandingToken.objects.values_list("token", flat=True)) == [""]


def change_meanwhile(user: User) -> None:
    set_password(user=user, password="a wholly different one")


def switch_off_and_on(user: User) -> None:
    sessions.end_sessions_for_good(user_ids=[user.pk])


class TestPassword:
    """Changing one's password."""

    def change(self, client: APIClient, current: str, new: str) -> Any:
        body = {"current_password": current, "new_password": new}
        return client.post("/api/v1/auth/password/", body)

    def test_a_new_password_ends_every_session(self, alice: User) -> None:
        here, there = login(anonymous()).json(), login(anonymous()).json()
        assert self.change(bearer(here["access"]), PASSWORD, "a wholly different one").status_code == 204
        for pair in (here, there):
            problem(bearer(pair["access"]).get("/api/v1/auth/me/"), 401, "TOKEN_INVALID")
            problem(anonymous().post("/api/v1/auth/refresh/", {"refresh": pair["refresh"]}), 401, "TOKEN_INVALID")
        problem(login(anonymous()), 401, "SIGN_IN_FAILED")
        assert login(anonymous(), password="a wholly different one").status_code == 200
        assert OutboxMessage.objects.filter(type="user.password_changed").count() == 1

    @pytest.mark.parametrize("end", [change_meanwhile, switch_off_and_on], ids=["password", "for good"])
    def test_a_sign_in_that_was_overtaken_begins_no_session(
        self, end: Callable[[User], None], alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Looking at a password takes a while; all sessions end meanwhile."""
        look = sessions.authenticate

        def look_slowly(*args: Any, **kwargs: Any) -> Any:
            found = look(*args, **kwargs)
            end(User.objects.get(pk=alice.pk))
            return found

        monkeypatch.setattr(sessions, "authenticate", look_slowly)

        problem(login(anonymous()), 401, "SIGN_IN_FAILED")

        assert not TokenFamily.objects.filter(ended_at=None).exists()

    def test_the_current_password_is_asked_for(self, alice: User) -> None:
        body = problem(self.change(signed_in(alice), "wrong", "a wholly different one"), 422, "INVALID")
        assert pointers(body) == [("#/current_password", "WRONG_PASSWORD")]

    def test_a_weak_one_is_refused(self, alice: User) -> None:
        body = problem(self.change(signed_in(alice), PASSWORD, "12345"), 422, "INVALID")
        assert {pointer for pointer, _ in pointers(body)} == {"#/new_password"}
        assert login(anonymous()).status_code == 200

    def test_a_password_of_a_session_in_the_browser_ends_too(self, alice: User) -> None:
        browser = anonymous()
        assert browser.login(username="alice@example.org", password=PASSWORD)
        assert browser.get("/api/v1/auth/me/").status_code == 200
        set_password(user=alice, password="a wholly different one")
        problem(browser.get("/api/v1/auth/me/"), 401, "NOT_AUTHENTICATED")


class TestSessions:
    """One's sessions on other devices."""

    def test_they_are_listed_and_can_be_ended(self, alice: User) -> None:
        anonymous().post(
            "/api/v1/auth/login/", {"email": alice.email, "password": PASSWORD}, HTTP_USER_AGENT="Tablet"
        )
        client = signed_in(alice)
        listed = client.get("/api/v1/auth/sessions/").json()
        assert [session["user_agent"] for session in listed] == ["", "Tablet"]
        assert client.delete(f"/api/v1/auth/sessions/{listed[1]['id']}/").status_code == 204
        problem(client.delete(f"/api/v1/auth/sessions/{listed[1]['id']}/"), 404, "NOT_FOUND")
        assert len(client.get("/api/v1/auth/sessions/").json()) == 1

    def test_nobody_ends_somebody_elses(self, alice: User) -> None:
        family = TokenFamily.objects.create(user=alice, expires_at="2100-01-01T00:00:00Z")
        bob = member(OrganizationFactory.create())
        problem(signed_in(bob).delete(f"/api/v1/auth/sessions/{family.pk}/"), 404, "NOT_FOUND")
        family.refresh_from_db()
        assert family.ended_at is None


class TestLock:
    """Guessing passwords."""

    @pytest.fixture(autouse=True)
    def _lock(self, settings: Any) -> None:
        settings.SIGN_IN_FAILURES = LOCK

    def guess(self, email: str = "alice@example.org", address: str = "192.0.2.1") -> Any:
        return login(anonymous(REMOTE_ADDR=address), email=email, password="wrong")

    def test_the_account_is_locked_for_this_address(self) -> None:
        assert [self.guess().status_code for _ in range(4)] == [401, 401, 401, 429]
        locked = login(anonymous(REMOTE_ADDR="192.0.2.1"))
        problem(locked, 429, "SIGN_IN_LOCKED")
        assert 1 <= int(locked["Retry-After"]) <= 900

    def test_its_owner_still_gets_in_from_elsewhere(self) -> None:
        for _ in range(4):
            self.guess()
        assert login(anonymous(REMOTE_ADDR="198.51.100.7")).status_code == 200

    def test_guesses_from_many_addresses_lock_the_account(self) -> None:
        statuses = [self.guess(address=f"192.0.2.{n}").status_code for n in range(6)]
        assert statuses == [401, 401, 401, 401, 401, 429]
        problem(login(anonymous(REMOTE_ADDR="198.51.100.7")), 429, "SIGN_IN_LOCKED")

    def test_guesses_at_many_accounts_lock_the_address(self) -> None:
        statuses = [self.guess(email=f"somebody-{n}@example.org").status_code for n in range(8)]
        assert statuses == [401] * 7 + [429]

    def test_the_right_password_starts_the_count_anew(self) -> None:
        for _ in range(2):
            self.guess()
            self.guess()
            assert login(anonymous(REMOTE_ADDR="192.0.2.1")).status_code == 200

    def test_the_admin_shares_the_lock(self) -> None:
        for _ in range(3):
            self.guess()
        client = anonymous(REMOTE_ADDR="192.0.2.1")
        page = client.post("/admin/login/", {"username": "alice@example.org", "password": PASSWORD})
        assert page.status_code == 200
        assert "_auth_user_id" not in client.session


def test_me_shows_what_the_role_allows(alice: User) -> None:
    organization = alice.memberships.get().organization
    judge = member(organization, Role.JUDGE)
    me = signed_in(judge).get("/api/v1/auth/me/").json()
    assert me["role"] == "judge"
    assert me["capabilities"] == ["view", "mark"]
    assert me["organization"]["slug"] == "ice"
    assert [membership["role"] for membership in me["memberships"]] == ["judge"]


def test_me_needs_no_choice_of_an_organization(alice: User) -> None:
    MembershipFactory.create(user=alice, organization=OrganizationFactory.create(slug="snow"), role=Role.VIEWER)
    me = signed_in(alice).get("/api/v1/auth/me/").json()
    assert (me["organization"], me["role"], me["capabilities"]) == (None, None, [])
    assert sorted(m["organization"]["slug"] for m in me["memberships"]) == ["ice", "snow"]


def test_me_answers_in_a_constant_number_of_queries(alice: User, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        MembershipFactory.create(user=alice)
    client = signed_in(alice, alice.memberships.order_by("id").first().organization)
    with django_assert_num_queries(4):
        client.get("/api/v1/auth/me/")


def test_the_login_route_is_throttled_by_address(settings: Any) -> None:
    settings.API_RATES = {**settings.API_RATES, "login": "2/minute"}
    responses = [login(anonymous(REMOTE_ADDR="203.0.113.9"), email=f"x{n}@example.org") for n in range(3)]
    assert [response.status_code for response in responses] == [401, 401, 429]
    problem(responses[2], 429, "RATE_LIMITED")
    assert responses[0]["RateLimit-Policy"] == '"login";q=2;w=60'
    assert int(responses[2]["Retry-After"]) >= 1
