"""A forgotten password: ask for a link, and use it."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.errors import ResetLinkInvalid
from apps.accounts.services.passwords import request_reset, reset_password, user_of_reset
from apps.core import rates
from apps.core.errors import Invalid
from apps.web.pages import page, show

SENT = "If this address belongs to an account, a link is on its way to it."


class AddressForm(forms.Form):
    """Whose password was forgotten."""

    email = forms.EmailField(max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username email"}))


class ChooseForm(forms.Form):
    """The new password."""

    password = forms.CharField(
        label="New password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a link; the answer is the same whether the address belongs to an account or not."""
    form = AddressForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _may_ask(request):
            request_reset(email=form.cleaned_data["email"])
        messages.success(request, SENT)
        return redirect("web:sign-in")
    return show(request, "web/password.html", {"form": form, "title": "A new password", "button": "Send me a link"})


@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@page
def choose(request: HttpRequest, user_id: UUID, token: str) -> HttpResponse:
    """Choose a new password."""
    form = ChooseForm(request.POST or None)
    try:
        user_of_reset(user_id=user_id, token=token)
        if request.method == "POST" and form.is_valid():
            reset_password(user_id=user_id, token=token, password=form.cleaned_data["password"])
            messages.success(request, "Your password is changed. Sign in with it.")
            return redirect("web:sign-in")
    except ResetLinkInvalid as error:
        messages.error(request, error.detail)
        return redirect("web:forgotten")
    except Invalid as error:
        for problem in error.errors:
            form.add_error("password", problem.detail)
    return show(
        request, "web/password.html", {"form": form, "title": "Choose a new password", "button": "Take this one"}
    )


def _may_ask(request: HttpRequest) -> bool:
    """As often as the API lets one; who asks too often is told the same, and nothing is sent."""
    return rates.hit(settings.API_RATES["reset"], "reset-page", request.META.get("REMOTE_ADDR", "")).allowed
