"""Jobs as JSON, and uploads for imports."""

from __future__ import annotations

from typing import Any

from django.db import models
from rest_framework import serializers
from rest_framework.reverse import reverse

from apps.contests.enums import OnExisting, TableKind
from apps.contests.models import Contest
from apps.core.deadletters.models import FailedTask
from apps.core.jobs.models import Job
from apps.core.rest.schema import ProblemSerializer
from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer, with_values


class JobSerializer(PodiumModelSerializer):
    """Long work: where it stands, and what came of it. `problem` says why it failed."""

    url = serializers.SerializerMethodField()
    percent = serializers.IntegerField(read_only=True, allow_null=True, help_text="Unknown until the work has begun.")
    problem = ProblemSerializer(read_only=True, allow_null=True)
    result = serializers.DictField(read_only=True, allow_null=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "url",
            "kind",
            "label",
            "state",
            "progress",
            "total",
            "percent",
            "message",
            "result",
            "problem",
            "attempts",
            "max_attempts",
            "cancel_requested",
            "correlation_id",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
            "version",
        )
        read_only_fields = fields

    def get_url(self, job: Job) -> str:
        """Where to look again."""
        return str(reverse("v1:operations:job-detail", [job.pk], request=self.context.get("request")))

    def to_representation(self, instance: Job) -> dict[str, Any]:
        """The problem as it was kept, with every member."""
        return with_values(super().to_representation(instance), {"problem": instance.problem})


class FailedTaskSerializer(PodiumModelSerializer):
    """A task after its last attempt. Where `arguments` is null, it can't be sent again from here."""

    class Meta:
        model = FailedTask
        fields = (
            "id",
            "task",
            "arguments",
            "queue",
            "error_type",
            "error",
            "retries",
            "run_id",
            "organization_id",
            "actor_id",
            "correlation_id",
            "failed_at",
            "replayed_at",
            "replayed_by",
        )
        read_only_fields = fields


class ImportSerializer(StrictSerializer):
    """The three files of ISU competitions, or a zip archive of them."""

    performances = serializers.FileField(required=False, help_text="performances.csv")
    judged_aspects = serializers.FileField(required=False, help_text="judged-aspects.csv")
    judge_scores = serializers.FileField(required=False, help_text="judge-scores.csv")
    archive = serializers.FileField(required=False, help_text="A zip archive of the three, instead of them.")


class ContestField(serializers.PrimaryKeyRelatedField[Contest]):
    """A contest of the organization in scope: other people's look like none."""

    def get_queryset(self) -> models.QuerySet[Contest]:
        contests: models.QuerySet[Contest] = Contest.objects.all()
        return contests


class CSVImportSerializer(StrictSerializer):
    """A CSV file for a contest."""

    contest = ContestField(queryset=Contest._base_manager.none())
    file = serializers.FileField(help_text="UTF-8, comma-separated; its first line names the columns.")
    dry_run = serializers.BooleanField(default=False, help_text="Name every fault, and load nothing.")
    on_existing = serializers.ChoiceField(
        choices=OnExisting.choices,
        default=OnExisting.REFUSE,
        help_text="What becomes of rows that are stored already.",
    )


class JudgesImportSerializer(CSVImportSerializer):
    """A CSV file of judges. The contest is that of the `seats` in it."""

    contest = ContestField(queryset=Contest._base_manager.none(), required=False, allow_null=True)


class ImportFaultSerializer(StrictSerializer):
    """One thing wrong with one cell or row. `line` counts from 1, the header's; 0 is the file as a whole."""

    line = serializers.IntegerField()
    column = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField(help_text="Says what to do.")
    pointer = serializers.CharField()


class ImportRehearsalSerializer(StrictSerializer):
    """What an import would do. With any fault, it would do nothing."""

    dry_run = serializers.BooleanField()
    kind = serializers.ChoiceField(choices=TableKind.choices)
    valid = serializers.BooleanField()
    rows = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows by what would become of them.")
    fault_count = serializers.IntegerField()
    faults = ImportFaultSerializer(many=True, help_text="By line; the first 1000.")
