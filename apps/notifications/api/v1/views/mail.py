"""What was mailed, which addresses are given up, and who wants which mails."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import Membership
from apps.core.access import Capability
from apps.core.errors import Forbidden
from apps.core.rest.views import PodiumViewSet, ReadMixin, answer_row
from apps.notifications.api.v1.filters import EmailMessageFilter, SuppressedAddressFilter
from apps.notifications.api.v1.serializers import mail as serializers
from apps.notifications.models import EmailMessage, SuppressedAddress
from apps.notifications.services.email.resending import clear_address, resend
from apps.notifications.services.email.unsubscribing import set_switches, switches_of

MANAGED: dict[str, Capability] = {"read": Capability.MANAGE_PEOPLE, "write": Capability.MANAGE_PEOPLE}


class EmailMessageViewSet(ReadMixin, PodiumViewSet):
    """The organization's mails and what became of them; kept for 90 days, their words for 30."""

    model = EmailMessage
    serializer_class = serializers.EmailMessageSerializer
    capabilities: ClassVar[dict[str, Capability]] = MANAGED
    filterset_class = EmailMessageFilter
    search_fields = ("recipient", "subject")
    ordering = ("-id",)
    ordering_fields = ("created_at",)

    def rows(self) -> models.QuerySet[EmailMessage]:
        rows: models.QuerySet[EmailMessage] = EmailMessage.objects.all()
        return rows.defer("text", "html") if self.action == "list" else rows

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.EmailMessageDetailSerializer
        return super().get_serializer_class()

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read a mail with its words."""
        return answer_row(self, self.get_object(), request)

    @extend_schema(request=None, responses={202: serializers.EmailMessageSerializer}, summary="Send a mail again")
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Send a mail again that is finished. One that had arrived is sent as a new copy, with an id of its own."""
        mail = resend(mail_id=self.get_object().pk)
        shown = serializers.EmailMessageSerializer(mail, context=self.get_serializer_context()).data
        return Response(shown, status=202, headers={"Location": shown["url"]})


class SuppressedAddressViewSet(ReadMixin, PodiumViewSet):
    """Addresses that refused mail for good: nothing more is sent there until somebody clears them."""

    model = SuppressedAddress
    serializer_class = serializers.SuppressedAddressSerializer
    capabilities: ClassVar[dict[str, Capability]] = MANAGED
    filterset_class = SuppressedAddressFilter
    search_fields = ("address",)
    ordering = ("-id",)
    ordering_fields = ("created_at",)

    @extend_schema(responses={204: None}, summary="Clear a suppressed address")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Clear an address, so that it gets mail again."""
        clear_address(address=self.get_object())
        return Response(status=204)


class MailSwitchViewSet(PodiumViewSet):
    """Which of the organization's mails the caller gets."""

    model = Membership
    serializer_class = serializers.SwitchesSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.VIEW}

    @extend_schema(operation_id="mail_switches_read", summary="Read which mails you get")
    def show(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read which mails you get from this organization."""
        return self._answer(self._own_membership())

    @extend_schema(operation_id="mail_switches_change", summary="Choose which mails you get")
    def change(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Choose which mails you get from this organization."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        membership = self._own_membership()
        set_switches(membership=membership, switches=body.validated_data)
        return self._answer(membership)

    def _own_membership(self) -> Membership:
        found: Membership | None = (
            Membership.objects.select_related("user")
            .filter(organization_id=self.access.organization_id, user_id=self.access.user_id)
            .first()
        )
        if found is None:
            raise Forbidden("Only members have switches; you are none of this organization.")
        return found

    def _answer(self, membership: Membership) -> Response:
        return Response({str(topic): is_on for topic, is_on in switches_of(membership.pk).items()})
