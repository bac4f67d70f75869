"""The base of every viewset."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar
from uuid import UUID

from django.db import models, transaction
from rest_framework import mixins, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from apps.core.access import Access, Capability
from apps.core.errors import FieldError, Forbidden, MalformedRequest, OrganizationNotNamed
from apps.core.hooks import Hook
from apps.core.rest import sparse
from apps.core.rest.etags import etag_of, expected_version, is_known, require_version
from apps.core.rest.idempotency import once, place_of
from apps.core.rest.permissions import access_of
from apps.core.rest.renderers import StaffBrowsableAPIRenderer
from apps.core.tenancy import Scope, enter_scope

resolve_access: Hook[[Request], Access] = Hook(
    "resolve_access",
    "Who calls, in which organization. Raises NotFound for an organization that is not theirs.",
)


def organization_required(access: Access) -> UUID:
    """The organization that something new will belong to.

    Raises:
        OrganizationNotNamed: platform staff act on all of them, and named none.
    """
    if access.organization_id is None:
        detail = "Name the organization that this will belong to in X-Organization."
        raise OrganizationNotNamed(detail, errors=[FieldError("X-Organization", "REQUIRED", detail)])
    return access.organization_id


class Presentation:
    """What every view has: formats that this caller is offered, rate limits in the answer, requests done once."""

    def get_renderers(self) -> list[Any]:
        """Leave the browsable API out for those it is not offered to."""
        renderers: list[Any] = super().get_renderers()  # type: ignore[misc]
        user = getattr(getattr(self, "request", None), "_request", None)
        if StaffBrowsableAPIRenderer.is_offered_to(getattr(user, "user", None)):
            return renderers
        return [r for r in renderers if not isinstance(r, StaffBrowsableAPIRenderer)]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Once it is known who asks and that they may, a `POST` with a key is one that is done once.

        DRF looks the method up after this.
        """
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        handle, place = getattr(self, "post", None), place_of(request)
        if handle is not None and place is not None:
            self.post = once(self, handle, place)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        for name, value in getattr(request._request, "rate_limit", {}).items():
            answer[name] = value
        return answer


class PodiumView(Presentation, APIView):
    """The base of views that are not about rows of an organization."""


class PodiumViewSet(Presentation, viewsets.GenericViewSet[Any]):
    """Authenticates, enters the caller's organization, and answers with ETags.

    `capabilities` maps an action (or `read`, `write`) to what the caller must be allowed to do.
    `version_required` makes `PUT`, `PATCH` and `DELETE` ask for `If-Match`.
    """

    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.ORGANIZE}
    version_required: ClassVar[bool] = False
    model: ClassVar[type[models.Model]]
    lookup_value_converter = "uuid"
    lookup_value_regex = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"

    @property
    def access(self) -> Access:
        """The caller."""
        access = access_of(self.request)
        if access is None:
            raise Forbidden("Nobody has signed in.")
        return access

    def perform_authentication(self, request: Request) -> None:
        """Sign in, then act in one organization for the rest of the request."""
        super().perform_authentication(request)
        (access,) = resolve_access(request)
        request.access = access  # type: ignore[attr-defined]
        request._request.access = access  # type: ignore[attr-defined]
        if access.organization_id is not None or access.allows(Capability.OPERATE):
            enter_scope(Scope(access.organization_id, "platform staff"))

    def get_queryset(self) -> models.QuerySet[Any]:
        """Live rows of the organization in scope; nothing while the OpenAPI document is made."""
        if getattr(self, "swagger_fake_view", False):
            return self.model._base_manager.none()
        return self.rows()

    def rows(self) -> models.QuerySet[Any]:
        """What this viewset is about, with everything that its serializer touches."""
        return self.model._default_manager.all()

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Lists are filtered; one thing is found by its key alone."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """With `?fields=`, what lists and single things show is no more than that."""
        serializer: BaseSerializer[Any] = super().get_serializer(*args, **kwargs)
        if self.action in sparse.ACTIONS and not getattr(self, "swagger_fake_view", False):
            sparse.narrow(serializer, self.request)
        return serializer

    def locked_object(self) -> Any:
        """The row of this request, locked until the transaction ends, in the version that the caller has read."""
        queryset = self.get_queryset().select_for_update(of=("self",))
        found = queryset.filter(pk=self.kwargs[self.lookup_url_kwarg or self.lookup_field]).first()
        if found is None:
            self.get_object()  # answers 404 as every other route does
            raise MalformedRequest("The row changed while it was read; try again.")
        self.check_object_permissions(self.request, found)
        require_version(found, expected_version(self.request, required=self.version_required))
        return found


class ReadMixin(mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """Lists, and single things with an ETag that `If-None-Match` may name."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.get_object()  # type: ignore[attr-defined]
        return answer_row(self, row, request)


def answer_row(view: Any, row: Any, request: Request, *, status: int = 200) -> Response:
    """One row with its ETag, and its address where it is new; 304 where the caller has this version already."""
    version = getattr(row, "version", None)
    tag = etag_of(version) if version is not None else None
    if tag and is_known(request, tag):
        return Response(status=304, headers={"ETag": tag})
    response = Response(view.get_serializer(row).data, status=status, headers={"ETag": tag} if tag else {})
    if status == HTTPStatus.CREATED and "url" in response.data:
        response["Location"] = response.data["url"]
    return response


class WriteMixin:
    """Create and change through the serializer, each in one transaction, guarded by the version."""

    @transaction.atomic
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        self.perform_create(serializer)
        return answer_row(self, serializer.instance, request, status=201)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Save in the caller's organization."""
        serializer.save(organization_id=organization_required(self.access))  # type: ignore[attr-defined]

    @transaction.atomic
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row = self.locked_object()  # type: ignore[attr-defined]
        partial = kwargs.pop("partial", False)
        serializer = self.get_serializer(row, data=request.data, partial=partial)  # type: ignore[attr-defined]
        serializer.is_valid(raise_exception=True)
        self.perform_update(serializer)
        return answer_row(self, serializer.instance, request)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        """Save what changed."""
        serializer.save()

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, *args, partial=True, **kwargs)
