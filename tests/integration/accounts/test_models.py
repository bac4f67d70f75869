"""People and organizations as rows."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from apps.accounts.models import Organization, TokenFamily, User
from apps.accounts.services.organizations import create_organization
from apps.core.slugs import NUMBERED
from tests.factories.accounts import PASSWORD, OrganizationFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_a_person_is_found_by_email_in_any_case() -> None:
    alice = UserFactory.create(email="alice@example.org")
    assert User.objects.get_by_natural_key("ALICE@example.ORG") == alice


def test_an_address_belongs_to_one_live_person() -> None:
    UserFactory.create(email="alice@example.org")
    with pytest.raises(IntegrityError, match="user_email_unique"), transaction.atomic():
        UserFactory.create(email="Alice@Example.org")


def test_who_runs_the_platform_is_staff() -> None:
    root = User.objects.create_superuser("root@EXAMPLE.org", PASSWORD)
    assert (root.email, root.is_staff, root.is_superuser) == ("root@example.org", True, True)
    assert authenticate(None, username="root@example.org", password=PASSWORD) == root


@pytest.mark.parametrize("credentials", [{"username": "", "password": "x"}, {"username": "a@b.c"}, {"token": "x"}])
def test_signing_in_without_an_address_or_a_password_is_no_attempt(credentials: dict[str, str]) -> None:
    assert authenticate(None, **credentials) is None


def test_a_nul_byte_in_an_address_is_nobodys() -> None:
    assert authenticate(None, username="a\x00@example.org", password="x") is None


def test_a_session_is_called_after_its_device() -> None:
    family = TokenFamily(user_agent="Tablet")
    assert str(family) == f"Tablet, since {family.created_at:%Y-%m-%d %H:%M}"


def test_the_twenty_first_of_a_name_gets_a_slug_of_its_own() -> None:
    owner = UserFactory.create()
    OrganizationFactory.create(slug="ice-club")
    for number in range(2, NUMBERED + 1):
        OrganizationFactory.create(slug=f"ice-club-{number}")
    made = create_organization(name="Ice club", owner=owner)
    assert made.slug.startswith("ice-club-")
    assert len(made.slug) == len("ice-club-") + 12


def test_another_constraint_is_not_taken_for_a_slug_that_is_taken() -> None:
    with pytest.raises(IntegrityError, match="not-null"), transaction.atomic():
        create_organization(name="Ice club", owner=UserFactory.create(), timezone=None)  # type: ignore[arg-type]
    assert Organization.objects.count() == 0
