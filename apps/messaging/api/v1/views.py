"""The outbox, for operators."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.access import Capability
from apps.core.outbox.models import OutboxMessage
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row
from apps.messaging.api.v1.filters import OutboxFilter
from apps.messaging.api.v1.serializers import OutboxMessageSerializer
from apps.messaging.selectors import visible_messages
from apps.messaging.services import replay_message


class OutboxViewSet(ReadMixin, PodiumViewSet):
    """Messages that wait, were published, or were given up (`state=parked`: dead letters). For operators."""

    model = OutboxMessage
    serializer_class = OutboxMessageSerializer
    filterset_class = OutboxFilter
    ordering = ("-id",)
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.OPERATE, "write": Capability.OPERATE}

    def rows(self) -> models.QuerySet[Any]:
        """Newest first."""
        return visible_messages(self.access)

    @extend_schema(request=None, responses=OutboxMessageSerializer, summary="Replay a dead letter")
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Hand a message that was given up to its consumers again. It keeps its id and its sequence."""
        message = replay_message(message_id=self.get_object().pk, actor_id=self.access.user_id)
        return answer_row(self, message, request)
