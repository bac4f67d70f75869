"""The breakers page of the admin: what it shows, and what its buttons do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.accounts.enums import Role
from apps.resilience.config import CircuitBreakerConfig
from apps.resilience.models import CircuitTransition, ServicePolicy
from apps.resilience.registry import Registry
from apps.resilience.selectors import drawing_of
from apps.resilience.sparkline import bars_of
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("circuits")]

PAGE = "/admin/resilience/servicepolicy/circuits/"


def staff() -> Client:
    client = Client()
    client.force_login(OperatorFactory.create())
    return client


def test_the_page_shows_every_service_with_its_state(circuits: Registry) -> None:
    circuits.get("email").circuit.trip("an exercise")
    page = staff().get(PAGE)
    text = page.content.decode()
    assert page.status_code == 200
    assert 'data-status="degraded"' in text
    assert 'data-circuit="email" data-state="open"' in text
    assert text.count('data-state="closed"') == 10


def test_the_last_minute_is_drawn(circuits: Registry) -> None:
    for _ in range(3):
        circuits.policy("jira_api").call(lambda: "done")
    assert circuits.hub is not None
    circuits.hub.round()
    bars = drawing_of("jira_api")  # one, or two when a second ended between the calls
    row = staff().get(PAGE).content.decode().split('data-circuit="jira_api"')[1].split("</tr>")[0]
    assert bars
    assert row.count('fill="#16a34a"') == len(bars)


def test_forcing_open_and_reset_need_a_reason(circuits: Registry, django_capture_on_commit_callbacks: Any) -> None:
    client = staff()
    refused = client.post(f"{PAGE}email/force-open/", {"reason": " "})
    assert (refused.status_code, ServicePolicy.objects.count()) == (200, 0)
    with django_capture_on_commit_callbacks(execute=True):
        done = client.post(f"{PAGE}email/force-open/", {"reason": "Spam run"})
    assert (done.status_code, done["Location"]) == (302, PAGE)
    assert 'data-circuit="email" data-state="open"' in client.get(PAGE).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"{PAGE}email/reset/", {"reason": "Over"})
    assert circuits.get("email").state == "closed"
    assert list(CircuitTransition.objects.order_by("id").values_list("action", "cause")) == [
        ("mode: forced_open", "Spam run"),
        ("reset", "Over"),
    ]


def test_members_see_the_page_without_buttons() -> None:
    client = Client()
    client.force_login(member(OrganizationFactory.create(), Role.OWNER))
    text = client.get(PAGE).content.decode()
    assert 'data-circuit="email"' in text
    assert "force-open" not in text
    assert client.post(f"{PAGE}email/force-open/", {"reason": "x"}).status_code == 403
    assert client.get("/admin/resilience/servicepolicy/").status_code == 403
    assert client.get("/admin/resilience/circuittransition/").status_code == 403


def test_numbers_are_changed_in_the_policy_form(circuits: Registry, django_capture_on_commit_callbacks: Any) -> None:
    client = staff()
    form = {"service": "email", "mode": "enforce", "failure_threshold": "2", "reason": "Nervous"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post("/admin/resilience/servicepolicy/add/", form)
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    assert circuits.get("email").circuit.config.failure_threshold == 2
    assert client.get("/admin/resilience/servicepolicy/").status_code == 200
    assert client.get("/admin/resilience/circuittransition/").status_code == 200


def test_an_unknown_service_is_refused_by_the_form() -> None:
    form = {"service": "nowhere", "mode": "enforce", "reason": "x"}
    answer = staff().post("/admin/resilience/servicepolicy/add/", form)
    assert answer.status_code == 200
    assert "No circuit is called" in answer.content.decode()


def test_a_policy_deleted_in_the_admin_falls_back_to_the_settings(
    circuits: Registry, django_capture_on_commit_callbacks: Any
) -> None:
    client = staff()
    form = {"service": "email", "mode": "disabled", "reason": "Test"}
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/admin/resilience/servicepolicy/add/", form)
    row = ServicePolicy.objects.get()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/admin/resilience/servicepolicy/{row.pk}/delete/", {"post": "yes"})
    assert (ServicePolicy.objects.count(), str(circuits.get("email").circuit.config.mode)) == (0, "enforce")


def test_bars_stand_where_their_bucket_is() -> None:
    config = CircuitBreakerConfig()
    (old, new) = bars_of({"s41": 3, "s100": 1, "f100": 1, "s40": 9}, config, now=100.5)
    assert (old.x, old.ok_height, old.failed_height) == (0.0, 24.0, 0.0)
    assert (new.x, new.ok_height, new.failed_height, new.ok_y) == (118.0, 8.0, 8.0, 8.0)
