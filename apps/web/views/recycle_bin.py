"""The recycle bin: what went, with what, by whom, until when; and the way back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.models import Organization, User
from apps.accounts.selectors import admin_organizations
from apps.core.access import Access, Capability
from apps.core.errors import Forbidden, NotFound
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.restore_form import form_context, restore_as_typed, words_of
from apps.core.softdelete.selectors import deletion_tree, name_of
from apps.core.softdelete.services import plan_restore
from apps.web.pages import SIGN_IN, act_in, page, show

ON_A_PAGE = 50


@require_safe
@login_required(login_url=SIGN_IN)
@page
def bins(request: HttpRequest) -> HttpResponse:
    """The organizations whose bin the person may look into; straight to it where there is one."""
    user = request.user
    mine = admin_organizations(user) if isinstance(user, User) else []
    if len(mine) == 1:
        return redirect("web:bin", slug=mine[0].slug)
    return show(request, "web/bins.html", {"organizations": mine})


@require_safe
@login_required(login_url=SIGN_IN)
@page
def bin_of(request: HttpRequest, slug: str) -> HttpResponse:
    """Deletions, newest first: those that can come back, or with `?state=all` every one; `?q=` searches."""
    organization, _ = _enter(request, slug)
    words = request.GET.get("q", "").replace("\0", "").strip()
    every = request.GET.get("state") == "all"
    found = _named(Deletion.objects.all()).order_by("-created_at", "-id")
    if not every:
        found = found.filter(state=DeletionState.DELETED)
    for word in words.split():
        found = found.filter(root_label__icontains=word)
    part = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    lines = [(deletion, name_of(deletion.root_model, 1), sum(deletion.counts.values())) for deletion in part]
    context = {"organization": organization, "part": part, "lines": lines, "words": words, "every": every}
    return show(request, "web/bin.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required(login_url=SIGN_IN)
@page
def deletion(request: HttpRequest, slug: str, deletion_id: UUID) -> HttpResponse:
    """What one deletion holds, what a restore would do; `POST` restores."""
    organization, access = _enter(request, slug)
    found = _named(Deletion.objects.filter(pk=deletion_id)).first()
    if found is None:
        raise NotFound
    refusal = None
    if request.method == "POST":
        refusal = restore_as_typed(found, access, request.POST)
        if refusal is None:
            messages.success(request, f"“{found.root_label}” is back.")
            return HttpResponseRedirect(reverse("web:bin", args=[slug]))
        messages.error(request, words_of(refusal))
    context = {
        **form_context(plan_restore(deletion=found), request.POST, refusal),
        "organization": organization,
        "deletion": found,
        "kind": name_of(found.root_model, 1),
        "tree": deletion_tree(found),
        "is_held": found.state == DeletionState.DELETED,
    }
    return show(request, "web/deletion.html", context)


def _enter(request: HttpRequest, slug: str) -> tuple[Organization, Access]:
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        raise NotFound
    access = act_in(request, organization.pk)
    if not access.allows(Capability.VIEW):
        raise NotFound
    if not access.allows(Capability.RECYCLE):
        raise Forbidden("The recycle bin is for admins and owners.")
    return organization, access


def _named(deletions: QuerySet[Deletion]) -> QuerySet[Deletion]:
    people = get_user_model()
    names = people._base_manager.filter(pk=OuterRef("deleted_by")).values(people.USERNAME_FIELD)[:1]
    return deletions.annotate(by_name=Subquery(names))
