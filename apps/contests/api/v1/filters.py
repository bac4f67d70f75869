"""What the lists can be filtered by."""

from __future__ import annotations

from django_filters import rest_framework as filters

from apps.contests.enums import (
    ContestantStatus,
    ContestStatus,
    DeductionStage,
    EntryState,
    ScoreState,
    SeatRole,
    Visibility,
)
from apps.core.rest.filters import WholeNumberFilter


class ContestFilter(filters.FilterSet):  # type: ignore[misc]
    """By event, status and how it is shown."""

    event = filters.UUIDFilter(field_name="event_id")
    slug = filters.CharFilter()
    status = filters.MultipleChoiceFilter(choices=ContestStatus.choices)
    visibility = filters.ChoiceFilter(choices=Visibility.choices)
    blind = filters.BooleanFilter()


class CategoryFilter(filters.FilterSet):  # type: ignore[misc]
    """By where it belongs."""

    contest = filters.UUIDFilter(field_name="contest_id")
    event = filters.UUIDFilter(field_name="contest__event_id")
    slug = filters.CharFilter()


class CriterionFilter(filters.FilterSet):  # type: ignore[misc]
    """By where it belongs."""

    category = filters.UUIDFilter(field_name="category_id")
    contest = filters.UUIDFilter(field_name="category__contest_id")


class ContestantFilter(filters.FilterSet):  # type: ignore[misc]
    """By where they take part, and who they are."""

    contest = filters.UUIDFilter(field_name="contest_id")
    event = filters.UUIDFilter(field_name="contest__event_id")
    number = WholeNumberFilter()
    affiliation = filters.CharFilter(lookup_expr="iexact")
    status = filters.MultipleChoiceFilter(choices=ContestantStatus.choices)


class EntryFilter(filters.FilterSet):  # type: ignore[misc]
    """By where it belongs, and what became of it."""

    category = filters.UUIDFilter(field_name="category_id")
    contest = filters.UUIDFilter(field_name="category__contest_id")
    contestant = filters.UUIDFilter(field_name="contestant_id")
    state = filters.MultipleChoiceFilter(choices=EntryState.choices)


class JudgeFilter(filters.FilterSet):  # type: ignore[misc]
    """By who they are."""

    user = filters.UUIDFilter(field_name="user_id")
    affiliation = filters.CharFilter(lookup_expr="iexact")


class AssignmentFilter(filters.FilterSet):  # type: ignore[misc]
    """By panel and judge."""

    category = filters.UUIDFilter(field_name="category_id")
    contest = filters.UUIDFilter(field_name="category__contest_id")
    judge = filters.UUIDFilter(field_name="judge_id")
    user = filters.UUIDFilter(field_name="judge__user_id", label="Who signs in as the judge")
    role = filters.MultipleChoiceFilter(choices=SeatRole.choices)


class RecusalFilter(filters.FilterSet):  # type: ignore[misc]
    """By seat and contestant."""

    assignment = filters.UUIDFilter(field_name="assignment_id")
    contestant = filters.UUIDFilter(field_name="contestant_id")
    contest = filters.UUIDFilter(field_name="contestant__contest_id")


class ScoreFilter(filters.FilterSet):  # type: ignore[misc]
    """By where the mark belongs, and what it says."""

    assignment = filters.UUIDFilter(field_name="assignment_id")
    entry = filters.UUIDFilter(field_name="entry_id")
    criterion = filters.UUIDFilter(field_name="criterion_id")
    category = filters.UUIDFilter(field_name="entry__category_id")
    contest = filters.UUIDFilter(field_name="entry__category__contest_id")
    state = filters.MultipleChoiceFilter(choices=ScoreState.choices)


class DeductionFilter(filters.FilterSet):  # type: ignore[misc]
    """By where it belongs, and whether it counts."""

    entry = filters.UUIDFilter(field_name="entry_id")
    category = filters.UUIDFilter(field_name="entry__category_id")
    contest = filters.UUIDFilter(field_name="entry__category__contest_id")
    stage = filters.ChoiceFilter(choices=DeductionStage.choices)
    reversed = filters.BooleanFilter(field_name="reversed_at", lookup_expr="isnull", exclude=True)


class CertificationFilter(filters.FilterSet):  # type: ignore[misc]
    """By contest, and whether it is in force."""

    contest = filters.UUIDFilter(field_name="contest_id")
    voided = filters.BooleanFilter(field_name="voided_at", lookup_expr="isnull", exclude=True)


class DrawFilter(filters.FilterSet):  # type: ignore[misc]
    """By where it took place."""

    category = filters.UUIDFilter(field_name="category_id")
    contest = filters.UUIDFilter(field_name="category__contest_id")
