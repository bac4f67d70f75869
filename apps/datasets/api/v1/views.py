"""Datasets and their versions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.access import Capability
from apps.core.errors import NotFound
from apps.core.rest.etags import is_known
from apps.core.rest.filters import refuse_unknown_params, whole_number
from apps.core.rest.renderers import CSVRenderer
from apps.core.rest.streams import FileResponse
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin, answer_row, organization_required
from apps.core.softdelete.rest import SoftDeleteMixin
from apps.core.softdelete.visibility import DeletedRowsMixin
from apps.datasets import services
from apps.datasets.api.v1 import serializers
from apps.datasets.api.v1.filters import DatasetFilter
from apps.datasets.models import Dataset, DatasetVersion
from apps.datasets.selectors import version_of, versions_of, with_current_version

MOST_VERSIONS = 999_999_999


class DatasetViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """Named tables that grow by versions."""

    model = Dataset
    serializer_class = serializers.DatasetSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.MANAGE_DATA}
    filterset_class = DatasetFilter
    ordering_fields = ("name", "created_at", "updated_at")
    search_fields = ("name", "slug", "description")

    def rows(self) -> models.QuerySet[Dataset]:
        return with_current_version(super().rows())

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        """Make a dataset that has no version yet."""
        dataset = services.create_dataset(
            organization_id=organization_required(self.access),
            owner_id=self.access.user_id,
            **serializer.validated_data,
        )
        serializer.instance = self._complete(dataset)

    def _complete(self, dataset: Dataset) -> Dataset:
        return with_current_version(Dataset.objects.filter(pk=dataset.pk)).get()

    @extend_schema(
        request={"multipart/form-data": serializers.NewDatasetSerializer},
        responses={201: serializers.DatasetSerializer},
        summary="Make a dataset from a CSV file",
    )
    @action(
        detail=False,
        methods=["post"],
        parser_classes=[MultiPartParser],
        serializer_class=serializers.NewDatasetSerializer,
    )
    def upload(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a dataset with a first version. Bad rows are named by line, and nothing is kept then."""
        organization_id = organization_required(self.access)
        values = _uploaded(self, request)
        file = values.pop("file")
        dataset = services.create_dataset(
            organization_id=organization_id,
            owner_id=self.access.user_id,
            upload=services.read_upload(file=file.file, filename=file.name),
            **values,
        )
        self.serializer_class = serializers.DatasetSerializer
        return answer_row(self, self._complete(dataset), request, status=201)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "version",
                {"type": "integer", "minimum": 1, "maximum": MOST_VERSIONS},
                description="The newest when left out.",
            )
        ],
        responses={(200, "text/csv"): OpenApiTypes.BINARY},
        summary="Download a version's file",
    )
    @action(
        detail=True,
        methods=["get"],
        renderer_classes=[CSVRenderer, *PodiumViewSet.renderer_classes],
    )
    def download(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Send the file as it was uploaded, in pieces. Its ETag is its SHA-256."""
        refuse_unknown_params(request, {"version"})
        dataset = self.get_object()
        version = version_of(dataset, whole_number(request, "version", low=1, high=MOST_VERSIONS))
        tag = f'"{version.content_hash}"'
        if is_known(request, tag):
            return Response(status=304, headers={"ETag": tag})
        response = FileResponse(request, services.open_content(version=version), content_type="text/csv")
        response["ETag"] = tag
        response["Content-Length"] = str(version.size)
        name = f"{dataset.slug}-v{version.number}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def _uploaded(view: Any, request: Request) -> dict[str, Any]:
    """The validated fields of an upload. One that says it is too large is refused before it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    services.refuse_too_large(content_length=int(length) if length.isdecimal() else 0)
    serializer = view.get_serializer(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class DatasetVersionsViewSet(mixins.ListModelMixin, DeletedRowsMixin, PodiumViewSet):
    """A dataset's history, and its next version."""

    model = DatasetVersion
    serializer_class = serializers.DatasetVersionSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.MANAGE_DATA}
    parser_classes = [MultiPartParser]
    ordering = ("-number",)
    ordering_fields = ("number",)

    def rows(self) -> models.QuerySet[DatasetVersion]:
        return versions_of(self._dataset().pk)

    def _dataset(self) -> Dataset:
        dataset: Dataset | None = Dataset.objects.filter(pk=self.kwargs["dataset_id"]).first()
        if dataset is None:
            raise NotFound
        return dataset

    def get_serializer_class(self) -> Any:
        return serializers.NewVersionSerializer if self.action == "create" else super().get_serializer_class()

    @extend_schema(
        request={"multipart/form-data": serializers.NewVersionSerializer},
        responses={201: serializers.DatasetVersionSerializer},
        summary="Add a version from a CSV file",
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Add the next version. Bad rows are named by line, and nothing is kept then."""
        dataset = self._dataset()
        values = _uploaded(self, request)
        file = values["file"]
        version = services.add_version(
            dataset_id=dataset.pk,
            upload=services.read_upload(file=file.file, filename=file.name),
            message=values["message"],
            created_by=self.access.user_id,
        )
        context = self.get_serializer_context()
        data = serializers.DatasetVersionSerializer(version, context=context).data
        return Response(data, status=201, headers={"Location": data["url"], "ETag": f'"{version.version}"'})


class VersionViewSet(mixins.RetrieveModelMixin, SoftDeleteMixin, PodiumViewSet):
    """One version."""

    model = DatasetVersion
    serializer_class = serializers.DatasetVersionSerializer
    capabilities: ClassVar[dict[str, Capability]] = {"read": Capability.VIEW, "write": Capability.MANAGE_DATA}

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return answer_row(self, self.get_object(), request)
