"""What is told of people and organizations: ids and roles, and no names or addresses."""

from __future__ import annotations

from apps.accounts.enums import Role
from apps.core.outbox.catalogue import EventType, identifier, one_of

PERSON = identifier("The person.")
MEMBER = {
    "membership_id": identifier("The membership."),
    "user_id": PERSON,
    "role": one_of("The role that they have now.", Role.values),
}


def account_events() -> list[EventType]:
    """Organizations, their members, and what people should know of their own sessions."""
    return [
        EventType(
            name="organization.created",
            app="accounts",
            meaning="An organization was founded.",
            subject="organization/{organization_id}",
            data={"organization_id": identifier("The organization."), "owner_id": identifier("Its first owner.")},
        ),
        EventType(
            name="member.added",
            app="accounts",
            meaning="Somebody became a member.",
            subject="membership/{membership_id}",
            data=MEMBER,
            shape="MemberData",
        ),
        EventType(
            name="member.role_changed",
            app="accounts",
            meaning="A member has another role.",
            subject="membership/{membership_id}",
            data=MEMBER,
            shape="MemberData",
        ),
        EventType(
            name="user.password_changed",
            app="accounts",
            meaning="A person has a new password; their sessions have ended.",
            subject="user/{user_id}",
            data={"user_id": PERSON},
            of_platform=True,
        ),
        EventType(
            name="user.password_reset_requested",
            app="accounts",
            meaning="Somebody asked for a link to choose a new password; it goes to the person's address.",
            subject="user/{user_id}",
            data={"user_id": PERSON},
            of_platform=True,
        ),
        EventType(
            name="session.token_reused",
            app="accounts",
            meaning="A refresh token came twice, so that somebody may have copied it; its session has ended.",
            subject="user/{user_id}",
            data={"session_id": identifier("The session."), "user_id": PERSON},
            of_platform=True,
        ),
    ]
