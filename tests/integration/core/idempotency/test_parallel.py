"""The same request many times at once, on real connections."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from apps.core.idempotency.models import IdempotencyKey
from apps.core.tenancy import organization_scope
from apps.events.api.v1.views import EventViewSet
from apps.events.models import Event as Cup
from tests.api import problem, signed_in
from tests.factories.accounts import OrganizationFactory, member

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS = "/api/v1/events/"
CUP = {"name": "Spring cup", "timezone": "Europe/Helsinki"}
DEADLINE = 60.0
MANY = 20


class Sender:
    """Somebody whose program sends a request again and again."""

    def __init__(self) -> None:
        self.organization = OrganizationFactory.create(slug="ice")
        owner = member(self.organization)
        self.clients = [signed_in(owner, self.organization) for _ in range(MANY)]
        self.together = Barrier(MANY)

    def post(self, number: int) -> Any:
        """One request, on a connection of its own."""
        try:
            return self.clients[number].post(EVENTS, CUP, HTTP_IDEMPOTENCY_KEY="k")
        finally:
            connection.close()

    def post_together(self, number: int) -> Any:
        """The same at the very moment that the others send theirs."""
        self.together.wait(DEADLINE)
        return self.post(number)

    def cups(self) -> list[str]:
        """What has come of it."""
        with organization_scope(self.organization.pk):
            return [str(key) for key in Cup.objects.values_list("pk", flat=True)]


@pytest.fixture
def sender() -> Sender:
    return Sender()


def test_twenty_at_once_have_one_effect(sender: Sender) -> None:
    with ThreadPoolExecutor(MANY) as pool:
        answers = list(pool.map(sender.post_together, range(MANY), timeout=DEADLINE))

    kinds = Counter((answer.status_code, answer.headers.get("Idempotent-Replayed")) for answer in answers)
    assert kinds[201, None] == 1
    assert kinds.total() == kinds[201, None] + kinds[201, "true"] + kinds[409, None]
    (made,) = sender.cups()
    assert {answer.json()["id"] for answer in answers if answer.status_code == 201} == {made}
    for waiting in (answer for answer in answers if answer.status_code == 409):
        problem(waiting, 409, "REQUEST_IN_FLIGHT")
    assert sender.post(0).json()["id"] == made
    assert IdempotencyKey.objects.count() == 1


def test_while_one_is_at_work_the_others_are_told_so_at_once(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """They don't wait for its transaction, and what it has done so far is seen by nobody."""
    create, made, go_on = EventViewSet.create, Event(), Event()

    def slow(view: EventViewSet, *args: Any, **kwargs: Any) -> Any:
        response = create(view, *args, **kwargs)
        made.set()
        assert go_on.wait(DEADLINE)
        return response

    monkeypatch.setattr(EventViewSet, "create", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sender.post, 0)
        assert made.wait(DEADLINE)
        second = sender.post(1)
        assert sender.cups() == []
        go_on.set()

        assert first.result(DEADLINE).status_code == 201
    problem(second, 409, "REQUEST_IN_FLIGHT")
    assert sender.post(2).json() == first.result().json()
    assert len(sender.cups()) == 1
