"""Version 1 of the API: each app's routes in a namespace of its own, `v1:<app>`."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerView

from apps.core.rest.root import ApiRootView

app_name = "v1"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", ApiRootView.as_view(), name="root"),
    path("", include("apps.accounts.api.v1.urls")),
    path("", include("apps.events.api.v1.urls")),
    path("", include("apps.contests.api.v1.urls")),
    path("", include("apps.datasets.api.v1.urls")),
    path("", include("apps.operations.api.v1.urls")),
    path("resilience/", include("apps.resilience.api.v1.urls")),
    re_path(r"^schema/?$", SpectacularAPIView.as_view(api_version="v1"), name="schema"),
    re_path(r"^docs/?$", SpectacularSwaggerView.as_view(url_name="v1:schema"), name="docs"),
    re_path(r"^redoc/?$", SpectacularRedocView.as_view(url_name="v1:schema"), name="redoc"),
]
