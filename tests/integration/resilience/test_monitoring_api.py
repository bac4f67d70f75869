"""`/api/v1/resilience/`: what everybody sees, what operators do, and what each organization keeps to itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from apps.accounts.enums import Role
from apps.accounts.policies import OperatorAccess
from apps.core import clock
from apps.core.correlation.context import Correlation, correlated
from apps.core.softdelete.services.deleting import delete_object
from apps.core.softdelete.services.restoring import restore_deletion
from apps.core.tenancy import platform_scope
from apps.resilience.config import State
from apps.resilience.errors import CircuitOpen
from apps.resilience.events import CircuitEvent
from apps.resilience.history import history
from apps.resilience.hooks import circuit_changed
from apps.resilience.models import CircuitTransition, ServicePolicy
from apps.resilience.registry import Registry
from apps.resilience.selectors import overrides_in_force
from apps.resilience.services import set_policy
from tests.api import anonymous, problem, signed_in
from tests.factories.accounts import OperatorFactory, OrganizationFactory, member
from tests.integration.resilience.conftest import build_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("circuits")]

BASE = "/api/v1/resilience"
SERVICES = [
    "ai",
    "cache",
    "confluence_api",
    "database",
    "email",
    "email_second",
    "event_stream",
    "jira_api",
    "sms",
    "storage",
    "virus_scan",
]


@pytest.fixture
def operator() -> Any:
    return signed_in(OperatorFactory.create())


def fail(registry: Registry, name: str, times: int = 5) -> None:
    breaker = registry.get(name)
    with correlated(Correlation(request_id="r", correlation_id="the-story")):
        for _ in range(times):
            with pytest.raises(ConnectionError):
                breaker.call(_refuse)
    assert registry.hub is not None
    registry.hub.round()


def _refuse() -> None:
    raise ConnectionError("refused")


def test_the_list_is_an_object_keyed_by_name(circuits: Registry, operator: Any) -> None:
    fail(circuits, "jira_api", 2)
    body = operator.get(f"{BASE}/circuit-breakers/").json()
    assert sorted(body) == SERVICES
    jira = body["jira_api"]
    assert {
        name: jira[name]
        for name in ("state", "failure_count", "failure_threshold", "success_count", "success_threshold", "opened_at")
    } == {
        "state": "closed",
        "failure_count": 2,
        "failure_threshold": 5,
        "success_count": 0,
        "success_threshold": 2,
        "opened_at": None,
    }
    assert jira["last_failure_time"] is not None
    assert (jira["total_requests"], jira["mode"], jira["rejected"], jira["window"]) == (2, "enforce", 0, 60.0)
    assert (jira["retry_budget_left"], jira["next_attempt_at"], jira["shared"]) == (10.0, None, True)


def test_one_circuit_shows_what_the_whole_cluster_saw(
    circuits: Registry, other_process: Registry, operator: Any
) -> None:
    fail(circuits, "jira_api", 2)
    fail(other_process, "jira_api", 3)
    with pytest.raises(CircuitOpen):
        other_process.get("jira_api").call(_refuse)
    other_process.refresh()
    body = operator.get(f"{BASE}/circuit-breakers/jira_api/").json()
    assert (body["name"], body["state"], body["failure_count"], body["total_requests"]) == ("jira_api", "open", 5, 6)
    assert (body["rejected"], body["last_error"]) == (1, "ConnectionError: refused")
    assert body["opened_at"] is not None
    assert body["next_attempt_at"] is not None


def test_an_unknown_circuit_is_a_problem(operator: Any) -> None:
    problem(operator.get(f"{BASE}/circuit-breakers/nowhere/"), 404, "UNKNOWN_SERVICE")
    problem(operator.get(f"{BASE}/circuit-breakers/nowhere/history/"), 404, "UNKNOWN_SERVICE")
    problem(operator.post(f"{BASE}/circuit-breakers/nowhere/reset/", {"reason": "x"}), 404, "UNKNOWN_SERVICE")


def test_health_is_degraded_with_one_open_and_critical_with_more_than_half(circuits: Registry, operator: Any) -> None:
    def health() -> dict[str, Any]:
        body: dict[str, Any] = operator.get(f"{BASE}/health/").json()
        return body

    healthy = health()
    assert (healthy["status"], healthy["total_circuits"], healthy["open_circuits"]) == ("healthy", 11, [])
    assert healthy["circuits_by_state"] == {"closed": 11, "open": 0, "half_open": 0}
    assert healthy["timestamp"]
    fail(circuits, "ai")
    assert (health()["status"], health()["open_circuits"]) == ("degraded", ["ai"])
    for name in SERVICES[:5]:
        circuits.get(name).circuit.trip("an exercise")
    assert (health()["status"], len(health()["open_circuits"])) == ("degraded", 5)
    circuits.get("sms").circuit.trip("an exercise")
    body = health()
    assert (body["status"], body["circuits_by_state"]) == ("critical", {"closed": 5, "open": 6, "half_open": 0})


def test_endpoints_of_webhooks_count_as_one_service(circuits: Registry, operator: Any) -> None:
    for number in range(30):
        circuits.endpoint(str(number)).breaker.circuit.trip("dead receiver")
    body = operator.get(f"{BASE}/health/").json()
    assert (body["status"], body["total_circuits"], body["open_circuits"]) == ("degraded", 12, ["webhooks"])


def test_the_summary_is_a_list_with_health_in_percent(circuits: Registry, operator: Any) -> None:
    fail(circuits, "ai")
    body = operator.get(f"{BASE}/summary/").json()
    assert [line["name"] for line in body] == SERVICES
    assert body[0] == {
        "name": "ai",
        "state": "open",
        "failure_count": 5,
        "failure_threshold": 5,
        "success_count": 0,
        "success_threshold": 2,
        "health_percentage": 0,
    }
    assert {line["health_percentage"] for line in body[1:]} == {100}


def test_circuits_of_endpoints_are_seen_by_their_own_organization_only(circuits: Registry, operator: Any) -> None:
    ours, theirs = OrganizationFactory.create(), OrganizationFactory.create()
    circuits.endpoint("1", organization_id=ours.pk)
    circuits.endpoint("2", organization_id=theirs.pk)
    client = signed_in(member(ours))
    seen = [name for name in client.get(f"{BASE}/circuit-breakers/").json() if name.startswith("webhook:")]
    assert seen == ["webhook:1"]
    assert client.get(f"{BASE}/circuit-breakers/webhook:1/").json()["name"] == "webhook:1"
    problem(client.get(f"{BASE}/circuit-breakers/webhook:2/"), 404, "UNKNOWN_SERVICE")
    problem(client.get(f"{BASE}/circuit-breakers/webhook:2/history/"), 404, "UNKNOWN_SERVICE")
    assert [line["name"] for line in client.get(f"{BASE}/summary/").json() if "webhook" in line["name"]] == [
        "webhook:1"
    ]
    assert operator.get(f"{BASE}/circuit-breakers/webhook:2/").status_code == 200


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", ["reset", "force-open", "mode"])
def test_members_of_whatever_role_look_and_do_not_touch(role: Role, action: str) -> None:
    client = signed_in(member(OrganizationFactory.create(), role))
    body = {"reason": "because", **({"mode": "disabled"} if action == "mode" else {})}
    problem(client.post(f"{BASE}/circuit-breakers/email/{action}/", body), 403, "FORBIDDEN")
    assert client.get(f"{BASE}/circuit-breakers/email/").json()["mode"] == "enforce"
    problem(anonymous().get(f"{BASE}/health/"), 401, "NOT_AUTHENTICATED")


def test_forcing_open_refuses_in_every_process_and_is_written_down(
    other_process: Registry, django_capture_on_commit_callbacks: Any
) -> None:
    person = OperatorFactory.create()
    assert other_process.policy("email").call(lambda: "sent") == "sent"
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in(person).post(f"{BASE}/circuit-breakers/email/force-open/", {"reason": "Spam run"})
    assert response.status_code == 200, response.content
    assert other_process.hub is not None
    other_process.hub.round()
    with pytest.raises(CircuitOpen):
        other_process.policy("email").call(lambda: "sent")
    row = CircuitTransition.objects.get(circuit_name="email")
    assert (row.action, row.cause, row.actor_id, row.scope) == (
        "mode: forced_open",
        "Spam run",
        person.pk,
        "operator",
    )
    assert row.correlation_id == response["X-Correlation-ID"]
    assert ServicePolicy.objects.get().mode == "forced_open"


def test_reset_takes_a_forced_opening_back_everywhere(
    other_process: Registry, operator: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(f"{BASE}/circuit-breakers/email/force-open/", {"reason": "Spam run"})
    assert operator.get(f"{BASE}/circuit-breakers/email/").json()["state"] == "open"
    with django_capture_on_commit_callbacks(execute=True):
        operator.post(f"{BASE}/circuit-breakers/email/reset/", {"reason": "It is over"})
    body = operator.get(f"{BASE}/circuit-breakers/email/").json()
    assert (body["state"], body["mode"]) == ("closed", "enforce")
    assert other_process.hub is not None
    other_process.hub.round()
    assert other_process.policy("email").call(lambda: "sent") == "sent"


def test_reset_closes_what_failures_opened(circuits: Registry, other_process: Registry, operator: Any) -> None:
    fail(circuits, "jira_api")
    other_process.refresh()
    assert other_process.get("jira_api").state == "open"
    assert operator.post(f"{BASE}/circuit-breakers/jira_api/reset/", {"reason": "Mended"}).json()["state"] == "closed"
    other_process.refresh()
    assert other_process.get("jira_api").state == "closed"


def test_modes_are_changed_with_a_reason(
    circuits: Registry, operator: Any, django_capture_on_commit_callbacks: Any
) -> None:
    url = f"{BASE}/circuit-breakers/jira_api/mode/"
    with django_capture_on_commit_callbacks(execute=True):
        body = operator.post(url, {"mode": "monitor", "reason": "Watching it"}).json()
    fail(circuits, "jira_api", 9)
    assert body["name"] == "jira_api"
    assert operator.get(f"{BASE}/circuit-breakers/jira_api/").json()["mode"] == "monitor"
    assert operator.get(f"{BASE}/circuit-breakers/jira_api/").json()["rejected"] == 0


@pytest.mark.parametrize(
    ("action", "body", "pointers"),
    [
        ("reset", {}, ["#/reason"]),
        ("reset", {"reason": "  "}, ["#/reason"]),
        ("force-open", {}, ["#/reason"]),
        ("mode", {"mode": "sleepy", "reason": "x"}, ["#/mode"]),
        ("mode", {"mode": "disabled", "reason": "x", "extra": 1}, ["#/extra"]),
    ],
)
def test_a_wrong_body_is_named(operator: Any, action: str, body: dict[str, str], pointers: list[str]) -> None:
    answer = operator.post(f"{BASE}/circuit-breakers/email/{action}/", body, format="json")
    assert [error["pointer"] for error in problem(answer, 422, "INVALID")["errors"]] == pointers
    assert CircuitTransition.objects.count() == 0


def event(**changes: Any) -> CircuitEvent:
    parts: dict[str, Any] = {
        "circuit_name": "email",
        "source": State.CLOSED,
        "target": State.OPEN,
        "generation": 2,
        "cause": "failure threshold",
        "failure_count": 5,
        "last_error": "ConnectionError",
        "scope": "cluster",
        "at": clock.now(),
    }
    return CircuitEvent(**(parts | changes))


def test_the_history_tells_transitions_and_actions_newest_first(operator: Any) -> None:
    history.remember(event())
    assert history.write_waiting() == 1
    operator.post(f"{BASE}/circuit-breakers/email/reset/", {"reason": "Mended"})
    rows = operator.get(f"{BASE}/circuit-breakers/email/history/").json()["results"]
    assert [(row["action"], row["cause"]) for row in rows] == [("reset", "Mended"), ("", "failure threshold")]
    assert (rows[1]["source"], rows[1]["target"], rows[1]["failure_count"]) == ("closed", "open", 5)


def test_a_transition_is_told_in_the_story_of_the_call_that_caused_it(circuits: Registry, operator: Any) -> None:
    fail(circuits, "ai")
    (row,) = operator.get(f"{BASE}/circuit-breakers/ai/history/").json()["results"]
    assert (row["target"], row["scope"], row["correlation_id"]) == ("open", "cluster", "the-story")


def test_upper_apps_hear_of_a_transition_in_the_transaction_that_records_it() -> None:
    heard: list[tuple[str, int]] = []

    def listen(told: CircuitEvent) -> None:
        heard.append((told.circuit_name, CircuitTransition.objects.count()))

    circuit_changed.register(listen)
    try:
        history.remember(event())
        history.write_waiting()
    finally:
        circuit_changed._functions.remove(listen)
    assert heard == [("email", 1)]


def test_numbers_are_overridden_and_a_deleted_policy_brings_the_settings_back(
    circuits: Registry, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        row = set_policy(service="email", reason="Nervous", actor_id=uuid4(), failure_threshold=2, volume_threshold=1)
    assert circuits.get("email").circuit.config.failure_threshold == 2
    with platform_scope("an operator"), django_capture_on_commit_callbacks(execute=True):
        deletion = delete_object(root=row, reason="Calm again")
    assert circuits.get("email").circuit.config.failure_threshold == 5
    assert list(overrides_in_force()["email"]) == ["stamp"]
    with platform_scope("an operator"), django_capture_on_commit_callbacks(execute=True):
        restore_deletion(deletion=deletion, access=OperatorAccess(uuid4()))
    assert circuits.get("email").circuit.config.failure_threshold == 2


def test_a_process_that_starts_with_an_empty_store_learns_overrides_from_the_database(
    valkey: Any, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        set_policy(service="email", reason="Spam run", actor_id=uuid4(), mode="forced_open")
    valkey.flush()
    newcomer = build_for(valkey)
    try:
        assert newcomer.hub is not None
        newcomer.hub.round()
        with pytest.raises(CircuitOpen):
            newcomer.policy("email").call(lambda: "sent")
    finally:
        newcomer.close()


def test_the_circuit_of_an_endpoint_is_known_to_processes_that_never_called_it(
    circuits: Registry, other_process: Registry
) -> None:
    owner = uuid4()
    other_process.endpoint("7", organization_id=owner).breaker.circuit.trip("dead receiver")
    assert other_process.hub is not None
    other_process.hub.round()
    circuits.refresh()
    assert circuits.get("webhook:7").state == "open"
    assert circuits.owner_of("webhook:7") == owner


@pytest.mark.parametrize("page", ["", "history/"])
@pytest.mark.usefixtures("circuits")
def test_and_shown_to_its_owner_by_each_of_them(page: str, other_process: Registry) -> None:
    ours = OrganizationFactory.create()
    other_process.endpoint("7", organization_id=ours.pk).breaker.circuit.trip("dead receiver")
    assert other_process.hub is not None
    other_process.hub.round()

    assert signed_in(member(ours)).get(f"{BASE}/circuit-breakers/webhook:7/{page}").status_code == 200
