"""Version 1 of the API: each app's routes in a namespace of its own, `v1:<app>`."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularRedocView, SpectacularSwaggerSplitView

from apps.core.rest.document import DocumentView
from apps.core.rest.root import ApiRootView
from apps.core.rest.routers import route

app_name = "v1"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", ApiRootView.as_view(), name="root"),
    path("", include("apps.core.api.v1.urls")),
    path("", include("apps.accounts.api.v1.urls")),
    path("", include("apps.events.api.v1.urls")),
    path("", include("apps.contests.api.v1.urls")),
    path("", include("apps.datasets.api.v1.urls")),
    path("", include("apps.notifications.api.v1.urls")),
    path("", include("apps.messaging.api.v1.urls")),
    path("", include("apps.operations.api.v1.urls")),
    path("resilience/", include("apps.resilience.api.v1.urls")),
    route(r"^schema/$", DocumentView.as_view(), name="schema"),
    route(r"^docs/$", SpectacularSwaggerSplitView.as_view(url_name="v1:schema"), name="docs"),
    route(r"^redoc/$", SpectacularRedocView.as_view(url_name="v1:schema"), name="redoc"),
]
