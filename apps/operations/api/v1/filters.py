"""Filters of jobs."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.core.deadletters.models import FailedTask
from apps.core.jobs.models import Job, JobState


class JobFilter(filters.FilterSet):  # type: ignore[misc]
    """By kind, state and person."""

    kind = filters.CharFilter(help_text="Such as `isu_import`.")
    state = filters.MultipleChoiceFilter(choices=JobState.choices)
    created_by = filters.UUIDFilter()

    class Meta:
        model = Job
        fields: list[str] = []


class FailedTaskFilter(filters.FilterSet):  # type: ignore[misc]
    """By task and story, and whether somebody has sent it again."""

    task = filters.CharFilter(help_text="Such as `contests.import_isu`.")
    correlation_id = filters.CharFilter()
    replayed = filters.BooleanFilter(
        field_name="replayed_at", lookup_expr="isnull", exclude=True, help_text="Whether somebody has sent it again."
    )

    class Meta:
        model = FailedTask
        fields: list[str] = []
