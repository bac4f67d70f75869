"""The first start: somebody to sign in as, and on a machine for trying things out, something to look at."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import connection, transaction

from apps.accounts.enums import Role
from apps.accounts.models import Organization, User
from apps.accounts.services.organizations import create_organization
from apps.operations.services import demo_cast
from apps.operations.services.demo import make_demo

LOCK = "podium.bootstrap"
PLAIN_NAME = "Podium"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What was made. `password` is to be shown once, and never again; empty where the caller chose it."""

    organization: Organization
    owner: User
    password: str
    people: tuple[demo_cast.Person, ...]


@transaction.atomic
def start_first_time(*, email: str, password: str, demo: bool) -> FirstStart | None:
    """Make the owner, an organization of theirs, and the demo. None where somebody is there already.

    The owner also operates the platform. Two first starts at once make one.

    Args:
        password: the owner's, and that of the demo's people; a random one where it is empty.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
    if User.all_objects.exists():
        return None
    chosen = password or secrets.token_urlsafe(12)
    owner = User.objects.create_superuser(email, chosen, full_name="Olivia Owner" if demo else "")
    organization = create_organization(
        name=demo_cast.ORGANIZATION if demo else PLAIN_NAME,
        owner=owner,
        timezone=demo_cast.TIMEZONE if demo else "UTC",
    )
    people = make_demo(organization=organization, owner=owner, password=chosen) if demo else ()
    return FirstStart(organization, owner, "" if password else chosen, people)


def sign_in_lines(first: FirstStart) -> list[str]:
    """How to sign in, for a terminal."""
    told = [(Role.OWNER.label, first.owner.email), *((one.role.label, one.email) for one in first.people)]
    width = max(len(email) for _, email in told)
    lines = [f"{first.organization.name}: sign in at /admin/ or with POST /api/v1/auth/login/", ""]
    lines += [f"  {email:<{width}}  {role}" for role, email in told]
    whose = "Everybody's" if first.people else "The"
    if first.password:
        lines += ["", f"  {whose} password: {first.password}   (shown only this once)"]
    else:
        lines += ["", f"  {whose} password is the value of PODIUM_ADMIN_PASSWORD."]
    return lines
