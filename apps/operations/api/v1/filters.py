"""Filters of jobs."""

from __future__ import annotations

import django_filters

from apps.core.jobs.models import Job, JobState


class JobFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By kind, state and person."""

    kind = django_filters.CharFilter(help_text="Such as `isu_import`.")
    state = django_filters.MultipleChoiceFilter(choices=JobState.choices)
    created_by = django_filters.UUIDFilter()

    class Meta:
        model = Job
        fields: list[str] = []
