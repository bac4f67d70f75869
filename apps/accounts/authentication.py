"""Signing in: by email and password, by token, by session."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.request import Request

from apps.accounts.errors import SignInLocked
from apps.accounts.models import User
from apps.accounts.services import lockout
from apps.accounts.services.tokens import AccessToken, read_token, user_of
from apps.core.correlation.context import set_actor


class EmailBackend(BaseBackend):
    """Email in any case, and a password. An unknown address costs as much time as a wrong password.

    Wrong ones are counted here, so that the API, the admin and the browsable API share one lock.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        email = username or kwargs.get("email")
        if not email or password is None or "\x00" in email:
            return None
        try:
            lockout.require_open(email=email, request=request)
        except SignInLocked as locked:
            raise PermissionDenied(locked.detail) from locked
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            User().set_password(password)
        elif user.check_password(password) and user.is_active:
            lockout.count_success(email=email, request=request)
            signed_in: User = user
            return signed_in
        lockout.count_failure(email=email, request=request)
        return None

    def get_user(self, user_id: Any) -> User | None:
        user: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        return user


class TokenAuthentication(authentication.BaseAuthentication):
    """A bearer token; its person is the actor of everything that the request does."""

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        kind, _, raw = authentication.get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer":
            return None
        token = read_token(AccessToken, raw.strip())
        user = user_of(token)
        set_actor(user.pk)
        return user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class SessionAuthentication(authentication.SessionAuthentication):
    """A session of the admin or the browsable API, with CSRF."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None:
            set_actor(found[0].pk)
        return found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The bearer token in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "bearerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session cookie in the OpenAPI document."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
