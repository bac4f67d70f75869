"""Signing in: by email and password, by token, by session."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.accounts.models import User
from apps.core.correlation.context import set_actor


class EmailBackend(BaseBackend):
    """Email in any case, and a password. An unknown address costs as much time as a wrong password."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        email = username or kwargs.get("email")
        if not email or password is None:
            return None
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: Any) -> User | None:  # noqa: ANN401
        return User.objects.filter(pk=user_id, is_active=True).first()


class TokenAuthentication(JWTAuthentication):  # type: ignore[misc]
    """A bearer token; its person is the actor of everything that the request does."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            set_actor(found[0].pk)
        return found


class SessionAuthentication(authentication.SessionAuthentication):
    """A session of the admin or the browsable API, with CSRF."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        found = super().authenticate(request)
        if found is not None:
            set_actor(found[0].pk)
        return found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[misc,no-untyped-call]
    """The bearer token in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "bearerToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ANN401
        del auto_schema
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[misc,no-untyped-call]
    """The session cookie in the OpenAPI document."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:  # noqa: ANN401
        del auto_schema
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
