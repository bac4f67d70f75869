"""The recycle bin in the admin: what was deleted, what it holds, the way back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import display

from apps.core.access import Capability
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.editing import FoundAdmin
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.models import Deletion, DeletionState
from apps.core.softdelete.policies import may_restore
from apps.core.softdelete.restore_form import form_context, restore_as_typed, words_of
from apps.core.softdelete.retention_pages import RetentionPages
from apps.core.softdelete.selectors import deletion_tree, name_of
from apps.core.softdelete.services.planning import plan_restore

STATE_COLORS = {
    "In the recycle bin": "warning",
    "Restored": "success",
    "Being purged": "danger",
    "Purged": "danger",
}


class TypeFilter(admin.SimpleListFilter):
    """By what was deleted."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        labels = model_admin.get_queryset(request).order_by().values_list("root_model", flat=True).distinct()
        return [(label, name_of(label, 1).capitalize()) for label in sorted(labels)]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        del request
        return queryset.filter(root_model=self.value()) if self.value() else queryset


class RecycleBinAdmin(RetentionPages, FoundAdmin):
    """Deletions of the organization in scope, newest first. What they are about is never changed here."""

    list_display = ["what", "kind", "rows", "by", "deleted", "expires", "badge"]
    list_filter = ["state", TypeFilter, "legal_hold", "created_at", "expires_at"]
    search_fields = ["root_label", "reason"]
    ordering = ["-created_at", "-id"]
    date_hierarchy = "created_at"
    list_fullwidth = True
    list_before_template = "core/softdelete/bin_links.html"
    change_form_template = "core/softdelete/deletion.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Deletion | None = None) -> bool:
        return access_of(request).allows(Capability.RECYCLE, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Deletion | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Deletion | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        people = get_user_model()
        names = people._base_manager.filter(pk=OuterRef("deleted_by")).values(people.USERNAME_FIELD)[:1]
        deletions: models.QuerySet[Any] = Deletion.objects.order_by(*self.get_ordering(request))
        named: models.QuerySet[Any] = deletions.annotate(by_name=Subquery(names))
        return named

    @display(description="What", ordering="root_label")  # type: ignore[untyped-decorator]
    def what(self, deletion: Deletion) -> str:
        """The label of what was deleted."""
        return deletion.root_label

    @display(description="Deleted", ordering="created_at")  # type: ignore[untyped-decorator]
    def deleted(self, deletion: Deletion) -> datetime:
        """When."""
        return deletion.created_at

    @display(description="Expires", ordering="expires_at")  # type: ignore[untyped-decorator]
    def expires(self, deletion: Deletion) -> datetime | str:
        """Until when it can come back."""
        return "Legal hold" if deletion.legal_hold else deletion.expires_at or "—"

    @display(description="Type", ordering="root_model")  # type: ignore[untyped-decorator]
    def kind(self, deletion: Deletion) -> str:
        """What people call such a thing."""
        return name_of(deletion.root_model, 1).capitalize()

    @display(description="Rows")  # type: ignore[untyped-decorator]
    def rows(self, deletion: Deletion) -> int:
        """How many rows it took."""
        return sum(deletion.counts.values())

    @display(description="Deleted by")  # type: ignore[untyped-decorator]
    def by(self, deletion: Any) -> str:
        """The person's address; nobody where the platform did it."""
        return deletion.by_name or "—"

    @display(description="State", ordering="state", label=STATE_COLORS)  # type: ignore[untyped-decorator]
    def badge(self, deletion: Deletion) -> str:
        """Where it stands."""
        return deletion.get_state_display()

    def get_custom_urls(self) -> tuple[Any, ...]:
        return (
            ("forecast/", "core_deletion_forecast", self.forecast_view),
            ("<uuid:deletion_id>/restore/", "core_deletion_restore", self.restore_view),
            ("<uuid:deletion_id>/hold/", "core_deletion_hold", self.hold_view),
            ("<uuid:deletion_id>/purge/", "core_deletion_purge", self.purge_view),
        )

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What one deletion holds, and what can be done with it."""
        del form_url
        deletion = self.get_object(request, object_id) if object_id else None
        if deletion is None:
            return self._missing(request, object_id)
        if not self.has_view_permission(request, deletion):
            raise PermissionDenied
        context = self._context(request, deletion, title=deletion.root_label)
        context |= {"tree": deletion_tree(deletion), **(extra_context or {})}
        return TemplateResponse(request, self.change_form_template, context)

    def restore_view(self, request: HttpRequest, deletion_id: Any, **kwargs: Any) -> HttpResponse:
        """Show what would come back and what collides; restore once that is confirmed."""
        del kwargs
        deletion = Deletion.objects.filter(pk=deletion_id).first()
        if deletion is None:
            return self._missing(request, deletion_id)
        if not may_restore(access_of(request), deletion):
            raise PermissionDenied
        refusal = None
        if request.method == "POST":
            refusal = restore_as_typed(deletion, access_of(request), request.POST)
            if refusal is None:
                messages.success(request, f"“{deletion.root_label}” is back.")
                return HttpResponseRedirect(self._after_restore(request, deletion))
            messages.error(request, words_of(refusal))
        deletion.refresh_from_db(from_queryset=Deletion.objects.all())
        context = self._context(request, deletion, title=f"Restore “{deletion.root_label}”?")
        context |= form_context(plan_restore(deletion=deletion), request.POST, refusal)
        context |= {"is_held": deletion.state == DeletionState.DELETED}
        return TemplateResponse(request, "core/softdelete/restore.html", context)

    def _after_restore(self, request: HttpRequest, deletion: Deletion) -> str:
        model = model_of(deletion.root_model)
        if self.admin_site.is_registered(model):
            return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[deletion.root_id])
        return reverse("admin:core_deletion_changelist")

    def _context(self, request: HttpRequest, deletion: Deletion, *, title: str) -> dict[str, Any]:
        by = get_user_model()._base_manager.filter(pk=deletion.deleted_by).first() if deletion.deleted_by else None
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "deletion": deletion,
            "kind": name_of(deletion.root_model, 1),
            "deleted_by": by,
            "is_in_bin": deletion.state == DeletionState.DELETED,
            "may_hold": deletion.state == DeletionState.DELETED,
            "may_purge": (
                deletion.state == DeletionState.DELETED
                and not deletion.legal_hold
                and access_of(request).allows(Capability.PURGE, deletion)
            ),
            "may_restore": deletion.state == DeletionState.DELETED and may_restore(access_of(request), deletion),
        }
