"""Forgotten passwords."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.v1 import serializers
from apps.accounts.api.v1.views.sessions import OpenSessionView
from apps.accounts.services.passwords import request_reset, reset_password


class ResetRequestView(OpenSessionView):
    """Ask for a link."""

    serializer_class = serializers.ResetRequestSerializer
    throttle_scope = "reset"

    @extend_schema(operation_id="auth_password_reset", responses={202: None}, summary="Ask for a new password")
    def post(self, request: Request) -> Response:
        """Have a link sent to an address. The answer is the same whether it belongs to an account or not."""
        request_reset(**self.body(request))
        return Response(status=202)


class ResetView(OpenSessionView):
    """Use a link."""

    serializer_class = serializers.ResetSerializer
    throttle_scope = "reset"

    @extend_schema(
        operation_id="auth_password_reset_confirm", responses={204: None}, summary="Choose a new password by a link"
    )
    def post(self, request: Request) -> Response:
        """Choose a new password with what the mailed link says. All sessions end; 410 when the link is not good."""
        body = self.body(request)
        reset_password(user_id=body["user"], token=body["token"], password=body["new_password"])
        return Response(status=204)
