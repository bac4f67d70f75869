"""A contest that is being scored, with everything in it, and people of every role: what most tests begin with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.accounts.models import Organization, User
from apps.accounts.policies import MemberAccess
from apps.contests import models
from apps.core.access import Access
from apps.core.tenancy import organization_scope
from tests.api import signed_in
from tests.factories.accounts import member
from tests.factories.contests import (
    AssignmentFactory,
    CategoryFactory,
    ContestantFactory,
    ContestFactory,
    CriterionFactory,
    EntryFactory,
    JudgeFactory,
)

API = "/api/v1"
SCALE = {"minimum": Decimal(0), "maximum": Decimal(10), "step": Decimal("0.25")}


@dataclass
class Arena:
    """One category, two criteria, three seats (the first belongs to a user who signs in), three contestants."""

    contest: models.Contest
    category: models.Category
    criteria: list[models.Criterion]
    seats: list[models.Assignment]
    entries: list[models.Entry]
    _people: dict[Role, User] = field(default_factory=dict)

    @property
    def organization(self) -> Organization:
        organization: Organization = self.contest.organization
        return organization

    def person(self, role: Role) -> User:
        """The member with this role; the judge sits on the first seat."""
        if role not in self._people:
            self._people[role] = member(self.organization, role)
        return self._people[role]

    def client(self, role: Role = Role.OWNER) -> APIClient:
        """The API, as the member with this role."""
        return signed_in(self.person(role))

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Queries of this organization's rows."""
        with organization_scope(self.contest.organization_id):
            yield

    def mark(self, seat: int, entry: int, criterion: int, value: str | None = "5", **more: Any) -> dict[str, Any]:
        """The body of a mark."""
        return {
            "assignment": str(self.seats[seat].pk),
            "entry": str(self.entries[entry].pk),
            "criterion": str(self.criteria[criterion].pk),
            "value": value,
            **more,
        }

    def mark_all(self, value: str = "5") -> None:
        """Every mark that there can be; the first contestant's a little better, the last one's a little worse."""
        with self.scope():
            models.Score.objects.bulk_create(
                models.Score(
                    organization_id=self.contest.organization_id,
                    assignment=seat,
                    entry=entry,
                    criterion=criterion,
                    value=Decimal(value) - place,
                )
                for place, entry in enumerate(self.entries)
                for seat in self.seats
                for criterion in self.criteria
            )

    def stand(self, status: str) -> None:
        """Put the contest where a test begins."""
        with self.scope():
            models.Contest.objects.filter(pk=self.contest.pk).update(status=status)

    def sign(self, *, but: int = 0) -> None:
        """Over the API, every signature that the locked result still needs, or all `but` the last ones."""
        steps = self.client().get(self.url("sign-off/")).json()["steps"]
        missing = [Role(step["role"]) for step in steps if step["signed_by"] is None]
        for role in missing[: len(missing) - but]:
            client = self.client(role)
            digest = client.get(self.url("sign-off/")).json()["digest"]
            signed = client.post(self.url("sign/"), {"digest": digest})
            assert signed.status_code == 200, signed.content

    def now(self) -> models.Contest:
        """The contest as it is stored."""
        with self.scope():
            contest: models.Contest = models.Contest.objects.get(pk=self.contest.pk)
            return contest

    def url(self, tail: str = "") -> str:
        """An address under the contest."""
        return f"{API}/contests/{self.contest.pk}/{tail}"


def arena(**contest: Any) -> Arena:
    """A fresh one, in an organization of its own."""
    made = ContestFactory.create(status="scoring", **contest)
    category = CategoryFactory.create(contest=made, slug="short")
    criteria = [
        CriterionFactory.create(category=category, name=name, position=place, **SCALE)
        for place, name in enumerate(("Skating skills", "Composition"))
    ]
    judges = [JudgeFactory.create(organization=made.organization) for _ in range(3)]
    seats = [
        AssignmentFactory.create(category=category, judge=judge, seat=f"J{place}")
        for place, judge in enumerate(judges, start=1)
    ]
    entries = [
        EntryFactory.create(
            category=category,
            contestant=ContestantFactory.create(contest=made, number=number, affiliation=f"Club {number}"),
            starting_order=number,
        )
        for number in (1, 2, 3)
    ]
    found = Arena(made, category, criteria, seats, entries)
    with found.scope():
        judges[0].user = found.person(Role.JUDGE)
        judges[0].save()
    return found


def access_of(found: Arena, role: Role = Role.OWNER) -> Access:
    """What the member with this role may do."""
    return MemberAccess(found.person(role).pk, found.organization.pk, role)
