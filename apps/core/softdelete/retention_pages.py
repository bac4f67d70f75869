"""Retention in the admin: legal hold, purge by hand, and what the next days will purge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.core.access import Capability
from apps.core.errors import PodiumError
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.forecast import forecast_purges
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.selectors import deletion_tree, deletions_below, name_of
from apps.core.softdelete.services.holding import set_legal_hold
from apps.core.softdelete.services.purging import purge_by_hand

FORECAST_DAYS = 60


class RetentionPages:
    """Pages of the recycle bin beside its list; `RecycleBinAdmin` has the rest."""

    opts: Any
    admin_site: Any

    def hold_view(self, request: HttpRequest, deletion_id: Any, **kwargs: Any) -> HttpResponse:
        """Put a deletion under legal hold, or end the hold, and go back to it."""
        del kwargs
        deletion = Deletion.objects.filter(pk=deletion_id).first()
        if deletion is None or request.method != "POST":
            return self._missing(request, deletion_id)
        hold = request.POST.get("hold") == "on"
        try:
            set_legal_hold(deletion=deletion, access=access_of(request), hold=hold)
        except PodiumError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, "Under legal hold: nothing purges it." if hold else "The legal hold has ended.")
        return HttpResponseRedirect(reverse("admin:core_deletion_change", args=[deletion.pk]))

    def purge_view(self, request: HttpRequest, deletion_id: Any, **kwargs: Any) -> HttpResponse:
        """Ask for the label, and once it is typed, begin to purge."""
        del kwargs
        deletion = Deletion.objects.filter(pk=deletion_id).first()
        if deletion is None:
            return self._missing(request, deletion_id)
        if not access_of(request).allows(Capability.PURGE, deletion):
            raise PermissionDenied
        if request.method == "POST":
            try:
                purge_by_hand(deletion=deletion, access=access_of(request), label=request.POST.get("label", ""))
            except PodiumError as error:
                messages.error(request, error.detail)
            else:
                messages.success(request, f"“{deletion.root_label}” is being purged.")
                return HttpResponseRedirect(reverse("admin:core_deletion_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Purge “{deletion.root_label}” for good?",
            "opts": self.opts,
            "deletion": deletion,
            "goes": [(held.name, held.count) for held in deletion_tree(deletion)],
            "below": [(name_of(other.root_model, 1), other.root_label) for other in deletions_below(deletion)],
        }
        return TemplateResponse(request, "core/softdelete/purge.html", context)

    def forecast_view(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """What the next days will purge, and what is held back."""
        del kwargs
        if not access_of(request).allows(Capability.RECYCLE):
            raise PermissionDenied
        forecast = forecast_purges(days=FORECAST_DAYS)
        most = max((day.rows for day in forecast.days), default=1)
        context = {
            **self.admin_site.each_context(request),
            "title": "What will be purged",
            "opts": self.opts,
            "forecast": forecast,
            "days": [(day, max(1, round(100 * day.rows / most))) for day in forecast.days],
            "horizon": FORECAST_DAYS,
        }
        return TemplateResponse(request, "core/softdelete/forecast.html", context)

    def _missing(self, request: HttpRequest, deletion_id: object) -> HttpResponse:
        redirect: Any = self._get_obj_does_not_exist_redirect  # type: ignore[attr-defined]
        answer: HttpResponse = redirect(request, self.opts, str(deletion_id))
        return answer
