"""Soft delete in the API: `DELETE` with an undo link, restore and preview."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from safedelete.config import DELETED_VISIBLE

from apps.core.access import Capability
from apps.core.deadlocks import deadlocks_retried
from apps.core.errors import Forbidden
from apps.core.rest.etags import etag_of, expected_version, require_version
from apps.core.rest.serializers import StrictSerializer
from apps.core.rest.views import answer_row
from apps.core.softdelete.services.deleting import delete_object, protection_of
from apps.core.softdelete.services.large import request_large_delete, rows_of_large_delete
from apps.core.softdelete.services.previewing import DeletionPreview, preview_deletion
from apps.core.softdelete.services.restoring import restore_object
from apps.core.softdelete.visibility import DeletedRowsMixin

REASON_LENGTH = 1000


class DeleteSerializer(StrictSerializer):
    """The optional body of a `DELETE`."""

    reason = serializers.CharField(max_length=REASON_LENGTH, allow_blank=True, default="")


class LargeDeleteSerializer(StrictSerializer):
    """The job that deletes more than a million rows."""

    job = serializers.UUIDField()


class RestoreSerializer(StrictSerializer):
    """How to restore; everything is optional."""

    changes = serializers.DictField(
        required=False,
        help_text="New values for what collides: by field for the root row, or `{id: {field: value}}` for any row.",
    )
    with_ancestors = serializers.BooleanField(
        default=False, help_text="Restore the deletions of what this belongs to, too."
    )
    plan = serializers.CharField(
        default="", help_text="The token of a restore plan: restore only if nothing changed since."
    )

    def validate_changes(self, value: dict[str, Any]) -> dict[str, Any]:
        """Halves of characters, which JSON can write, are no text: they can be neither stored nor answered."""
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise serializers.ValidationError("Surrogate characters are not allowed.") from None
        return value


class ProtectionSerializer(StrictSerializer):
    """A key by which live rows need what would go."""

    model = serializers.CharField()
    field = serializers.CharField()
    of = serializers.CharField()


class ObjectionSerializer(StrictSerializer):
    """Why something must not happen."""

    code = serializers.CharField()
    detail = serializers.CharField()
    model = serializers.CharField()
    ids = serializers.ListField(child=serializers.UUIDField())


class DeletionPreviewSerializer(StrictSerializer):
    """What a delete would take, and what stands against it."""

    total = serializers.IntegerField()
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that go, by model.")
    possible = serializers.BooleanField()
    protected_by = ProtectionSerializer(many=True)
    objections = ObjectionSerializer(many=True)


def preview_as_data(preview: DeletionPreview) -> dict[str, object]:
    """A preview as JSON."""
    return {
        "total": preview.total,
        "counts": preview.counts,
        "possible": preview.is_possible,
        "protected_by": [protection_of(key) for key in preview.protected_by],
        "objections": [objection.as_data() for objection in preview.objections],
    }


class SoftDeleteMixin(DeletedRowsMixin):
    """Gives a viewset `DELETE`, `{id}/restore/`, `{id}/deletion-preview/` and lists with deleted rows.

    List it before `PodiumViewSet`. What a role needs to delete is `capabilities["destroy"]`, or else `["write"]`; it
    must be the model's `deletion_capability`.
    """

    @extend_schema(request=None, responses={204: None, 202: LargeDeleteSerializer})
    @deadlocks_retried
    @transaction.atomic
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete this and what belongs to it; the `Link` header says how to undo it."""
        row = self.locked_object()  # type: ignore[attr-defined]
        body = DeleteSerializer(data=request.data or {})
        body.is_valid(raise_exception=True)
        reason = body.validated_data["reason"]
        if rows := rows_of_large_delete(row):
            job = request_large_delete(row=row, rows=rows, reason=reason)
            return Response({"job": str(job.pk)}, status=202, headers={"Location": f"/api/v1/jobs/{job.pk}/"})
        deletion = delete_object(root=row, reason=reason)
        undo = reverse("v1:core:deletion-restore", args=[deletion.pk])
        headers = {
            "Link": f'<{undo}>; rel="undo"',
            "X-Deletion-ID": str(deletion.pk),
            "ETag": etag_of(row.version + 1),
        }
        return Response(status=204, headers=headers)

    @extend_schema(request=RestoreSerializer)
    @action(detail=True, methods=["post"])
    @deadlocks_retried
    @transaction.atomic
    def restore(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Bring this and what was deleted with it back. A live one stays as it is."""
        row = self._live_or_deleted()
        body = RestoreSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        if row.deleted_at is not None:
            required = self.version_required  # type: ignore[attr-defined]
            require_version(row, expected_version(request, required=required))
            restore_object(row=row, access=self.access, **body.validated_data)  # type: ignore[attr-defined]
            row = self.get_object()  # type: ignore[attr-defined]
        return answer_row(self, row, request)

    @extend_schema(responses=DeletionPreviewSerializer)
    @action(detail=True, methods=["get"], url_path="deletion-preview")
    def deletion_preview(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What deleting this would take along, and what stands against it."""
        row = self.get_object()  # type: ignore[attr-defined]
        if not self.access.allows(capability_to_delete(self), row):  # type: ignore[attr-defined]
            raise Forbidden("Your role does not delete this.")
        return Response(preview_as_data(preview_deletion(roots=row)))

    def _live_or_deleted(self) -> Any:
        queryset: Any = self.get_queryset()
        key = self.kwargs[self.lookup_url_kwarg or self.lookup_field]  # type: ignore[attr-defined]
        row = queryset.all(force_visibility=DELETED_VISIBLE).filter(pk=key).first()
        if row is None:
            return self.get_object()  # type: ignore[attr-defined]  # answers 404 as every other route does
        self.check_object_permissions(self.request, row)  # type: ignore[attr-defined]
        return row


def capability_to_delete(view: Any) -> Capability:
    """What a role needs to delete through this viewset."""
    capabilities: dict[str, Capability] = view.capabilities
    return capabilities.get("destroy", capabilities["write"])
