"""Contestants, entries, judges, seats, recusals."""

from __future__ import annotations

from django.db import models
from rest_framework import serializers

from apps.accounts.models import User
from apps.contests.api.v1.serializers.fields import PartSerializer, PersonSerializer
from apps.contests.api.v1.serializers.structure import STAMPS
from apps.contests.models import Assignment, Contestant, Entry, Judge, Recusal
from apps.core.tenancy import current_organization_id


class ContestantSerializer(PersonSerializer):
    """A person or team. Judges of a blind contest see the number only."""

    create_only = ("contest",)

    url = serializers.HyperlinkedIdentityField(view_name="contests:contestant-detail")
    members = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=100, required=False, help_text="Names of a team."
    )

    class Meta:
        model = Contestant
        fields = [
            "id",
            "url",
            "contest",
            "number",
            "name",
            "affiliation",
            "email",
            "members",
            "status",
            *STAMPS,
        ]
        read_only_fields = ["id", "status", *STAMPS]


class EntrySerializer(PartSerializer):
    """A contestant's start in a category. Technical points of null are not known yet, which is not zero."""

    create_only = ("category", "contestant")

    url = serializers.HyperlinkedIdentityField(view_name="contests:entry-detail")

    class Meta:
        model = Entry
        fields = [
            "id",
            "url",
            "category",
            "contestant",
            "starting_order",
            "technical_points",
            "state",
            *STAMPS,
        ]
        read_only_fields = ["id", "state", *STAMPS]


class MemberField(serializers.PrimaryKeyRelatedField[User]):
    """Somebody of the organization in scope: other people's ids look like none."""

    def get_queryset(self) -> models.QuerySet[User]:
        here = current_organization_id()
        members: models.QuerySet[User] = User.objects.filter(
            memberships__organization=here, memberships__deleted_at=None
        )
        return members


class JudgeSerializer(PersonSerializer):
    """A person who marks. `user` is who signs in to do it."""

    user = MemberField(required=False, allow_null=True, queryset=User.objects.none())
    url = serializers.HyperlinkedIdentityField(view_name="contests:judge-detail")

    class Meta:
        model = Judge
        fields = ["id", "url", "user", "name", "affiliation", "email", "qualifications", *STAMPS]
        read_only_fields = ["id", *STAMPS]


class AssignmentSerializer(PartSerializer):
    """A seat on a category's panel. A reserve does not mark."""

    create_only = ("judge", "category")

    url = serializers.HyperlinkedIdentityField(view_name="contests:assignment-detail")
    scorecards = serializers.HyperlinkedIdentityField(
        view_name="contests:seat-cards", lookup_url_kwarg="assignment_id"
    )

    class Meta:
        model = Assignment
        fields = ["id", "url", "scorecards", "judge", "category", "seat", "role", *STAMPS]
        read_only_fields = ["id", *STAMPS]


class RecusalSerializer(PartSerializer):
    """A seat that does not mark one contestant. Those of a judge's own affiliation are made by themselves."""

    create_only = ("assignment", "contestant")

    url = serializers.HyperlinkedIdentityField(view_name="contests:recusal-detail")

    class Meta:
        model = Recusal
        fields = ["id", "url", "assignment", "contestant", "reason", *STAMPS]
        read_only_fields = ["id", *STAMPS]
