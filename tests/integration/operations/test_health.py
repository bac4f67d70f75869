"""Health and metrics over real services."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from apps.operations import probes
from apps.operations.health import ProbeFailed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("apps.operations.urls")]

TOKEN = "a-token-that-nobody-guesses"


@pytest.mark.parametrize("path", ["/healthz", "/health/live", "/health/live/"])
def test_a_process_that_answers_is_alive(client: Client, path: str) -> None:
    response = client.get(path)

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_podium_is_ready_with_all_its_services(client: Client) -> None:
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert {name: check["detail"] for name, check in response.json()["checks"].items()} == {
        "database": "",
        "migrations": "",
        "cache": "",
        "broker": "",
        "outbox": "",
        "storage": "",
    }
    assert response.json()["status"] == "ok"
    assert response.headers["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_without_valkey_podium_is_degraded_and_still_ready(client: Client, settings: Settings) -> None:
    settings.LIMITS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"]["cache"]["detail"] == "does not answer"


def test_without_its_tables_podium_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_migrations_of_this_code", lambda: frozenset({("core", "9999_tomorrow")}))
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["status"]) == (503, "unavailable")
    assert response.json()["checks"]["migrations"]["detail"] == "migrations to apply: 1"


def test_a_missing_migration_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_migrations_of_this_code", lambda: frozenset({("core", "9999_tomorrow")}))

    with pytest.raises(ProbeFailed, match="migrations to apply: 1"):
        probes.check_migrations()
    connection.ensure_connection()


def test_metrics_ask_for_their_token(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN

    refused = [
        client.get("/metrics").status_code,
        client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code,
    ]
    allowed = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

    assert refused == [401, 401]
    assert allowed.status_code == 200
    assert allowed.headers["Content-Type"].startswith("text/plain")
    assert b"django_http_requests_before_middlewares_total" in allowed.content


@pytest.mark.parametrize(
    ("debug", "address", "status"),
    [(True, "127.0.0.1", 200), (True, "10.0.0.8", 404), (False, "127.0.0.1", 404)],
)
def test_without_a_token_metrics_are_for_the_developers_own_machine(
    client: Client, settings: Settings, debug: bool, address: str, status: int
) -> None:
    settings.METRICS_TOKEN = ""
    settings.DEBUG = debug

    assert client.get("/metrics", REMOTE_ADDR=address).status_code == status
