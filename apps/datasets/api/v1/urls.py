"""The routes of datasets."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from apps.core.rest.routers import PodiumRouter
from apps.datasets.api.v1 import views

app_name = "datasets"

DATASET_ID = r"(?P<dataset_id>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"

router = PodiumRouter()
router.register("datasets", views.DatasetViewSet, basename="dataset")
router.register(rf"datasets/{DATASET_ID}/versions", views.DatasetVersionsViewSet, basename="dataset-version")
router.register("versions", views.VersionViewSet, basename="version")

urlpatterns: list[URLPattern | URLResolver] = [*router.urls]
