"""How results are signed, and what was."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.contests.api.v1.filters import CertificationFilter
from apps.contests.api.v1.serializers.certifications import (
    CertificationDetailSerializer,
    CertificationSerializer,
    SigningSerializer,
    SignOffSerializer,
    VerificationSerializer,
)
from apps.contests.api.v1.views.boards import answer_board
from apps.contests.models import Certification, Contest
from apps.contests.selectors.certification import certification_in_force, verify_certification
from apps.contests.selectors.sign_off import SignOff, read_sign_off
from apps.contests.services.certification import sign_contest
from apps.core.access import Capability
from apps.core.rest.etags import expected_version
from apps.core.rest.views import PodiumViewSet, ReadMixin


class SignOffViewSet(PodiumViewSet):
    """The signatures of one contest's result, and what they froze."""

    model = Contest
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "sign": Capability.SIGN}
    serializer_class = SignOffSerializer
    filter_backends = ()
    pagination_class = None

    @extend_schema(responses=SignOffSerializer)
    def sign_off(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Who signs, who has, whose turn it is, the digest to sign, and what is in the way."""
        return answer_board(request, self._show(read_sign_off(self.get_object())))

    @extend_schema(request=SigningSerializer, responses=SignOffSerializer)
    def sign(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Sign the result that you have read; the last signature certifies it: `locked → certified`."""
        contest = self.get_object()
        body = SigningSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        version = expected_version(request, required=False)
        signed = sign_contest(contest_id=contest.pk, access=self.access, version=version, **body.validated_data)
        return Response(self._show(signed))

    @extend_schema(responses=CertificationDetailSerializer)
    def certification(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The certification in force, with the document that was signed."""
        found = certification_in_force(self.get_object())
        return Response(CertificationDetailSerializer(found, context=self.get_serializer_context()).data)

    @extend_schema(responses=VerificationSerializer)
    def verify(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Compute the certified result again from the stored marks, and say whether its hash holds."""
        verification = verify_certification(self.get_object())
        return Response(VerificationSerializer(verification, context=self.get_serializer_context()).data)

    def _show(self, sign_off: SignOff) -> Any:
        return SignOffSerializer(sign_off, context=self.get_serializer_context()).data


class CertificationViewSet(ReadMixin, PodiumViewSet):
    """Frozen results, those in force and those that were voided."""

    model = Certification
    serializer_class = CertificationSerializer
    filterset_class = CertificationFilter
    ordering_fields = ("certified_at", "number")
    search_fields = ("contest_name", "digest")

    def get_serializer_class(self) -> Any:
        """The document is left out of lists."""
        return CertificationDetailSerializer if self.action == "retrieve" else CertificationSerializer

    def rows(self) -> models.QuerySet[Certification]:
        certifications: models.QuerySet[Certification] = Certification.objects.prefetch_related("signatures")
        return certifications.defer("document") if self.action == "list" else certifications
