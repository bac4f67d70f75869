"""Steps that change where something stands: asked about on a page of their own, and taken by `POST` only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from apps.contests.admin.forms import StepForm
from apps.contests.admin.parts import PartAdmin
from apps.core.errors import PodiumError
from apps.core.softdelete.editing import FoundAdmin

NAMED_FAULTS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """What is asked and done.

    `run` gets the row's id, the confirmed `version` and what else `form` asks for; it raises PodiumErrors. `initial`
    is what the form begins with. `done` follows the row's name in the message; it may be made of the answer of `run`.
    `page_of` is the address that this answer leads to; the row's own page when left out.
    """

    title: str
    text: str
    button: str
    done: str | Callable[[Any], str]
    run: Callable[..., Any]
    form: Callable[..., StepForm] = StepForm
    initial: Mapping[str, Any] = field(default_factory=dict)
    is_grave: bool = False
    page_of: Callable[[Any], str] | None = None


class StepPages(FoundAdmin):
    """The page that asks about a step, for the admin of any row with a version."""

    def take(self, request: HttpRequest, object_id: str, name: str, step: Step) -> HttpResponse:
        """Ask whether the step `name` shall be taken, and take it once that is confirmed."""
        row = self.get_object(request, object_id)
        if row is None or row.is_deleted:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_step_permission(request, row, name):
            raise PermissionDenied
        if request.method != "POST":
            initial = {"version": row.version, **step.initial}
            return self._ask_for_step(request, row, step, step.form(initial=initial))
        form = step.form(request.POST)
        if not form.is_valid():
            return self._ask_for_step(request, row, step, form)
        return HttpResponseRedirect(self._run(request, row, step, form.cleaned_data))

    def has_step_permission(self, request: HttpRequest, row: Any, name: str) -> bool:
        """Whether the caller's role takes this step at all, wherever the row stands."""
        del name
        return bool(self.has_change_permission(request, row))

    def _run(self, request: HttpRequest, row: Any, step: Step, values: dict[str, Any]) -> str:
        """Take the step and say so, or why not; where to go from there."""
        try:
            found = step.run(row.pk, **values)
        except PodiumError as error:
            messages.error(request, error.detail)
            for fault in error.errors[:NAMED_FAULTS]:
                if fault.detail != error.detail:
                    messages.error(request, fault.detail)
            if len(error.errors) > NAMED_FAULTS:
                messages.error(request, f"… and {len(error.errors) - NAMED_FAULTS} more.")
        else:
            done = step.done if isinstance(step.done, str) else step.done(found)
            messages.success(request, f"{row} {done}")
            if step.page_of is not None:
                return step.page_of(found)
        return self._page_of(row.pk)

    def _ask_for_step(self, request: HttpRequest, row: Any, step: Step, form: StepForm) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": step.title,
            "opts": self.opts,
            "original": row,
            "step": step,
            "form": form,
            "back": self._page_of(row.pk),
        }
        return TemplateResponse(request, "core/step.html", context)

    def _page_of(self, row_id: UUID) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row_id])


class SteppedAdmin(StepPages, PartAdmin):
    """The admin of parts that take steps: `names_of_steps` says which ones there are from where a row stands."""

    def names_of_steps(self, request: HttpRequest, row: Any) -> set[str]:
        """The names of the detail actions that this caller can take now."""
        raise NotImplementedError

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Buttons for the steps that there are."""
        row = self.get_object(request, object_id)
        if row is None or row.is_deleted:
            return []
        names = self.names_of_steps(request, row)
        return [action for action in self._get_base_actions_detail() if action.method.original_function_name in names]
