"""Buttons that do something: asked about on a page of their own, done by `POST` only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.core.errors import PodiumError


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before `run`, whose answer is the message that is shown afterwards.

    `leads_to` is where one is then; on the row's own page where it is left out. Without a `button` there is nothing
    to be done, and the page only says so.
    """

    title: str
    text: str
    button: str
    run: Callable[[], str]
    is_grave: bool = False
    leads_to: str = ""


def ask(
    model_admin: Any, request: HttpRequest, object_id: str, question_about: Callable[[Any], Question]
) -> HttpResponse:
    """The page that asks; or, confirmed, what is done and the row's own page.

    Raises:
        Http404: there is no such row for this caller.
        PermissionDenied: it is not for this caller.
    """
    row = model_admin.found(request, object_id)
    if not model_admin.has_step_permission(request, row):
        raise PermissionDenied
    opts, question = model_admin.opts, question_about(row)
    page = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    if request.method == "POST":
        try:
            messages.success(request, question.run())
        except PodiumError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(page)
        return HttpResponseRedirect(question.leads_to or page)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": question.title,
        "opts": opts,
        "original": row,
        "step": question,
        "back": page,
    }
    return TemplateResponse(request, "core/step.html", context)
