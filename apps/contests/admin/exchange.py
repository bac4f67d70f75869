"""CSV files into a contest, on a page of its admin; and the files that come out of it, as buttons."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget

from apps.contests.admin.freezing import FreezingAdmin
from apps.contests.enums import OnExisting, TableKind
from apps.contests.models import Contest
from apps.contests.policies import is_changeable
from apps.contests.services.imports.csv_files import INTAKES, Order, Rehearsal
from apps.contests.services.imports.csv_uploads import start_csv_import
from apps.contests.services.imports.faults import InvalidFiles
from apps.core.access import Access, Capability
from apps.core.errors import PodiumError
from apps.core.jobs.models import Job
from apps.core.softdelete.admin import access_of

NEEDED = {
    TableKind.CONTESTANTS: Capability.ORGANIZE,
    TableKind.JUDGES: Capability.ORGANIZE,
    TableKind.SCORES: Capability.TALLY,
}
EXCHANGE = ("import_file",)
FILE_INPUT = {
    "accept": ".csv",
    "class": "border border-base-200 rounded-default shadow-xs px-3 py-2 w-full dark:border-base-700",
}


class CSVImportForm(forms.Form):
    """A file, what its rows are, and what becomes of those that are stored already."""

    kind = forms.ChoiceField(label="Rows are", widget=UnfoldAdminSelectWidget)
    file = forms.FileField(widget=forms.FileInput(attrs=FILE_INPUT))
    on_existing = forms.ChoiceField(
        label="A row that is stored already", choices=OnExisting.choices, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, kinds: list[TableKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]


class ExchangeAdmin(FreezingAdmin):
    """The admin of contests, as far as files are concerned."""

    def names_of_exchange(self, request: HttpRequest, contest: Contest) -> set[str]:
        """The buttons for files that this caller can use now."""
        return set(EXCHANGE) if is_changeable(contest) and _kinds(access_of(request)) else set()

    @action(description="Import", url_path="import-file", icon="upload_file")  # type: ignore[untyped-decorator]
    def import_file(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Check a CSV file of contestants, judges or marks, or load it; a good one leads to its job."""
        contest = self.get_object(request, object_id)
        if contest is None or contest.is_deleted:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        kinds = _kinds(access_of(request))
        if not kinds:
            raise PermissionDenied
        form = CSVImportForm(request.POST or None, request.FILES or None, kinds=kinds)
        found: Job | Rehearsal | None = None
        if request.method == "POST" and form.is_valid():
            found = self._try_to_import(request, contest, form.cleaned_data)
        if isinstance(found, Job):
            return HttpResponseRedirect(reverse("admin:core_job_change", args=[found.pk]))
        return self._show_import(request, contest, form, found)

    def _try_to_import(
        self, request: HttpRequest, contest: Contest, values: dict[str, Any]
    ) -> Job | Rehearsal | None:
        """What a check has found, or the job of a file that is loaded or takes longer to check; None when refused."""
        order = Order(
            TableKind(values["kind"]), contest.organization_id, contest.pk, OnExisting(values["on_existing"])
        )
        file = values["file"]
        try:
            try:
                return start_csv_import(order=order, file=file, rehearses="check" in request.POST)
            except InvalidFiles:  # the same faults again, as a table
                file.seek(0)
                return start_csv_import(order=order, file=file, rehearses=True)
        except PodiumError as error:
            messages.error(request, error.detail)
            return None

    def _show_import(
        self, request: HttpRequest, contest: Contest, form: CSVImportForm, rehearsal: Rehearsal | None
    ) -> TemplateResponse:
        kinds = _kinds(access_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{contest.name}: import a file",
            "opts": self.opts,
            "original": contest,
            "form": form,
            "columns": [(kind.label, INTAKES[kind].columns, INTAKES[kind].optional) for kind in kinds],
            "back": self._page_of(contest.pk),
            "rehearsal": rehearsal,
        }
        return TemplateResponse(request, "contests/admin/import.html", context)


def _kinds(access: Access) -> list[TableKind]:
    """What the caller may import."""
    return [kind for kind, needed in NEEDED.items() if access.allows(needed)]
