"""Webhook endpoints and deliveries."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models, transaction
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.access import Capability
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, answer_row, organization_required
from apps.core.softdelete.rest import SoftDeleteMixin
from apps.notifications.api.v1.filters import WebhookDeliveryFilter, WebhookEndpointFilter
from apps.notifications.api.v1.serializers import webhooks as serializers
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks.endpoints import (
    create_endpoint,
    rotate_secret,
    send_test,
    update_endpoint,
)
from apps.notifications.services.webhooks.redelivery import recover, redeliver

MANAGED: dict[str, Capability] = {"read": Capability.MANAGE_WEBHOOKS, "write": Capability.MANAGE_WEBHOOKS}


class WebhookEndpointViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """Addresses that are told of the organization's events."""

    model = WebhookEndpoint
    serializer_class = serializers.WebhookEndpointSerializer
    capabilities: ClassVar[dict[str, Capability]] = MANAGED
    filterset_class = WebhookEndpointFilter
    ordering_fields = ("created_at", "updated_at")
    search_fields = ("target_url", "description")

    @extend_schema(
        request=serializers.WebhookEndpointSerializer, responses={201: serializers.NewWebhookEndpointSerializer}
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a webhook endpoint. The answer shows its secret, which is not shown again."""
        return super().create(request, *args, **kwargs)

    def get_serializer_class(self) -> Any:
        if self.action == "create":
            return serializers.NewWebhookEndpointSerializer
        return super().get_serializer_class()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Set it up, with a secret."""
        endpoint, secret = create_endpoint(
            organization_id=organization_required(self.access),
            created_by=self.access.user_id,
            **serializer.validated_data,
        )
        endpoint.secret = secret  # type: ignore[attr-defined]  # for this one answer
        serializer.instance = endpoint

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Change what was sent."""
        endpoint: Any = serializer.instance
        serializer.instance = update_endpoint(endpoint=endpoint, **serializer.validated_data)

    @extend_schema(
        request=serializers.RotationSerializer,
        responses=serializers.SecretSerializer,
        summary="Give an endpoint a new secret",
    )
    @action(detail=True, methods=["post"], url_path="rotate-secret", serializer_class=serializers.RotationSerializer)
    @transaction.atomic
    def rotate_secret(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Give an endpoint a new secret, shown only now. For a day the secret before it signs too, unless revoked."""
        endpoint = self.locked_object()
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response({"secret": rotate_secret(endpoint=endpoint, **body.validated_data)})

    @extend_schema(
        request=None, responses={202: serializers.WebhookDeliverySerializer}, summary="Send a test message"
    )
    @action(detail=True, methods=["post"])
    @transaction.atomic
    def test(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send a `webhook.test`, whatever the endpoint's filter says; look at the delivery for what came of it."""
        return _accepted(send_test(endpoint=self.locked_object()), self)

    @extend_schema(
        request=serializers.RecoverSerializer,
        responses=serializers.RecoveredSerializer,
        summary="Send again what was not delivered",
    )
    @action(detail=True, methods=["post"], serializer_class=serializers.RecoverSerializer)
    @transaction.atomic
    def recover(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send everything again that happened between two times and was not delivered."""
        endpoint = self.locked_object()
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response({"deliveries": recover(endpoint=endpoint, **body.validated_data)})


class WebhookDeliveryViewSet(ReadMixin, PodiumViewSet):
    """Messages on their way to endpoints, and what came of them; kept for 90 days."""

    model = WebhookDelivery
    serializer_class = serializers.WebhookDeliverySerializer
    capabilities: ClassVar[dict[str, Capability]] = MANAGED
    filterset_class = WebhookDeliveryFilter
    ordering = ("-id",)
    ordering_fields = ("created_at",)

    def rows(self) -> models.QuerySet[WebhookDelivery]:
        """Those of live endpoints."""
        rows: models.QuerySet[WebhookDelivery] = WebhookDelivery.objects.filter(endpoint__deleted_at__isnull=True)
        if self.action == "list":
            return rows.select_related("message").defer("message__body")
        return rows.select_related("message").prefetch_related("tries")

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.WebhookDeliveryDetailSerializer
        return super().get_serializer_class()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a delivery with its attempts and its payload."""
        return answer_row(self, self.get_object(), request)

    @extend_schema(request=None, responses={202: serializers.WebhookDeliverySerializer}, summary="Send it again")
    @action(detail=True, methods=["post"])
    def redeliver(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send the very same message again, under the same id."""
        return _accepted(redeliver(delivery_id=self.get_object().pk), self)


def _accepted(delivery: WebhookDelivery, view: PodiumViewSet) -> Response:
    shown = serializers.WebhookDeliverySerializer(delivery, context=view.get_serializer_context()).data
    return Response(shown, status=202, headers={"Location": shown["url"]})
