"""Soft delete in the admin: state and filter on every list, a delete page that shows what goes, restore."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from apps.core.access import Access, Capability
from apps.core.errors import PodiumError
from apps.core.rest.constraints import explain_violation
from apps.core.softdelete.editing import VERSION, FoundAdmin, VersionedForm
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.selectors import history_of, name_of
from apps.core.softdelete.services.deleting import delete_object, delete_rows
from apps.core.softdelete.services.previewing import DeletionPreview, preview_deletion
from apps.core.softdelete.services.restoring import restore_object

DELETE_PAGE = "core/softdelete/delete.html"


def access_of(request: HttpRequest) -> Access:
    """The caller, as `apps.accounts` put it on the request."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


class DeletedFilter(admin.SimpleListFilter):
    """Live rows where nothing else is asked for."""

    title = "live or deleted"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del model_admin
        if not access_of(request).allows(Capability.RECYCLE):
            return []
        return [("deleted", "Deleted"), ("all", "Live and deleted")]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        for choice, name in zip(
            super().choices(changelist), ["Live", *(n for _, n in self.lookup_choices)], strict=True
        ):
            yield {**choice, "display": name}

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        del request
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "deleted")


class SoftDeleteAdmin(FoundAdmin):
    """The admin of a soft-deleted model. `capability` is what a role needs to change it; others only look.

    Lists show the organization in scope. Deleted rows are for those who keep the recycle bin, and can't be changed
    until they are restored. A `form` of its own is a `VersionedForm` too, so that nobody overwrites what they have
    not seen.
    """

    capability: ClassVar[Capability] = Capability.ORGANIZE
    form = VersionedForm
    actions = ["delete_selected", "restore_selected"]
    change_form_outer_before_template = "core/softdelete/state_banner.html"
    change_form_before_template = "core/softdelete/version.html"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(Capability.VIEW, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).allows(self.capability)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return not getattr(obj, "is_deleted", False) and access_of(request).allows(self.capability, obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_restore_permission(self, request: HttpRequest) -> bool:
        """Whether the caller sees deleted rows and may restore them."""
        return access_of(request).allows(Capability.RECYCLE)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the scope; deleted ones only for those who may see them, and never in a picker."""
        match = request.resolver_match
        is_picker = match is not None and match.url_name == "autocomplete"
        shows_deleted = not is_picker and self.has_restore_permission(request)
        model: Any = self.model
        queryset: models.QuerySet[Any] = (model.all_objects if shows_deleted else model.objects).all()
        return queryset.order_by(*(self.get_ordering(request) or self.model._meta.ordering))

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """The state is a column of its own while deleted rows are listed."""
        columns = [*super().get_list_display(request)]
        return [*columns, "deletion_state"] if request.GET.get(DeletedFilter.parameter_name) else columns

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name != VERSION]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [DeletedFilter, *super().get_list_filter(request)]

    @display(description="State", label={"Live": "success", "Deleted": "danger"})  # type: ignore[untyped-decorator]
    def deletion_state(self, row: Any) -> str:
        """Live or deleted, as a badge."""
        return "Deleted" if row.is_deleted else "Live"

    @admin.action(description="Restore selected %(verbose_name_plural)s", permissions=["restore"])
    def restore_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Restore the deletions of the selected rows; the first that can't be is shown with the reason."""
        restored = 0
        for row in queryset.filter(deleted_at__isnull=False):
            try:
                restore_object(row=row, access=access_of(request))
            except PodiumError as error:
                messages.error(request, f"{row}: {error.detail}")
                return HttpResponseRedirect(reverse("admin:core_deletion_restore", args=[row.deletion_id]))
            restored += 1
        messages.success(request, f"{restored} {_named(self.model, restored)} restored.")
        return None

    @admin.action(description="Delete selected %(verbose_name_plural)s", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> HttpResponse | None:
        """Show what goes with the selected rows, and once that is confirmed, delete each as a deletion of its own."""
        queryset = queryset.filter(deleted_at__isnull=True)
        if "post" in request.POST and self._try_delete_rows(request, queryset):
            return None
        rows = list(queryset)
        title = f"Delete {len(rows)} {_named(self.model, len(rows))}?"
        extra = {"queryset": rows, "action_checkbox_name": ACTION_CHECKBOX_NAME}
        return self._ask(request, preview_deletion(roots=queryset), title, extra)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What a service or the database refuses becomes a message above the form, and nothing is saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]
        except IntegrityError as violation:
            explained = explain_violation(violation)
            if explained is None:
                raise
            messages.error(request, explained.detail)
        except PodiumError as error:
            messages.error(request, error.detail)
        return HttpResponseRedirect(request.get_full_path())

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What happened to this row, as the database wrote it down."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {row}",
            "opts": self.opts,
            "object": row,
            "lines": history_of(row),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "core/softdelete/history.html", context)

    def log_addition(self, *args: Any) -> None:
        """Nothing: the database writes the history."""

    def log_change(self, *args: Any) -> None:
        """Nothing: the database writes the history."""

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what goes with this row, and once that is confirmed, delete it."""
        row = self.get_object(request, unquote(object_id))
        if row is None or row.is_deleted:
            self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        if request.method == "POST" and self._try_delete(request, row):
            return HttpResponseRedirect(self._changelist_url())
        title = f"Delete the {self.opts.verbose_name} “{row}”?"
        return self._ask(request, preview_deletion(roots=row), title, {"object": row, **(extra_context or {})})

    def _changelist_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _try_delete(self, request: HttpRequest, row: models.Model) -> bool:
        label = str(row)
        try:
            deletion = delete_object(root=row, reason=request.POST.get("reason", "")[:1000])
        except PodiumError as error:
            messages.error(request, error.detail)
            return False
        undo = reverse("admin:core_deletion_restore", args=[deletion.pk])
        link = '“{}” was deleted. <a href="{}" class="font-semibold underline">Undo</a>'
        messages.success(request, format_html(link, label, undo))
        return True

    def _try_delete_rows(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> bool:
        roots = queryset.count()
        try:
            total, _ = delete_rows(queryset, reason=request.POST.get("reason", "")[:1000])
        except PodiumError as error:
            messages.error(request, error.detail)
            return False
        name = _named(self.model, roots)
        messages.success(request, f"{roots} {name} deleted, {total} rows in all. They are in the recycle bin.")
        return True

    def _ask(
        self, request: HttpRequest, preview: DeletionPreview, title: str, extra: dict[str, Any]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "preview": preview,
            "back": self._changelist_url(),
            "goes": [(name_of(label, count), count) for label, count in preview.counts.items()],
            "protectors": [
                (name_of(key.child, 2), model_of(key.parent)._meta.verbose_name) for key in preview.protected_by
            ],
            **extra,
        }
        return TemplateResponse(request, DELETE_PAGE, context)


class OrganizationOwnedAdmin(SoftDeleteAdmin):
    """The admin of rows that belong to an organization themselves: new ones belong to the one acted in."""

    list_before_template = "core/choose_organization.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Not for platform staff who act on all organizations at once: they choose one first."""
        return access_of(request).organization_id is not None and super().has_add_permission(request)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.organization_id = access_of(request).organization_id
        super().save_model(request, obj, form, change)


def _named(model: type[models.Model], count: int) -> str:
    return str(model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural)
