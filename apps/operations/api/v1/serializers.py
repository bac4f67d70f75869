"""Jobs as JSON, and uploads for imports."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from apps.core.jobs.models import Job
from apps.core.rest.schema import ProblemSerializer
from apps.core.rest.serializers import PodiumModelSerializer, StrictSerializer


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
        shown: dict[str, Any] = super().to_representation(instance)
        return shown | {"problem": instance.problem}


class ImportSerializer(StrictSerializer):
    """The three files of ISU competitions, or a zip archive of them."""

    performances = serializers.FileField(required=False, help_text="performances.csv")
    judged_aspects = serializers.FileField(required=False, help_text="judged-aspects.csv")
    judge_scores = serializers.FileField(required=False, help_text="judge-scores.csv")
    archive = serializers.FileField(required=False, help_text="A zip archive of the three, instead of them.")
