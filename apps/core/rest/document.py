"""The OpenAPI document, served."""

from __future__ import annotations

from functools import cache

from django.http import HttpResponse
from django.utils.translation import get_language
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request


class DocumentView(SpectacularAPIView):
    """The document is the same for everybody and takes a second to make: each form of it is made once a process."""

    def _get_schema_response(self, request: Request) -> HttpResponse:
        kind: str = request.accepted_renderer.media_type
        name = self._get_filename(request, None)  # type: ignore[no-untyped-call]
        return HttpResponse(
            _document(kind, get_language()),
            content_type=kind,
            headers={"Content-Disposition": f'inline; filename="{name}"'},
        )


@cache
def _document(media_type: str, language: str | None) -> str | bytes:
    """`language` is that of the request, which is active already."""
    del language
    renderer = next(kind for kind in DocumentView.renderer_classes if kind.media_type == media_type)
    schema = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    return renderer().render(schema)
