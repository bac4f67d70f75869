"""The middleware as servers run it: in an event loop, with the one for static files, which other tests leave out."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.staticfiles import finders
from django.test import AsyncClient, Client
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.core.tenancy import current_scope
from config.env import ROOT
from config.settings.base import MIDDLEWARE
from config.settings.test import STATIC_FILES
from tests.api import PROBLEM, bearer, ids
from tests.factories.accounts import OrganizationFactory, member
from tests.factories.events import EventFactory

SCRIPT = "operations/job.js"
STORY = "a-story-1"


@pytest.fixture
def whole_chain(settings: Settings) -> None:
    """What servers have."""
    settings.MIDDLEWARE = MIDDLEWARE


def of_a_server(path: str, **headers: str) -> Any:
    """The answer to an asynchronous GET. What is synchronous in it runs in this thread, on the test's connection."""
    return async_to_sync(AsyncClient(raise_request_exception=False).get)(path, headers=headers)


def of_a_test(path: str, **headers: str) -> Any:
    """The answer to a synchronous GET, as most tests send it."""
    return Client(raise_request_exception=False).get(path, headers=headers)


async def read(response: Any) -> bytes:
    """The content of a streamed answer."""
    return b"".join([piece async for piece in response])


def test_tests_leave_out_one_and_change_no_order(settings: Settings) -> None:
    place = MIDDLEWARE.index(STATIC_FILES)

    assert [*settings.MIDDLEWARE[:place], STATIC_FILES, *settings.MIDDLEWARE[place:]] == MIDDLEWARE


@pytest.mark.django_db
@pytest.mark.usefixtures("whole_chain")
@pytest.mark.parametrize("ask", [of_a_server, of_a_test])
def test_a_request_keeps_its_story_and_its_organization_on_its_way_through_loops_and_threads(ask: Any) -> None:
    club, other = (OrganizationFactory.create() for _ in range(2))
    hers, _ = EventFactory.create(organization=club), EventFactory.create(organization=other)
    organization: Organization = club
    headers = {"Authorization": bearer(member(club)), "X-Organization": organization.slug, "X-Correlation-ID": STORY}

    listed = ask("/api/v1/events/", **headers)
    refused = ask("/api/v1/events/", **{"X-Correlation-ID": STORY})

    assert ids(listed) == [hers.pk]
    assert (refused.status_code, refused["Content-Type"]) == (401, PROBLEM)
    assert [answer["X-Correlation-ID"] for answer in (listed, refused)] == [STORY, STORY]
    assert current_scope() is None


@pytest.mark.usefixtures("whole_chain")
def test_static_files_are_served_before_anybody_is_asked_for() -> None:
    found = of_a_server(f"/static/{SCRIPT}")
    missing = of_a_server("/static/operations/nothing.js")

    assert (found.status_code, found["Content-Type"]) == (200, 'text/javascript; charset="utf-8"')
    assert async_to_sync(read)(found) == (ROOT / str(finders.find(SCRIPT))).read_bytes()
    assert missing.status_code == 404
