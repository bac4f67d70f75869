"""An organization with one row of every model, made by the factories, and people of every role in it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from django.db.models import Field, ForeignKey, Model
from django.urls import reverse
from factory.django import DjangoModelFactory
from rest_framework.test import APIClient

import tests.factories
from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, TokenFamily, User
from apps.accounts.services.tokens import issue_pair
from apps.contests.models import Certification, Contest, Judge
from apps.core import clock
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services.deleting import delete_object
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from apps.events.selectors import calendar_token
from apps.web import urls as web
from tests.factories.accounts import MembershipFactory, OperatorFactory, OrganizationFactory, member
from tests.factories.contests import certify
from tests.integration.core.authorisation import is_for
from tests.routes import Operation, Route

A_DAY = timedelta(days=1)
# The pages of the website by name, and the parameters in their addresses.
PAGES: dict[str, tuple[str, ...]] = {page.name: tuple(page.pattern.converters) for page in web.urlpatterns}
# A second row of one of these needs another row behind this key, because the pair is unique.
OWN_PARENT: dict[str, tuple[str, ...]] = {
    "accounts.Membership": ("user",),
    "contests.Assignment": ("judge",),
    "contests.Entry": ("contestant",),
    "contests.Recusal": ("contestant",),
    "contests.Score": ("entry",),
    "notifications.WebhookDelivery": ("message",),
}
# The same for the first row too: a recusal of the contestant whom everybody marks would stop the marks.
FROM_THE_FIRST = {"contests.Recusal"}
# A contest is being scored, so that everything in it may change; an event has its place in the calendar.
ALSO: dict[str, dict[str, Any]] = {
    "contests.Contest": {"status": "scoring"},
    "events.Event": {"starts_at": datetime(2026, 12, 4, 10, tzinfo=UTC)},
}
# Parameters of routes that are not called after their model, and those that name no row.
MODEL_OF_PARAMETER: dict[str, type[Model]] = {"session_id": TokenFamily, "deletion_id": Deletion}
VALUE_OF_PARAMETER: dict[str, Callable[[House], str]] = {
    "slug": lambda house: house.organization.slug,
    "name": lambda _: "storage",
    "token": lambda house: calendar_token(house.one(Event)),
}


class House:
    """One organization, its people and its rows. Every name in it contains `marker`: a leak is found by it."""

    def __init__(self, slug: str, marker: str) -> None:
        self.marker = marker
        self.organization: Organization = OrganizationFactory.create(name=f"{marker} club", slug=slug)
        self._people: dict[Role, User] = {}
        self._rows: dict[type[Model], list[Any]] = {Organization: [self.organization]}
        self._count = 0
        self.client = client_of(self.owner)
        self.staff = operator()
        self._rows[User] = [self.owner]

    def reader(self, operation: Operation) -> User:
        """Who may do it here: the owner, or platform staff where that is for them alone."""
        return self.owner if is_for("owner", operation) else self.staff

    def client_for(self, operation: Operation) -> APIClient:
        """A client of theirs."""
        return self.client if is_for("owner", operation) else client_of(self.staff, self.organization.slug)

    @property
    def owner(self) -> User:
        """Whose house it is."""
        return self.person(Role.OWNER)

    def person(self, role: Role) -> User:
        """The member with this role."""
        if role not in self._people:
            name = f"{self.marker} {role.label}"
            self._people[role] = member(
                self.organization, role, full_name=name, email=f"{role}@{self.marker.lower()}.example"
            )
        return self._people[role]

    def one(self, model: type[Model]) -> Any:
        """The first row of a model, made when it is first asked for."""
        return self._rows[model][0] if self._rows.get(model) else self.another(model)

    def another(self, model: type[Model]) -> Any:
        """One more row of a model, beside the others."""
        row = self._make(model)
        self._rows.setdefault(model, []).append(row)
        return row

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Forget at the end the rows that were made inside: their transaction is rolled back."""
        kept = {model: list(made) for model, made in self._rows.items()}
        people = dict(self._people)
        yield
        self._rows, self._people = kept, people

    def models(self) -> list[type[Model]]:
        """The models that there are rows of."""
        return [model for model, made in self._rows.items() if made]

    def rows(self) -> Iterator[Model]:
        """Everything that was made so far, people and their memberships included."""
        for made in self._rows.values():
            yield from made
        yield from self._people.values()
        yield from TokenFamily.objects.filter(user__in=self._people.values())
        yield from Membership.objects.filter(organization=self.organization)

    def secrets(self) -> set[str]:
        """What no answer to a stranger may contain."""
        return {str(row.pk) for row in self.rows()} | {self.marker}

    def values_for(self, route: Route) -> dict[str, object]:
        """What the parameters in a route's address are here."""
        return {name: self._value(route, name) for name in route.parameters}

    def page(self, name: str, **values: object) -> str:
        """The address of a page here; `values` replace the usual parameters."""
        of_page = {parameter: values.get(parameter) or self._called(parameter) for parameter in PAGES[name]}
        return reverse(f"web:{name}", kwargs=of_page)

    def row_of(self, operation: Operation) -> Any:
        """The row that a route's key names; None where it has no key."""
        return self.one(operation.route.view.model) if "pk" in operation.route.parameters else None

    def _value(self, route: Route, name: str) -> object:
        return self.one(route.view.model).pk if name == "pk" else self._called(name)

    def _called(self, parameter: str) -> object:
        if parameter in VALUE_OF_PARAMETER:
            return VALUE_OF_PARAMETER[parameter](self)
        return self.one(_model_called(parameter)).pk

    def _make(self, model: type[Model]) -> Any:
        self._count += 1
        if model is Deletion:
            return self._delete_something()
        if model is Certification:
            self.one(Contest)  # stays as it is: the certification is of another one, and voided
            return certify(self.another(Contest), voided=True)
        if model is TokenFamily:
            return TokenFamily.objects.create(user=self.owner, expires_at=clock.now() + A_DAY)
        if model is Membership:
            person = f"{self.marker} {self._count}"
            return MembershipFactory.create(organization=self.organization, role=Role.VIEWER, user__full_name=person)
        values: dict[str, Any] = {field.name: self._parent(model, field) for field in _keys(model)}
        names = {field.name for field in model._meta.fields}
        values |= {name: f"{self.marker} {self._count}" for name in ("name", "label") if name in names}
        if "organization_id" in names:
            values["organization_id"] = self.organization.pk
        return _factory_of(model).create(**ALSO.get(model._meta.label, {}), **values)

    def _parent(self, model: type[Model], key: ForeignKey[Any, Any]) -> Any:
        if key.name == "organization":
            return self.organization
        target: Any = key.related_model
        has_some = bool(self._rows.get(model))
        if model is Judge:  # the first one is the judge among the people, the others don't sign in
            return None if has_some else self.person(Role.JUDGE)
        apart = has_some or model._meta.label in FROM_THE_FIRST
        own = apart and key.name in OWN_PARENT.get(model._meta.label, ())
        return self.another(target) if own else self.one(target)

    def _delete_something(self) -> Deletion:
        with organization_scope(self.organization.pk):
            return delete_object(root=self._make(Event))


