"""The routes of people, organizations and sessions."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from apps.accounts.api.v1.views import passwords, people, sessions
from apps.core.rest.routers import PodiumRouter, route

app_name = "accounts"

router = PodiumRouter()
router.register("organizations", people.OrganizationViewSet, basename="organization")
router.register("memberships", people.MembershipViewSet, basename="membership")

SESSION_ID = r"(?P<session_id>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"

urlpatterns: list[URLPattern | URLResolver] = [
    route(r"^auth/login/$", sessions.LoginView.as_view(), name="login"),
    route(r"^auth/refresh/$", sessions.RefreshView.as_view(), name="refresh"),
    route(r"^auth/verify/$", sessions.VerifyView.as_view(), name="verify"),
    route(r"^auth/logout/$", sessions.LogoutView.as_view(), name="logout"),
    route(r"^auth/password/$", sessions.PasswordView.as_view(), name="password"),
    route(r"^auth/password/reset/$", passwords.ResetRequestView.as_view(), name="password-reset"),
    route(r"^auth/password/reset/confirm/$", passwords.ResetView.as_view(), name="password-reset-confirm"),
    route(r"^auth/me/$", sessions.MeView.as_view(), name="me"),
    route(r"^auth/sessions/$", sessions.SessionListView.as_view(), name="session-list"),
    route(rf"^auth/sessions/{SESSION_ID}/$", sessions.SessionDetailView.as_view(), name="session-detail"),
    path("", include(router.urls)),
]
