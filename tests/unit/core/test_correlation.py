"""One correlation ID tells the whole story; nothing that a caller sends is taken unseen."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.core.correlation.celery import outgoing_headers
from apps.core.correlation.context import (
    correlated,
    current,
    current_actor_id,
    current_correlation_id,
    new_correlation,
    set_actor,
)
from apps.core.correlation.middleware import CorrelationMiddleware
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope

ORGANIZATION = UUID("01900000-0000-7000-8000-000000000001")
ALICE = UUID("01900000-0000-7000-8000-00000000000a")
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_well_formed_id_is_taken_over() -> None:
    made = new_correlation(request_id="req-1", correlation_id="story.1_A", traceparent=TRACEPARENT)

    assert (made.request_id, made.correlation_id, made.traceparent) == ("req-1", "story.1_A", TRACEPARENT)


@pytest.mark.parametrize("bad", ["", " ", "a b", "x" * 65, "a\nb", "<script>", "ü", "a;b"])
def test_an_id_that_is_not_well_formed_is_replaced(bad: str) -> None:
    made = new_correlation(request_id=bad, correlation_id=bad)

    assert UUID(made.request_id).version == 7
    assert made.correlation_id == made.request_id


@pytest.mark.parametrize("bad", ["", "00-abc", TRACEPARENT + "-00", TRACEPARENT.upper()])
def test_a_broken_traceparent_is_dropped(bad: str) -> None:
    assert new_correlation(traceparent=bad).traceparent is None


def test_the_correlation_id_defaults_to_the_request_id() -> None:
    assert new_correlation(request_id="req-1").correlation_id == "req-1"


def test_ids_end_with_their_block() -> None:
    with correlated(new_correlation(correlation_id="outer")):
        with correlated(new_correlation(correlation_id="inner")):
            assert current_correlation_id() == "inner"
        assert current_correlation_id() == "outer"

    assert current() is None
    assert current_correlation_id() == ""


def test_the_actor_belongs_to_the_story() -> None:
    with correlated(new_correlation(correlation_id="story")):
        set_actor(ALICE)
        assert (current_actor_id(), current_correlation_id()) == (ALICE, "story")

    assert current_actor_id() is None


def test_a_task_carries_ids_person_and_organization() -> None:
    with (
        correlated(new_correlation(correlation_id="story", traceparent=TRACEPARENT)),
        organization_scope(ORGANIZATION),
    ):
        set_actor(ALICE)
        headers = outgoing_headers()

    assert headers == {
        "correlation_id": "story",
        "traceparent": TRACEPARENT,
        "actor_id": str(ALICE),
        "organization_id": str(ORGANIZATION),
    }


def test_a_task_without_a_story_starts_one() -> None:
    assert UUID(outgoing_headers()["correlation_id"]).version == 7


def test_the_response_carries_both_ids() -> None:
    seen: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_correlation_id())
        return HttpResponse()

    request = RequestFactory().get("/", headers={"X-Request-ID": "req-1", "X-Correlation-ID": "story-1"})
    response = CorrelationMiddleware(view)(request)

    assert (response["X-Request-ID"], response["X-Correlation-ID"], seen) == ("req-1", "story-1", ["story-1"])
    assert current() is None


def test_the_middleware_works_in_an_event_loop_too() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(current_correlation_id())

    async def travel() -> HttpResponse:
        request = RequestFactory().get("/", headers={"X-Correlation-ID": "story-2"})
        return await CorrelationMiddleware(view)(request)  # type: ignore[misc,no-any-return]

    response = asyncio.run(travel())

    assert (response.content, response["X-Correlation-ID"]) == (b"story-2", "story-2")


def test_ids_are_made_in_order() -> None:
    made = [new_id() for _ in range(100)]

    assert made == sorted(made)
    assert {value.version for value in made} == {7}