def client_of(user: User | None, slug: str | None = None) -> APIClient:
    """A client that has signed in as `user` and names an organization, where they are given."""
    client = APIClient()
    headers = {}
    if user is not None:
        headers["HTTP_AUTHORIZATION"] = token_of(user)
    if slug is not None:
        headers["HTTP_X_ORGANIZATION"] = slug
    client.credentials(**headers)
    return client


def token_of(user: User) -> str:
    """What a person sends in `Authorization` after signing in."""
    family = TokenFamily.objects.create(user=user, expires_at=clock.now() + A_DAY)
    return f"Bearer {issue_pair(family).access}"


def operator() -> User:
    """One of the platform's staff."""
    user: User = OperatorFactory.create()
    return user


def _keys(model: type[Model]) -> list[ForeignKey[Any, Any]]:
    fields: list[Field[Any, Any]] = list(model._meta.local_fields)
    return [field for field in fields if isinstance(field, ForeignKey)]


def _model_called(parameter: str) -> type[Model]:
    if parameter in MODEL_OF_PARAMETER:
        return MODEL_OF_PARAMETER[parameter]
    wanted = parameter.removesuffix("_id").replace("_", "")
    return next(model for model in _factories() if model._meta.model_name == wanted)


def _factory_of(model: type[Model]) -> type[DjangoModelFactory[Any]]:
    factory = _factories().get(model)
    assert factory is not None, f"{model._meta.label} needs a factory in tests/factories: a route is about it"
    return factory


@cache
def _factories() -> Mapping[type[Model], type[DjangoModelFactory[Any]]]:
    """The first factory of each model, over all of tests/factories."""
    found: dict[type[Model], type[DjangoModelFactory[Any]]] = {}
    for module in pkgutil.iter_modules(tests.factories.__path__):
        for factory in vars(importlib.import_module(f"tests.factories.{module.name}")).values():
            if isinstance(factory, type) and issubclass(factory, DjangoModelFactory) and not factory._meta.abstract:
                found.setdefault(factory._meta.get_model_class(), factory)
    return found
