"""A new password for who has forgotten theirs: by a link that goes to their address, and is good once."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction

from apps.accounts.errors import ResetLinkInvalid
from apps.accounts.models import User
from apps.accounts.services.sessions import set_password
from apps.core import rates
from apps.core.ids import new_id
from apps.core.outbox.services import emit


@transaction.atomic
def request_reset(*, email: str) -> None:
    """Have a link sent to whoever has this address; nobody learns from here whether anybody has.

    What is told of a stranger is taken back: so the database has the same work with both, and the answer takes as
    long. An address that has had enough links for the hour is treated as a stranger's.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    digest = hashlib.blake2s(email.lower().encode(), key=settings.SECRET_KEY.encode()[:32], digest_size=16)
    if not rates.hit(settings.RESET_LINKS, "password-reset", digest.hexdigest()).allowed:
        user = None
    with transaction.atomic():
        user_id = user.pk if user else new_id()
        emit(
            type="user.password_reset_requested",
            subject=f"user/{user_id}",
            organization_id=None,
            data={"user_id": str(user_id)},
        )
        if user is None:
            transaction.set_rollback(True)


def reset_token(user: User) -> str:
    """What proves that somebody reads the address's mail. It ends with its time, and with the password."""
    return default_token_generator.make_token(user)


def user_of_reset(*, user_id: UUID, token: str) -> User:
    """Whose password a link is for.

    Raises:
        ResetLinkInvalid: it was used, is too old, or none of ours.
    """
    user: User | None = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        raise ResetLinkInvalid("This link was used before, or is too old. Ask for another one.")
    return user


@transaction.atomic
def reset_password(*, user_id: UUID, token: str, password: str) -> None:
    """Give them the password that they have chosen; all their sessions end.

    Raises:
        ResetLinkInvalid: see `user_of_reset`.
        Invalid: the password is too weak.
    """
    User.objects.select_for_update().filter(pk=user_id).first()  # of two with one link, one is first
    set_password(user=user_of_reset(user_id=user_id, token=token), password=password)
