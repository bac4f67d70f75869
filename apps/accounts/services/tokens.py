"""Access and refresh tokens: simplejwt's, each of a family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from apps.accounts.errors import TokenInvalid
from apps.accounts.models import TokenFamily, User

FAMILY = "family"

T = TypeVar("T", bound=tokens.Token)


class AccessToken(tokens.AccessToken):
    """Short-lived; good for as long as its family."""


class RefreshToken(tokens.RefreshToken):
    """Spent once, for the next pair."""

    access_token_class = AccessToken

    @classmethod
    def of(cls, family: TokenFamily) -> RefreshToken:
        """The family's next token. Only its id is kept: a copy of the database signs nobody in."""
        token = cls()
        token["sub"] = str(family.user_id)
        token[FAMILY] = str(family.pk)
        OutstandingToken.objects.create(
            user_id=family.user_id,
            jti=token["jti"],
            token="",
            created_at=token.current_time,
            expires_at=datetime.fromtimestamp(token["exp"], UTC),
        )
        return token

    def check_blacklist(self) -> None:
        """Nothing: `spend` looks, since a spent token must end its family and not only be refused."""

    def spend(self) -> bool:
        """Use the token up; False when that has happened before. The blacklist's unique key decides a race."""
        outstanding = OutstandingToken.objects.filter(jti=self["jti"]).first()
        if outstanding is None:
            return False
        _, is_first = BlacklistedToken.objects.get_or_create(token=outstanding)
        return bool(is_first)


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in gives: signed tokens, and how long the access token is good for, in seconds."""

    access: str
    refresh: str
    expires_in: int


def issue_pair(family: TokenFamily) -> TokenPair:
    """The family's next pair."""
    refresh = RefreshToken.of(family)
    access = refresh.access_token
    return TokenPair(str(access), str(refresh), int(access.lifetime.total_seconds()))


def read_token(kind: type[T], raw: str | bytes) -> T:
    """A token of this kind with a good signature, not expired, of some family.

    Raises:
        TokenInvalid: it is not.
    """
    try:
        token: Any = kind(raw)  # type: ignore[arg-type]
        UUID(token[FAMILY])
    except (TokenError, KeyError, ValueError):
        raise TokenInvalid("This token is not valid, or no longer. Sign in again.") from None
    return token  # type: ignore[no-any-return]


def user_of(token: AccessToken) -> User:
    """The live person of an access token whose family has not ended, in one query.

    Raises:
        TokenInvalid: the person or the session is gone.
    """
    user: User | None = User.objects.filter(
        pk=token["sub"],
        is_active=True,
        token_families__pk=token[FAMILY],
        token_families__ended_at__isnull=True,
    ).first()
    if user is None:
        raise TokenInvalid("This session has ended. Sign in again.")
    return user
