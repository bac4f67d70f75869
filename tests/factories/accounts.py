"""Organizations and the people in them."""

from __future__ import annotations

from typing import Any

import factory
from factory.django import DjangoModelFactory

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User

PASSWORD = "correct horse battery staple"


class OrganizationFactory(DjangoModelFactory[Organization]):
    """An organization without members."""

    class Meta:
        model = Organization

    name = factory.Sequence(lambda n: f"Skating club {n}")
    slug = factory.Sequence(lambda n: f"skating-club-{n}")
    timezone = "Europe/Helsinki"


class UserFactory(DjangoModelFactory[User]):
    """A person who can sign in with `PASSWORD`."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person-{n}@example.org")
    full_name = factory.Sequence(lambda n: f"Person {n}")
    password = factory.django.Password(PASSWORD)


class OperatorFactory(UserFactory):
    """One of the platform's staff."""

    email = factory.Sequence(lambda n: f"operator-{n}@example.org")
    is_staff = True


class MembershipFactory(DjangoModelFactory[Membership]):
    """A person in an organization; an owner where nothing else is said."""

    class Meta:
        model = Membership

    organization = factory.SubFactory(OrganizationFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.OWNER


def member(organization: Organization, role: Role = Role.OWNER, **user: Any) -> User:
    """Somebody with this role in this organization."""
    membership: Membership = MembershipFactory.create(
        organization=organization, user=UserFactory.create(**user), role=role
    )
    return membership.user
