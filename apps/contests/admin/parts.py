"""What the admins of contests and of their parts have in common."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import reduce
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from apps.contests.admin.forms import PlainForm
from apps.contests.models import Contest
from apps.contests.policies import is_changeable
from apps.contests.services.structure import add_part, change_part
from apps.core.rest.etags import require_version
from apps.core.softdelete.admin import SoftDeleteAdmin
from apps.core.softdelete.editing import VERSION


def by(path: str) -> tuple[str, Any]:
    """A filter with a picker, since there are more contests than fit into a list."""
    return (path, AutocompleteSelectFilter)


def live_count(model: Any, path: str) -> Any:
    """How many live rows of `model` point here by `path`: a subquery each, so that joins don't multiply."""
    counted = (
        model.objects.filter(**{path: OuterRef("pk")}).order_by().values(path).annotate(n=Count("pk")).values("n")
    )
    return Coalesce(Subquery(counted), 0)


def shown_json(value: object) -> str:
    """A JSON value for reading."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="font-mono text-xs leading-relaxed long whitespace-pre">{}</pre>', text)


class RowAdmin(SoftDeleteAdmin):
    """The admin of a row with a version.

    `belongs` are the fields that say where it belongs: they are given once.
    """

    form = PlainForm
    belongs: ClassVar[Sequence[str]] = ()
    list_filter_submit = True
    list_fullwidth = True
    list_per_page = 50
    change_form_outer_before_template = "contests/admin/banner.html"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        queryset = super().get_queryset(request)
        return queryset.select_related(*self.list_select_related) if self.list_select_related else queryset

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        readonly = list(super().get_readonly_fields(request, obj))
        return [*self.belongs, *readonly] if obj is not None else readonly

    def require_read_version(self, row_id: UUID, version: int) -> None:
        """Refuse (StaleVersion) to go on with a row that is no longer the one that was looked at."""
        require_version(self.model.objects.get(pk=row_id), version)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """What only a stored row has is left out while there is none."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        shown = set(self.readonly_fields)
        kept = [
            (title, {**rest, "fields": [n for n in rest["fields"] if n not in shown]}) for title, rest in fieldsets
        ]
        return [(title, rest) for title, rest in kept if rest["fields"]]

    def picker_label(self, row: Any) -> str:
        """What a picker calls the row, where its own name does not tell it from others."""
        return str(row)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        model = db_field.remote_field.model
        other = self.admin_site.get_model_admin(model) if self.admin_site.is_registered(model) else None
        if field is not None and isinstance(other, RowAdmin):
            field.label_from_instance = other.picker_label
            if other.list_select_related:
                field.queryset = field.queryset.select_related(*other.list_select_related)
        return field


class PartAdmin(RowAdmin):
    """The admin of a contest's part. `contest_path` leads from the part to its contest; empty for the contest itself.

    Saving goes through the services, which hold the contest and refuse what is locked.
    """

    contest_path: ClassVar[str] = ""

    def contest_of(self, part: Any) -> Contest:
        """The contest that the part is in."""
        names = self.contest_path.split("__") if self.contest_path else []
        contest: Contest = reduce(getattr, names, part)
        return contest

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        del request
        if change:
            change_stored(obj, form.changed_data)
        else:
            add_part(part=obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        del request, form, change
        formset.save(commit=False)
        for part in formset.new_objects:
            add_part(part=part)
        for part, names in formset.changed_objects:
            change_stored(part, names)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj is not None:
            contest = self.contest_of(obj)
            context |= {"contest": contest, "is_locked": not is_changeable(contest)}
        return super().render_change_form(request, context, *args, **kwargs)


class PartInline(TabularInline):  # type: ignore[misc]
    """Parts on the page of what they belong to. They are deleted on their own, which shows what goes with them."""

    form = PlainForm
    contest_path: ClassVar[str] = ""
    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del obj
        return bool(self._owner.has_view_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not once the contest is locked."""
        if obj is None:
            return bool(self._owner.has_add_permission(request))
        contest = reduce(getattr, self.contest_path.split("__") if self.contest_path else [], obj)
        return is_changeable(contest) and bool(self._owner.has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    @property
    def _owner(self) -> Any:
        """The admin of the parts' own pages."""
        return self.admin_site.get_model_admin(self.model)


def change_stored(part: Any, names: Collection[str]) -> None:
    """Give the stored row the values that a form has put on `part`, in the version that the form was made from."""
    stored = type(part).objects.get(pk=part.pk)
    require_version(stored, part.version)
    change_part(part=stored, values={name: getattr(part, name) for name in names if name != VERSION})
    part.version = stored.version
