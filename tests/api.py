"""Calling the API as somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from rest_framework.test import APIClient

from apps.accounts.models import Organization, TokenFamily, User
from apps.accounts.services.tokens import issue_pair
from apps.core import clock

PROBLEM = "application/problem+json"


def anonymous(**headers: str) -> APIClient:
    """A client that has not signed in."""
    client = APIClient(raise_request_exception=False)
    client.credentials(**headers)
    return client


def signed_in(user: User, organization: Organization | None = None) -> APIClient:
    """A client with a real access token, acting in `organization`, or in the person's only one."""
    headers = {"HTTP_AUTHORIZATION": bearer(user)}
    if organization is not None:
        headers["HTTP_X_ORGANIZATION"] = organization.slug
    return anonymous(**headers)


def bearer(user: User) -> str:
    """The `Authorization` of somebody who has signed in."""
    family = TokenFamily.objects.create(user=user, expires_at=clock.now() + timedelta(days=1))
    return f"Bearer {issue_pair(family).access}"


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The body of a response that must be this problem document."""
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM), response.content
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code), body
    assert set(body) >= {"type", "title", "detail", "instance", "request_id", "correlation_id", "errors"}
    assert (body["request_id"], body["correlation_id"]) == (response["X-Request-ID"], response["X-Correlation-ID"])
    return body


def pointers(body: dict[str, Any]) -> list[tuple[str, str]]:
    """(pointer, code) of each entry of a problem's `errors`."""
    return [(entry["pointer"], entry["code"]) for entry in body["errors"]]


def ids(response: Any) -> list[UUID]:
    """The ids on a page of a list."""
    assert response.status_code == 200, response.content
    return [UUID(row["id"]) for row in response.json()["results"]]
