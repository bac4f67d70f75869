"""Every URL of Podium."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt

from apps.core.rest.pages import page_not_found
from apps.core.rest.root import ApiRootView

handler400 = "apps.core.rest.pages.bad_request"
handler403 = "apps.core.rest.pages.permission_denied"
handler404 = "apps.core.rest.pages.page_not_found"
handler500 = "apps.core.rest.pages.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/v1", ApiRootView.as_view(schema=None), name="api-root"),
    path("api/v1/", include("config.api.v1", namespace="v1")),
    # A route of its own: with DEBUG on, Django does not ask `handler404` but answers with a page about the URLs.
    re_path(r"^api(?:/|$)", csrf_exempt(page_not_found)),
    path("", include("apps.operations.urls")),
    path("", include("apps.web.urls")),
]
