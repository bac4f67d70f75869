"""Every URL of Podium."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

handler400 = "apps.core.rest.pages.bad_request"
handler403 = "apps.core.rest.pages.permission_denied"
handler404 = "apps.core.rest.pages.page_not_found"
handler500 = "apps.core.rest.pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("config.api.v1", namespace="v1")),
    path("", include("apps.operations.urls")),
    path("", include("apps.web.urls")),
]
