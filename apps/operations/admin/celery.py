"""Tasks in the admin: the schedule, results, and those that failed for good."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django_celery_beat.admin import PeriodicTaskAdmin as BeatTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from django_celery_results.models import TaskResult
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core.deadletters.models import FailedTask
from apps.core.deadletters.services import replay_task
from apps.core.each import do_each
from apps.core.operators import OperatorsAdmin, OperatorsRecordsAdmin
from apps.core.softdelete.admin import access_of
from apps.operations.selectors import visible_failures

RESULT_LABELS = {
    "SUCCESS": "success",
    "FAILURE": "danger",
    "RETRY": "warning",
    "STARTED": "info",
    "PENDING": "default",
}
FAILURE_LABELS = {"To be looked at": "danger", "Sent again": "success"}


class TaskWidget(UnfoldAdminSelectWidget, TaskSelectWidget):  # type: ignore[misc]
    """A choice of the tasks that exist."""


class ScheduledTaskForm(PeriodicTaskForm):  # type: ignore[misc]
    """Celery beat's own form, in the site's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskWidget()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(OperatorsAdmin, BeatTaskAdmin):  # type: ignore[misc]
    """What beat asks for, and when. Entries of the settings are written anew when beat starts."""

    form = ScheduledTaskForm
    # Beat's own template adds an inline script, which the content security policy refuses; the page tells it already.
    change_form_template = None


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(OperatorsAdmin):
    """Every so often."""

    list_display = ["__str__", "every", "period"]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(OperatorsAdmin):
    """At certain times."""

    list_display = ["__str__", "human_readable"]


@admin.register(TaskResult)
class TaskResultAdmin(OperatorsRecordsAdmin):
    """How tasks have ended, for a day."""

    list_display = ["task_name", "badge", "periodic_task_name", "worker", "date_created", "date_done"]
    list_filter = ["status", "task_name"]
    search_fields = ["task_name", "task_id"]
    ordering = ["-date_done"]

    @display(description="State", label=RESULT_LABELS, ordering="status")  # type: ignore[untyped-decorator]
    def badge(self, result: TaskResult) -> str:
        """Celery's word for it."""
        return str(result.status)


@admin.register(FailedTask)
class FailedTaskAdmin(OperatorsRecordsAdmin):
    """Tasks after their last attempt, newest first."""

    list_display = ["task", "badge", "error_type", "error", "retries", "failed_at", "correlation_id"]
    list_filter = ["task", ("replayed_at", admin.EmptyFieldListFilter)]
    search_fields = ["task", "error", "correlation_id", "run_id"]
    actions = ["replay"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[FailedTask]:
        return visible_failures(access_of(request))

    @display(description="State", label=FAILURE_LABELS)  # type: ignore[untyped-decorator]
    def badge(self, failed: FailedTask) -> str:
        """Whether somebody has sent it again."""
        return "Sent again" if failed.replayed_at else "To be looked at"

    @admin.action(description="Send again", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: models.QuerySet[FailedTask]) -> None:
        """Send tasks again, each in its own story."""
        actor_id = access_of(request).user_id
        do_each(
            request,
            queryset,
            lambda failed: replay_task(failed_id=failed.pk, actor_id=actor_id),
            done="Tasks that were sent again",
        )
