"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.accounts.api.v1 import serializers
from apps.accounts.models import User
from apps.accounts.policies import MemberAccess, NobodyAccess
from apps.accounts.selectors import (
    access_of_request,
    capabilities_of,
    live_sessions,
    memberships_of,
    organization_of,
)
from apps.accounts.services import sessions
from apps.accounts.services.tokens import AccessToken, TokenPair, read_token, user_of
from apps.core.errors import OrganizationNotNamed
from apps.core.rest.views import PodiumView


class SessionView(PodiumView):
    """Base of the views about signing in: they come before any organization."""

    serializer_class: ClassVar[type[BaseSerializer[Any]]]

    def body(self, request: Request) -> dict[str, Any]:
        """The validated body."""
        serializer = self.serializer_class(data=request.data)
        serializer.is_valid(raise_exception=True)
        found: dict[str, Any] = serializer.validated_data
        return found

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """For the forms of the browsable API."""
        return self.serializer_class(*args, **kwargs)

    def caller(self) -> User:
        """The person who has signed in, where `IsAuthenticated` guards the view."""
        return cast("User", self.request.user)


def _answer(pair: TokenPair) -> Response:
    data = serializers.TokenPairSerializer(pair).data
    return Response(data, headers={"Cache-Control": "no-store"})


class OpenSessionView(SessionView):
    """Base of those that need no sign-in; a stale token in the header doesn't stop them."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_scope = "login"


class LoginView(OpenSessionView):
    """Sign in by email and password."""

    serializer_class = serializers.SignInSerializer

    @extend_schema(operation_id="auth_login", responses=serializers.TokenPairSerializer, summary="Sign in")
    def post(self, request: Request) -> Response:
        """Sign in by email and password, for an access token and a refresh token."""
        return _answer(sessions.sign_in(request=request._request, **self.body(request)))


class RefreshView(OpenSessionView):
    """Exchange a refresh token."""

    serializer_class = serializers.RefreshSerializer
    throttle_scope = "refresh"

    @extend_schema(
        operation_id="auth_refresh", responses=serializers.TokenPairSerializer, summary="Go on with a session"
    )
    def post(self, request: Request) -> Response:
        """Spend a refresh token for the next pair. Sending one twice ends its session."""
        return _answer(sessions.refresh_session(**self.body(request)))


class VerifyView(OpenSessionView):
    """Ask whether an access token is good."""

    serializer_class = serializers.AccessSerializer
    throttle_scope = "refresh"

    @extend_schema(operation_id="auth_verify", responses={204: None}, summary="Check an access token")
    def post(self, request: Request) -> Response:
        """Say whether an access token is good now: 204 if so, 401 if not. A refresh token is not."""
        user_of(read_token(AccessToken, self.body(request)["token"]))
        return Response(status=204)


class LogoutView(OpenSessionView):
    """End the session of a refresh token."""

    serializer_class = serializers.RefreshSerializer
    throttle_scope = "refresh"

    @extend_schema(operation_id="auth_logout", responses={204: None}, summary="Sign out")
    def post(self, request: Request) -> Response:
        """End the session that a refresh token belongs to, with all its access tokens."""
        sessions.sign_out(**self.body(request))
        return Response(status=204)


class PasswordView(SessionView):
    """Change one's password."""

    permission_classes = [IsAuthenticated]
    serializer_class = serializers.PasswordChangeSerializer
    throttle_scope = "login"

    @extend_schema(operation_id="auth_password", responses={204: None}, summary="Change your password")
    def post(self, request: Request) -> Response:
        """Change your password. Every session ends, this one too."""
        body = self.body(request)
        sessions.change_password(
            request=request._request,
            user=self.caller(),
            current=body["current_password"],
            new=body["new_password"],
        )
        return Response(status=204)


class MeView(SessionView):
    """Who one is."""

    permission_classes = [IsAuthenticated]
    serializer_class = serializers.MeSerializer

    @extend_schema(operation_id="auth_me", responses=serializers.MeSerializer, summary="Who am I?")
    def get(self, request: Request) -> Response:
        """Return the caller, the organization acted in, what they may do there, and where else they belong."""
        user = self.caller()
        try:
            access = access_of_request(request)
        except OrganizationNotNamed:
            access = NobodyAccess(user_id=user.pk)
        role = access.role if isinstance(access, MemberAccess) else None
        answer = {
            "user": user,
            "organization": organization_of(access),
            "role": role,
            "capabilities": capabilities_of(access),
            "memberships": memberships_of(user),
        }
        return Response(serializers.MeSerializer(answer).data)


class SessionListView(SessionView):
    """One's sessions."""

    permission_classes = [IsAuthenticated]
    serializer_class = serializers.SessionSerializer

    @extend_schema(
        operation_id="auth_sessions",
        responses=serializers.SessionSerializer(many=True),
        summary="List your sessions",
    )
    def get(self, request: Request) -> Response:
        """List where you are signed in, newest first."""
        return Response(serializers.SessionSerializer(live_sessions(self.caller())[:100], many=True).data)


class SessionDetailView(SessionView):
    """One of one's sessions."""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="auth_session_end", responses={204: None}, summary="End a session")
    def delete(self, request: Request, session_id: UUID) -> Response:
        """End one of your sessions; its tokens are good no more."""
        sessions.end_session(user=self.caller(), session_id=session_id)
        return Response(status=204)
