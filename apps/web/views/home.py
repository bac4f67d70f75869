"""Where to go from here, and signing in."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from apps.accounts.policies import may_use_admin
from apps.web.pages import POLICY, page, show


@require_safe
@page
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    return show(request, "web/home.html", {"uses_admin": may_use_admin(request.user)})


class EmailForm(AuthenticationForm):
    """Email and password, counted against guessing by `apps.accounts.authentication`."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Email and password don't belong together. "
        "After several wrong passwords the account is locked for a while.",
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "Email"
        self.fields["username"].widget.attrs["autocomplete"] = "username email"


@method_decorator(csp(dict(POLICY)), name="dispatch")
class SignInView(LoginView):
    """Sign in, and go on to where one was going."""

    template_name = "web/sign_in.html"
    authentication_form = EmailForm
    next_page = "web:home"
