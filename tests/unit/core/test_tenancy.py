"""A query without an organization is an error, never a leak."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from apps.core.tenancy import (
    OrganizationRequired,
    Scope,
    ScopeMiddleware,
    current_organization_id,
    current_scope,
    enter_scope,
    organization_scope,
    platform_scope,
)
from apps.events.models import Event

ALICES = UUID("01900000-0000-7000-8000-00000000000a")
BOBS = UUID("01900000-0000-7000-8000-00000000000b")


def test_a_query_outside_any_scope_raises_and_says_what_to_do() -> None:
    with pytest.raises(OrganizationRequired, match=r"Event belongs to an organization.*organization_scope"):
        Event.objects.filter(name="x")


def test_a_query_in_a_scope_names_the_organization() -> None:
    with organization_scope(ALICES):
        sql, parameters = Event.objects.filter(name="x").query.sql_with_params()

    assert '"events_event"."organization_id" = ' in sql
    assert ALICES in parameters


def test_a_platform_scope_sees_every_organization() -> None:
    with platform_scope("a test"):
        sql, _ = Event.objects.all().query.sql_with_params()

    assert 'organization_id" = ' not in sql


def test_scopes_nest_and_end() -> None:
    with organization_scope(ALICES):
        with organization_scope(BOBS):
            assert current_organization_id() == BOBS
        assert current_organization_id() == ALICES

    assert current_scope() is None


def test_a_request_starts_outside_any_scope_and_leaves_none_behind() -> None:
    seen: list[Scope | None] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current_scope())
        enter_scope(Scope(ALICES))
        return HttpResponse()

    with organization_scope(BOBS):
        ScopeMiddleware(view)(RequestFactory().get("/"))
        assert current_organization_id() == BOBS

    assert seen == [None]


def test_the_scope_ends_with_an_asynchronous_request_too() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        enter_scope(Scope(ALICES))
        return HttpResponse()

    async def travel() -> Scope | None:
        await ScopeMiddleware(view)(RequestFactory().get("/"))  # type: ignore[misc]
        return current_scope()

    assert asyncio.run(travel()) is None
