"""Jobs in the admin: what runs, how far it is, and imports that are started here."""

from __future__ import annotations

from typing import IO, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.models import Organization
from apps.contests.services.imports.archives import sort_out
from apps.contests.services.imports.faults import InvalidFiles
from apps.contests.services.imports.uploads import start_import
from apps.core.access import Access, Capability
from apps.core.errors import PodiumError
from apps.core.jobs.models import Job
from apps.core.jobs.services import request_cancel
from apps.core.softdelete.editing import FoundAdmin
from apps.operations.selectors import counts_in, events_made_by, fault_rows, faults_in, visible_jobs

STATE_LABELS = {
    "Queued": "info",
    "Running": "warning",
    "Succeeded": "success",
    "Failed": "danger",
    "Cancelled": "default",
}
FILES_INPUT = {
    "id": "id_files",
    "accept": ".csv,.zip",
    "required": True,
    "class": "border border-base-200 rounded-default shadow-xs px-3 py-2 w-full dark:border-base-700",
}


def access_of(request: HttpRequest) -> Access:
    """The caller, as `apps.accounts` put it on the request."""
    access: Access = request.access  # type: ignore[attr-defined]
    return access


class SeveralFilesInput(forms.ClearableFileInput):
    """A file input that takes more than one."""

    template_name = "django/forms/widgets/file.html"
    allow_multiple_selected = True


class ImportForm(forms.Form):
    """Whose competitions they are. The files are looked at by the service, which knows each row."""

    organization = forms.ModelChoiceField(Organization.objects.none(), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, access: Access, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organization"]
        field.queryset = Organization.objects.all()
        if access.organization_id is not None:
            field.queryset = field.queryset.filter(pk=access.organization_id)
        first = list(field.queryset[:2])
        self.only = first[0] if len(first) == 1 else None
        if self.only is not None:
            del self.fields["organization"]

    @property
    def chosen(self) -> Organization:
        """The organization, once the form is valid."""
        chosen: Organization = self.only or self.cleaned_data["organization"]
        return chosen


@admin.register(Job)
class JobAdmin(FoundAdmin):
    """Long work. Nothing is edited: it is started, watched and cancelled."""

    list_display = ["label", "kind", "shown_state", "shown_progress", "created_at", "finished_at"]
    list_filter = ["state", "kind"]
    search_fields = ["label"]
    list_display_links = ["label"]
    actions_list = ["import_competitions"]
    ordering = ["-created_at", "-id"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return access_of(request).allows(Capability.VIEW, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may import competitions."""
        return access_of(request).allows(Capability.ORGANIZE)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Job]:
        return visible_jobs(access_of(request))

    @display(description="State", label=STATE_LABELS, ordering="state")  # type: ignore[untyped-decorator]
    def shown_state(self, job: Job) -> str:
        """As a badge."""
        return str(job.get_state_display())

    @display(description="Progress")  # type: ignore[untyped-decorator]
    def shown_progress(self, job: Job) -> str:
        """In percent."""
        return "" if job.percent is None else f"{job.percent} %"

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [path("<uuid:object_id>/cancel/", cancel, name="core_job_cancel"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The job's page; `?part=state` is the piece of it that the page asks for again while the job runs."""
        job = self.get_object(request, object_id)
        if job is None:
            self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "opts": self.opts,
            "title": job.label,
            "job": job,
            "label": STATE_LABELS[job.get_state_display()],
            "faults": faults_in(job.problem, job.result),
            "events": events_made_by(job),
            "counts": counts_in(job.result),
        }
        is_part = request.GET.get("part") == "state"
        template = "operations/job_state.html" if is_part else "operations/job.html"
        return TemplateResponse(request, template, context)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask the job to stop."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        job = self.get_object(request, str(object_id))
        if job is None:
            raise PermissionDenied
        try:
            request_cancel(job_id=job.pk)
        except PodiumError as error:
            messages.error(request, error.detail)
        return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))

    @action(  # type: ignore[untyped-decorator]
        description="Import competitions", url_path="import", permissions=["import"], icon="upload_file"
    )
    def import_competitions(self, request: HttpRequest) -> HttpResponse:
        """The upload's page; a good upload leads to its job."""
        form = ImportForm(request.POST if request.method == "POST" else None, access=access_of(request))
        refused: InvalidFiles | None = None
        if request.method == "POST" and form.is_valid():
            try:
                job = _start(form.chosen, request)
            except InvalidFiles as error:
                refused = error
            else:
                return HttpResponseRedirect(reverse("admin:core_job_change", args=[job.pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import competitions",
            "form": form,
            "files": SeveralFilesInput().render("files", None, FILES_INPUT),
            "refused": refused,
            "faults": list(fault_rows(iter(refused.errors))) if refused else [],
        }
        status = 422 if refused else 200
        return TemplateResponse(request, "operations/import.html", context, status=status)


def _start(organization: Organization, request: HttpRequest) -> Job:
    uploads = request.FILES.getlist("files")
    places, archive = sort_out([upload.name or "" for upload in uploads])
    opened = [cast("IO[bytes]", upload) for upload in uploads]
    return start_import(
        organization_id=organization.pk,
        files={name: opened[place] for name, place in places.items()},
        archive=None if archive is None else opened[archive],
    )
