"""Contests in the admin: their way from draft to published, and their board."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.contests.admin.allocating import ALLOCATING
from apps.contests.admin.boards import board_table
from apps.contests.admin.certifications import sign_off_lines
from apps.contests.admin.copying import COPYING, CopyingAdmin
from apps.contests.admin.exchange import EXCHANGE
from apps.contests.admin.forms import ContestForm, ReasonedStepForm, SigningForm
from apps.contests.admin.freezing import FREEZING
from apps.contests.admin.parts import PartInline, by, live_count, shown_json
from apps.contests.admin.reminding import REMINDING, RemindingAdmin
from apps.contests.admin.steps import Step
from apps.contests.enums import ContestStatus
from apps.contests.models import Category, Contest, Contestant
from apps.contests.policies import TRANSITIONS, allowed_transitions, is_changeable, may_remind
from apps.contests.selectors.exports import certification_of
from apps.contests.selectors.leaderboard import contest_board
from apps.contests.selectors.sign_off import may_take, read_sign_off, sign_off_steps
from apps.contests.services import transitions
from apps.contests.services.certification import sign_contest, void_certification
from apps.contests.services.contests import ALWAYS_FREE, change_contest, create_contest
from apps.contests.services.holding import hold_for_update
from apps.core.access import Capability
from apps.core.errors import PodiumError
from apps.core.rest.etags import require_version
from apps.core.softdelete.admin import access_of
from apps.core.softdelete.editing import VERSION

STATUS_COLORS = {
    ContestStatus.DRAFT.label: "default",
    ContestStatus.OPEN.label: "info",
    ContestStatus.SCORING.label: "warning",
    ContestStatus.LOCKED.label: "primary",
    ContestStatus.CERTIFIED.label: "success",
    ContestStatus.PUBLISHED.label: "success",
}
SHOWN = ["visibility", "live_board"]
FORWARD = ("open", "start_scoring", "lock", "sign", "publish")
FIELDS = ["event", "name", "slug", "description", "position", *SHOWN, "blind", "rule", "sign_off"]


class CategoryInline(PartInline):
    """The contest's categories; their rules and criteria are on their own pages."""

    model = Category
    fields = ["name", "slug", "position", "weight", VERSION]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Contest)
