"""Rate limits, counted in a real Valkey."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from apps.core import rates
from apps.events.models import Event
from tests.factories.accounts import PASSWORD
from tests.integration.core.house import House, client_of

EVENTS = "/api/v1/events/"
NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def three_a_minute(settings: LazySettings) -> Iterator[None]:
    """A limit that a test can reach; the counts are this test's own."""
    settings.API_RATES = dict.fromkeys(settings.API_RATES, "3/minute")
    yield
    rates._limiter.cache_clear()


@pytest.mark.usefixtures("three_a_minute")
def test_the_answers_say_what_is_left_and_then_when_to_come_back(alice: House) -> None:
    answers = [alice.client.get(EVENTS) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit-Policy"] for answer in answers] == ['"user";q=3;w=60'] * 4
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


@pytest.mark.usefixtures("three_a_minute")
def test_everybody_has_their_own_count(alice: House, bob: House) -> None:
    for _ in range(4):
        alice.client.get(EVENTS)

    assert alice.client.get(EVENTS).status_code == 429
    assert bob.client.get(EVENTS).status_code == 200


@pytest.mark.usefixtures("three_a_minute")
def test_a_second_token_of_the_same_person_shares_the_count(alice: House) -> None:
    for _ in range(3):
        alice.client.get(EVENTS)

    assert client_of(alice.owner).get(EVENTS).status_code == 429


@pytest.mark.usefixtures("three_a_minute")
def test_who_has_not_signed_in_is_counted_by_address_whatever_they_claim(alice: House) -> None:
    address = str(uuid.uuid4())
    body = {"email": alice.owner.email, "password": PASSWORD}
    answers = [
        APIClient().post("/api/v1/auth/login/", body, REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
        for number in range(4)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["RateLimit-Policy"] == '"login";q=3;w=60'


@pytest.mark.usefixtures("three_a_minute")
def test_a_refused_write_has_no_effect(alice: House) -> None:
    for _ in range(3):
        alice.client.get(EVENTS)
    response = alice.client.post(EVENTS, {"name": "One too many"})

    assert response.status_code == 429
    assert not Event._base_manager.filter(name="One too many").exists()


@pytest.mark.usefixtures("three_a_minute")
def test_without_valkey_requests_go_on_and_each_process_counts(alice: House, settings: LazySettings) -> None:
    settings.LIMITS_URL = NOBODY

    assert [alice.client.get(EVENTS).status_code for _ in range(4)] == [200, 200, 200, 429]
