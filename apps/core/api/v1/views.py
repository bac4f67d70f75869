"""The recycle bin."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models, transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.access import Capability
from apps.core.api.v1.filters import DeletionFilter, HistoryFilter
from apps.core.api.v1.serializers import (
    DeletionDetailSerializer,
    DeletionSerializer,
    ErasureSerializer,
    ErasureStartedSerializer,
    ForecastSerializer,
    HistorySerializer,
    HoldSerializer,
    PurgeSerializer,
    RestorePlanSerializer,
)
from apps.core.audit.models import AuditRecord
from apps.core.erasure.services import request_erasure
from apps.core.errors import Forbidden
from apps.core.rest.filters import whole_number
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row
from apps.core.softdelete.forecast import forecast_purges
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.policies import may_restore
from apps.core.softdelete.rest import RestoreSerializer
from apps.core.softdelete.services import plan_restore, restore_deletion
from apps.core.softdelete.services.holding import set_legal_hold
from apps.core.softdelete.services.purging import purge_by_hand

USUAL_DAYS, MOST_DAYS = 30, 3650
DAYS = OpenApiParameter(
    "days",
    {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": USUAL_DAYS},
    description="How far to look.",
)


class DeletionViewSet(ReadMixin, PodiumViewSet):
    """What was deleted, by whom, until when, and the way back."""

    model = Deletion
    serializer_class = DeletionSerializer
    filterset_class = DeletionFilter
    search_fields = ("root_label", "reason")
    ordering = ("-created_at", "-id")
    ordering_fields = ("created_at", "expires_at")
    capabilities: ClassVar[dict[str, Capability]] = {
        "read": Capability.RECYCLE,
        "write": Capability.RECYCLE,
        # the service asks whose delete it was
        "restore": Capability.VIEW,
        "restore_plan": Capability.VIEW,
        "purge": Capability.PURGE,
    }

    def rows(self) -> models.QuerySet[Any]:
        """Newest first."""
        deletions: models.QuerySet[Any] = Deletion.objects.order_by("-created_at", "-id")
        return deletions

    def get_serializer_class(self) -> Any:
        """One deletion comes with what it holds."""
        return DeletionDetailSerializer if self.action == "retrieve" else DeletionSerializer

    @extend_schema(request=RestoreSerializer, responses=DeletionSerializer)
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Bring back precisely what this deletion took."""
        deletion = self.get_object()
        body = RestoreSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        deletion = restore_deletion(deletion=deletion, access=self.access, **body.validated_data)
        return answer_row(self, deletion, request)

    @extend_schema(responses=RestorePlanSerializer)
    @action(detail=True, methods=["get"], url_path="restore-plan")
    def restore_plan(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What a restore would bring back, what stands against it, and a token for exactly this restore."""
        deletion = self.get_object()
        if not may_restore(self.access, deletion):
            raise Forbidden("Somebody else deleted this: an admin or owner can restore it.")
        return Response(plan_restore(deletion=deletion).as_data())

    @extend_schema(request=HoldSerializer, responses=DeletionSerializer)
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def hold(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Put it under legal hold, or end the hold: while it lasts, nothing purges it."""
        body = HoldSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        deletion = self.locked_object()
        held = set_legal_hold(deletion=deletion, access=self.access, hold=body.validated_data["legal_hold"])
        return answer_row(self, held, request)

    @extend_schema(request=PurgeSerializer, responses={202: DeletionSerializer})
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def purge(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Begin to remove it for good, before its time. Nothing brings it back."""
        body = PurgeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        deletion = self.locked_object()
        purging = purge_by_hand(deletion=deletion, access=self.access, label=body.validated_data["label"])
        return answer_row(self, purging, request, status=202)

    @extend_schema(parameters=[DAYS], responses=ForecastSerializer)
    @action(detail=False, methods=["get"], pagination_class=None, filter_backends=[])
    def forecast(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What the next days will purge, and what is held back from it."""
        days = whole_number(request, "days", low=1, high=MOST_DAYS) or USUAL_DAYS
        return Response(ForecastSerializer(forecast_purges(days=days)).data)


class PersonViewSet(PodiumViewSet):
    """People as far as their data is concerned."""

    model = get_user_model()
    serializer_class = ErasureSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.VIEW}

    @extend_schema(request=ErasureSerializer, responses={202: ErasureStartedSerializer})
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Overwrite what names a person, everywhere: in live, deleted and history rows. Nothing brings it back."""
        body = ErasureSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        user_id = UUID(str(self.kwargs["pk"]))
        job = request_erasure(user_id=user_id, access=self.access, confirm=body.validated_data["confirm"])
        return Response({"job": str(job.pk)}, status=202, headers={"Location": f"/api/v1/jobs/{job.pk}/"})


class HistoryViewSet(mixins.ListModelMixin, PodiumViewSet):
    """Who created, changed, deleted, restored or purged what, as the database itself wrote it down."""

    model = AuditRecord
    serializer_class = HistorySerializer
    filterset_class = HistoryFilter
    ordering = ("-id",)
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.AUDIT, "write": Capability.AUDIT}

    def rows(self) -> models.QuerySet[Any]:
        """Newest first."""
        records: models.QuerySet[Any] = AuditRecord.objects.order_by("-id")
        return records
