"""Signing in and out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from apps.accounts.enums import SessionEnd
from apps.accounts.errors import SignInFailed, TokenInvalid, TokenReused
from apps.accounts.models import TokenFamily, User
from apps.accounts.services.lockout import require_open
from apps.accounts.services.tokens import FAMILY, RefreshToken, TokenPair, issue_pair, read_token
from apps.core import clock
from apps.core.errors import FieldError, Invalid, NotFound
from apps.core.outbox.services import emit

NO_SUCH_ACCOUNT = "There is no account with this email and password."


def sign_in(*, request: HttpRequest, email: str, password: str) -> TokenPair:
    """Begin a session on this device.

    Raises:
        SignInFailed: email and password don't belong together.
        SignInLocked: too many of them didn't.
    """
    user = check_password(request=request, email=email, password=password)
    with transaction.atomic():
        _require_unchanged(user, password)
        family = TokenFamily.objects.create(
            user=user,
            user_agent=request.headers.get("User-Agent", "")[:200].replace("\x00", ""),
            expires_at=clock.now() + RefreshToken.lifetime,
        )
        return issue_pair(family)


def _require_unchanged(user: User, password: str) -> None:
    """Hold the account as it was when its password was looked at, which takes a while: sessions may have ended."""
    held: User | None = (
        User.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=user.pk, is_active=True, sign_outs=user.sign_outs)
        .first()
    )
    if held is None or (held.password != user.password and not held.check_password(password)):
        raise SignInFailed(NO_SUCH_ACCOUNT)


def check_password(*, request: HttpRequest, email: str, password: str) -> User:
    """The person with this email and password; wrong ones are counted.

    Raises:
        SignInFailed, SignInLocked: see `sign_in`.
    """
    require_open(email=email, request=request)
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        raise SignInFailed(NO_SUCH_ACCOUNT)
    return user


def refresh_session(*, refresh: str) -> TokenPair:
    """Spend a refresh token for the next pair.

    Raises:
        TokenInvalid: it is none, or its session or person is gone.
        TokenReused: it was spent before; the session has ended, which stays so although an error is raised.
    """
    token = read_token(RefreshToken, refresh)
    with transaction.atomic():
        family = _locked_family(token)
        if token.spend():
            family.last_used_at = clock.now()
            family.expires_at = clock.now() + RefreshToken.lifetime
            family.save(update_fields=["last_used_at", "expires_at"])
            return issue_pair(family)
        _end(family, SessionEnd.REUSE)
        emit(
            type="session.token_reused",
            subject=f"user/{family.user_id}",
            organization_id=None,
            data={"session_id": str(family.pk), "user_id": str(family.user_id)},
        )
    raise TokenReused("This refresh token was used before, so its session has ended. Sign in again.")


def _locked_family(token: RefreshToken) -> TokenFamily:
    """The token's family, held until the end of the transaction: a race for one token has one winner."""
    family = (
        TokenFamily.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=token[FAMILY], ended_at__isnull=True)
        .first()
    )
    if family is None or not family.user.is_active or family.user.is_deleted:
        raise TokenInvalid("This session has ended. Sign in again.")
    return family


def _end(family: TokenFamily, reason: SessionEnd) -> None:
    family.ended_at, family.ended_by = clock.now(), reason
    family.save(update_fields=["ended_at", "ended_by"])


@transaction.atomic
def sign_out(*, refresh: str) -> None:
    """End the session that a refresh token belongs to. Doing it twice changes nothing.

    Raises:
        TokenInvalid: it is no refresh token of ours.
    """
    token = read_token(RefreshToken, refresh)
    token.spend()
    TokenFamily.objects.filter(pk=token[FAMILY], ended_at__isnull=True).update(
        ended_at=clock.now(), ended_by=SessionEnd.SIGN_OUT
    )


def end_session(*, user: User, session_id: UUID) -> None:
    """End one of one's own sessions.

    Raises:
        NotFound: none of theirs that is still good.
    """
    ended = TokenFamily.objects.filter(pk=session_id, user=user, ended_at__isnull=True).update(
        ended_at=clock.now(), ended_by=SessionEnd.ENDED
    )
    if not ended:
        raise NotFound("You have no such session.")


def end_all_sessions(*, user_id: UUID, reason: SessionEnd) -> int:
    """End every session of a person at once; returns how many there were."""
    return TokenFamily.objects.filter(user_id=user_id, ended_at__isnull=True).update(
        ended_at=clock.now(), ended_by=reason
    )


def end_sessions_for_good(*, user_ids: Sequence[UUID]) -> None:
    """End every session of people who are deleted or switched off, in browsers too: none is good when they are back.

    The version stays: it is not what people know of a person that changes.
    """
    User._base_manager.filter(pk__in=user_ids).update(sign_outs=F("sign_outs") + 1)
    TokenFamily.objects.filter(user__in=user_ids, ended_at__isnull=True).update(
        ended_at=clock.now(), ended_by=SessionEnd.REMOVED
    )


@transaction.atomic
def set_password(*, user: User, password: str) -> None:
    """Give a person a new password, and end all that the old one began.

    Raises:
        Invalid: the password is too weak; `errors` says why.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        found = [FieldError("#/new_password", "PASSWORD_TOO_WEAK", message) for message in error.messages]
        raise Invalid("This password is too weak.", errors=found) from error
    user.set_password(password)
    _save_password(user)


@transaction.atomic
def remove_password(*, user: User) -> None:
    """Leave a person without a password: nobody signs in with one, and all sessions end."""
    user.set_unusable_password()
    _save_password(user)


def _save_password(user: User) -> None:
    user.save(update_fields=["password"])
    end_all_sessions(user_id=user.pk, reason=SessionEnd.PASSWORD)
    emit(
        type="user.password_changed",
        subject=f"user/{user.pk}",
        organization_id=None,
        data={"user_id": str(user.pk)},
    )


def change_password(*, request: HttpRequest, user: User, current: str, new: str) -> None:
    """Change one's own password, proving that one knows the old one.

    Raises:
        Invalid: the current password is wrong, or the new one too weak.
        SignInLocked: too many wrong ones.
    """
    try:
        check_password(request=request, email=user.email, password=current)
    except SignInFailed as error:
        detail = "This is not your current password."
        raise Invalid(detail, errors=[FieldError("#/current_password", "WRONG_PASSWORD", detail)]) from error
    set_password(user=user, password=new)
