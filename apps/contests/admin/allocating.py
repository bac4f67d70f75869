"""Choosing judges for a contest's panels, on a page that shows the plan before anybody is seated."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from apps.contests.admin.exchange import ExchangeAdmin
from apps.contests.models import Contest
from apps.contests.models.draws import LONGEST_SEED
from apps.contests.policies import is_changeable
from apps.contests.selectors.allocation import PanelOrder, PanelPlan
from apps.contests.services.allocation import allocate_judges, rehearse_allocation
from apps.contests.services.draws import new_seed
from apps.core.access import Capability
from apps.core.errors import PodiumError
from apps.core.softdelete.admin import access_of

ALLOCATING = ("allocate",)
USUAL_SEATS = 5
MOST_SEATS = 50


class AllocationForm(forms.Form):
    """How large the panels are to be."""

    seats = forms.IntegerField(
        label="Judges on each panel",
        min_value=1,
        max_value=MOST_SEATS,
        initial=USUAL_SEATS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Those who sit there already count, and stay.",
    )
    maximum_load = forms.IntegerField(
        label="Panels for each judge at most",
        min_value=1,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Empty: as many as it takes.",
    )
    seed = forms.CharField(
        max_length=LONGEST_SEED,
        widget=UnfoldAdminTextInputWidget,
        help_text="Decides between judges who are equally suited; the same seed gives the same panels again.",
    )

    @property
    def order(self) -> PanelOrder:
        """What was asked for."""
        values = self.cleaned_data
        return PanelOrder(seed=values["seed"], size=values["seats"], maximum_load=values["maximum_load"])


class AllocatingAdmin(ExchangeAdmin):
    """The button, for the admin of contests."""

    def names_of_allocating(self, request: HttpRequest, row: Contest) -> set[str]:
        """Panels are filled until the contest is locked."""
        may = is_changeable(row) and access_of(request).allows(Capability.ORGANIZE, row)
        return set(ALLOCATING) if may else set()

    @action(description="Fill panels", url_path="allocate", icon="groups_3")  # type: ignore[untyped-decorator]
    def allocate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show who would sit where, and seat them once that is confirmed."""
        contest = self.get_object(request, object_id)
        if contest is None or contest.is_deleted:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not access_of(request).allows(Capability.ORGANIZE, contest):
            raise PermissionDenied
        form = AllocationForm(request.POST or None, initial={"seed": new_seed()})
        plan: PanelPlan | None = None
        if request.method == "POST" and form.is_valid():
            seats_them = "seat" in request.POST
            plan = self._try_to_allocate(request, contest, form.order, seats_them=seats_them)
            if plan is not None and seats_them:
                messages.success(request, f"{contest}: {len(plan.seats)} seats were filled.")
                return HttpResponseRedirect(self._page_of(contest.pk))
        return self._show_plan(request, contest, form, plan)

    def _try_to_allocate(
        self, request: HttpRequest, contest: Contest, order: PanelOrder, *, seats_them: bool
    ) -> PanelPlan | None:
        allocate = allocate_judges if seats_them else rehearse_allocation
        try:
            return allocate(contest_id=contest.pk, order=order)
        except PodiumError as error:
            for detail in dict.fromkeys([error.detail, *(fault.detail for fault in error.errors)]):
                messages.error(request, detail)
            return None

    def _show_plan(
        self, request: HttpRequest, contest: Contest, form: AllocationForm, plan: PanelPlan | None
    ) -> TemplateResponse:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"{contest.name}: fill the panels",
            "opts": self.opts,
            "original": contest,
            "form": form,
            "plan": plan,
            "back": self._page_of(contest.pk),
        }
        return TemplateResponse(request, "contests/admin/allocate.html", context)
