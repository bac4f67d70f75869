"""Filters of jobs."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.core.jobs.models import Job, JobState


class JobFilter(filters.FilterSet):  # type: ignore[misc]
    """By kind, state and person."""

    kind = filters.CharFilter(help_text="Such as `isu_import`.")
    state = filters.MultipleChoiceFilter(choices=JobState.choices)
    created_by = filters.UUIDFilter()

    class Meta:
        model = Job
        fields: list[str] = []
