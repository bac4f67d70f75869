"""Certifications of all contests, in force and voided."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.contests.api.v1.filters import CertificationFilter
from apps.contests.api.v1.serializers.certifications import CertificationDetailSerializer, CertificationSerializer
from apps.contests.models import Certification
from apps.core.rest.views import PodiumViewSet, ReadMixin


class CertificationViewSet(ReadMixin, PodiumViewSet):
    """Frozen results, those in force and those that were voided."""

    model = Certification
    serializer_class = CertificationSerializer
    filterset_class = CertificationFilter
    ordering_fields = ("signed_at", "number")
    search_fields = ("contest_name", "digest")

    def get_serializer_class(self) -> Any:
        """The document is left out of lists."""
        return CertificationDetailSerializer if self.action == "retrieve" else CertificationSerializer

    def rows(self) -> models.QuerySet[Certification]:
        certifications: models.QuerySet[Certification] = Certification.objects.all()
        return certifications.defer("document") if self.action == "list" else certifications
