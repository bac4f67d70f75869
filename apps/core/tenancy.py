"""Organizations keep to themselves: every query of an organization's rows happens in a scope.

A request, task or command enters `organization_scope(id)` (one tenant) or `platform_scope(reason)` (all of them, for
operators, migrations of data and sweepers). Managers of `OrganizationModel` add the scope's filter to each query and
raise `OrganizationRequired` outside any scope, so forgetting it is an error and never a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase


class OrganizationRequired(RuntimeError):
    """A query of an organization's rows ran outside a scope: a programming error, never the caller's."""

    def __init__(self, model: str) -> None:
        super().__init__(
            f"{model} belongs to an organization, and no organization is in scope. Enter "
            "organization_scope(id), or platform_scope(reason) where every organization is meant."
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """`organization_id` None means the whole platform; `reason` then says why."""

    organization_id: UUID | None
    reason: str = ""


_scope: ContextVar[Scope | None] = ContextVar("podium_scope", default=None)


def current_scope() -> Scope | None:
    """The scope in force, None outside any."""
    return _scope.get()


def require_scope(model: str) -> Scope:
    """The scope in force.

    Raises:
        OrganizationRequired: outside any scope.
    """
    scope = _scope.get()
    if scope is None:
        raise OrganizationRequired(model)
    return scope


def current_organization_id() -> UUID | None:
    """The organization in scope; None outside a scope and in a platform scope."""
    scope = _scope.get()
    return scope.organization_id if scope else None


def enter_scope(scope: Scope | None) -> None:
    """Set the scope for the rest of this request; `ScopeMiddleware` puts the old one back at its end."""
    _scope.set(scope)


@contextmanager
def _within(scope: Scope | None) -> Iterator[None]:
    previous = _scope.get()
    _scope.set(scope)
    try:
        yield
    finally:
        _scope.set(previous)


def organization_scope(organization_id: UUID) -> AbstractContextManager[None]:
    """Within it, queries see one organization's rows only."""
    return _within(Scope(organization_id))


def platform_scope(reason: str) -> AbstractContextManager[None]:
    """Within it, queries see every organization's rows; `reason` is a sentence for the reader of the code."""
    return _within(Scope(None, reason))


class ScopeMiddleware:
    """Each request starts outside any scope and leaves none behind."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> object:
        if self.is_async:
            return self._acall(request)
        with _within(None):
            return self.get_response(request)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        with _within(None):
            response: HttpResponseBase = await self.get_response(request)  # type: ignore[misc]
            return response