class ContestAdmin(RemindingAdmin, CopyingAdmin):
    """What has one winner list."""

    form = ContestForm
    belongs = ["event"]
    list_display = ["name", "event", "status_badge", "visibility", "categories", "contestants", "updated_at"]
    list_filter = [by("event"), "status", "visibility"]
    list_select_related = ["event"]
    search_fields = ["name", "slug", "event__name"]
    ordering = ["-id"]
    autocomplete_fields = ["event"]
    inlines = [CategoryInline]
    readonly_fields = ["status_badge", "shown_rule", "frozen_at", "policy_version", "created_at", "updated_at"]
    fieldsets: ClassVar[Any] = [
        (
            None,
            {"fields": ["event", "name", "slug", "status_badge", "description", "position", "blind"]},
        ),
        (
            "Public",
            {"classes": ["tab"], "fields": [*SHOWN, "frozen_at"]},
        ),
        ("Rule", {"classes": ["tab"], "fields": ["rule", "policy_version"]}),
        ("Sign-off", {"classes": ["tab"], "fields": ["sign_off", "erratum"]}),
        ("History", {"classes": ["tab"], "fields": ["created_at", "updated_at"]}),
    ]
    actions_detail = [
        "board",
        "open",
        "start_scoring",
        "lock",
        "sign",
        "publish",
        *REMINDING,
        *FREEZING,
        "reopen",
        "void",
        *ALLOCATING,
        *EXCHANGE,
        *COPYING,
    ]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Contest]:
        contests: models.QuerySet[Contest] = super().get_queryset(request)
        return contests.annotate(
            category_count=live_count(Category, "contest"), contestant_count=live_count(Contestant, "contest")
        )

    def picker_label(self, row: Contest) -> str:
        return f"{row.name} · {row.event.name}"

    def get_fieldsets(self, request: HttpRequest, obj: Contest | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self._may_shape(request, obj):
            return fieldsets
        return [
            (title, {**rest, "fields": ["shown_rule" if name == "rule" else name for name in rest["fields"]]})
            for title, rest in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Contest | None = None) -> list[str]:
        """Once the contest is locked, only how it is shown can change."""
        readonly = super().get_readonly_fields(request, obj)
        if obj is None or self._may_shape(request, obj):
            return readonly
        return [*readonly, *(name for name in FIELDS if name not in ALWAYS_FREE and name not in readonly)]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Contest | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    @display(description="Status", ordering="status", label=STATUS_COLORS)  # type: ignore[untyped-decorator]
    def status_badge(self, contest: Contest) -> str:
        """Where it stands, as a badge."""
        return contest.get_status_display()

    @admin.display(description="Categories", ordering="category_count")
    def categories(self, contest: Any) -> int:
        """How many live categories it has."""
        count: int = contest.category_count
        return count

    @admin.display(description="Contestants", ordering="contestant_count")
    def contestants(self, contest: Any) -> int:
        """How many live contestants it has, whether or not they still compete."""
        count: int = contest.contestant_count
        return count

    @admin.display(description="Rule")
    def shown_rule(self, contest: Contest) -> str:
        """The rule that can't be changed now."""
        return shown_json(contest.rule)

    def save_model(self, request: HttpRequest, obj: Contest, form: Any, change: bool) -> None:
        del request
        if not change:
            values = {name: getattr(obj, name) for name in FIELDS}
            made = create_contest(id=obj.pk, **values)
            obj.organization_id, obj._state.adding = made.organization_id, False
            return
        require_version(hold_for_update(contest_id=obj.pk), obj.version)
        values = {name: getattr(obj, name) for name in form.changed_data if name != VERSION}
        obj.version = change_contest(contest_id=obj.pk, values=values).version

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        contest = kwargs.get("obj")
        if contest is not None:
            context |= {"certification": certification_of(contest), "shows_links": True}
            context["sign_off"] = sign_off_lines(contest) if not is_changeable(contest) else None
        return super().render_change_form(request, context, *args, **kwargs)

    def names_of_steps(self, request: HttpRequest, row: Contest) -> set[str]:
        allowed = [name for name in allowed_transitions(row.status) if self.has_step_permission(request, row, name)]
        if "sign" in allowed and not may_take(sign_off_steps(row), access_of(request)):
            allowed.remove("sign")
        steps = {"board", *(name.replace("-", "_") for name in allowed), *self.names_of_freezing(request, row)}
        steps |= self.names_of_allocating(request, row) | self.names_of_copying(request, row)
        return steps | self.names_of_exchange(request, row) | self.names_of_reminding(request, row)

    def has_step_permission(self, request: HttpRequest, row: Contest, name: str) -> bool:
        if name in (*FREEZING, *COPYING):
            return access_of(request).allows(Capability.ORGANIZE, row)
        if name in REMINDING:
            return may_remind(access_of(request), row)
        return access_of(request).allows(TRANSITIONS[name].capability, row)

    @action(description="Board", url_path="board", icon="leaderboard")  # type: ignore[untyped-decorator]
    def board(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The winner list as it is now."""
        contest = self.get_object(request, object_id)
        if contest is None or contest.is_deleted:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        try:
            found = contest_board(contest, access=access_of(request))
        except PodiumError as error:
            for detail in dict.fromkeys([error.detail, *(fault.detail for fault in error.errors)]):
                messages.error(request, detail)
            return HttpResponseRedirect(self._page_of(contest.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{contest.name}: board",
            "opts": self.opts,
            "original": contest,
            "contest": contest,
            "status_color": STATUS_COLORS[contest.get_status_display()],
            "board": found,
            "rows": board_table(found),
            "certification": certification_of(contest),
            "back": self._page_of(contest.pk),
        }
        return TemplateResponse(request, "contests/admin/board.html", context)

    @action(description="Open for entries", icon="door_open", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def open(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take entries."""
        text = "Contestants can be entered, and panels be seated."
        return self._go(request, object_id, "open", transitions.open_contest, "Open", "is open for entries.", text)

    @action(description="Start scoring", icon="play_arrow", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def start_scoring(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take marks."""
        text = "Judges can mark from now on. Seats are recused from contestants of their judge's own affiliation."
        run = transitions.start_scoring
        return self._go(request, object_id, "start-scoring", run, "Start scoring", "is being scored.", text)

    @action(description="Lock", icon="lock", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def lock(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close scoring."""
        text = "Marks, deductions and structure become read-only. It can be reopened, for a reason."
        return self._go(request, object_id, "lock", transitions.lock_contest, "Lock", "is locked.", text)

    @action(description="Sign", icon="verified", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def sign(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sign the result as it stands; the last signature certifies it."""
        contest = self.get_object(request, object_id)
        digest = read_sign_off(contest).digest if contest is not None and not contest.is_deleted else ""
        text = f"You sign every mark, the rules and the standings as they are now, by their SHA-256: {digest}"
        step = partial(self._go, form=SigningForm, initial={"digest": digest})
        return step(request, object_id, "sign", sign_contest, "Sign the result of", "is signed.", text)

    @action(description="Publish", icon="campaign", variant=ActionVariant.PRIMARY)  # type: ignore[untyped-decorator]
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the certified result."""
        text = "The certified result is shown to those whom the contest's visibility names."
        return self._go(request, object_id, "publish", transitions.publish_contest, "Publish", "is published.", text)

    @action(description="Reopen", icon="lock_open")  # type: ignore[untyped-decorator]
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go on scoring, for a reason."""
        text = "Marks can be changed again."
        return self._go(request, object_id, "reopen", transitions.reopen_contest, "Reopen", "is reopened.", text)

    @action(description="Void", icon="gavel", variant=ActionVariant.DANGER)  # type: ignore[untyped-decorator]
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the certification back, for a reason."""
        text = "The signature is taken back and the contest is locked, not published. The certification is kept."
        done = "is locked; its certification was voided."
        return self._go(request, object_id, "void", void_certification, "Void the certification of", done, text)

    def _go(
        self,
        request: HttpRequest,
        object_id: str,
        name: str,
        run: Callable[..., object],
        verb: str,
        done: str,
        text: str,
        **more: Any,
    ) -> HttpResponse:
        contest = self.get_object(request, object_id)
        step = Step(
            title=f"{verb} “{contest}”?",
            text=text,
            button=verb.removesuffix(" of"),
            done=done,
            run=partial(_transit, run, access_of(request)),
            is_grave=name == "void",
            **({"form": ReasonedStepForm} if TRANSITIONS[name].needs_reason else more),
        )
        return self.take(request, object_id, name, step)

    def _may_shape(self, request: HttpRequest, contest: Contest) -> bool:
        return is_changeable(contest) and self.has_change_permission(request, contest)


def _transit(run: Callable[..., object], access: Any, contest_id: UUID, **values: Any) -> None:
    run(contest_id=contest_id, access=access, **values)
