"""One JSON renderer a version, the plain one, and the browsable API for those who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer

from apps.core.rest.problems import CONTENT_TYPE


class _ProblemAware(JSONRenderer):
    """Problem documents keep their own content type."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        response: Any = (renderer_context or {}).get("response")
        # Not where the browsable API has its page's JSON rendered: the page itself is HTML.
        if getattr(response, "is_problem", False) and response.accepted_renderer is self:
            response["Content-Type"] = CONTENT_TYPE
        body: bytes = super().render(data, accepted_media_type, renderer_context)
        return body


class V1JSONRenderer(_ProblemAware):
    """`application/vnd.podium.v1+json`, echoed as the content type."""

    media_type = "application/vnd.podium.v1+json"
    format = "v1"


class PlainJSONRenderer(_ProblemAware):
    """`application/json`: the newest stable version."""

    media_type = "application/json"
    format = "json"


class CSVRenderer(PlainJSONRenderer):
    """Lets a client ask for `text/csv`; what is not the file itself (an error) is JSON."""

    media_type = "text/csv"
    format = "csv"


class XLSXRenderer(PlainJSONRenderer):
    """The same for a workbook."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    format = "xlsx"


class PageRenderer(PlainJSONRenderer):
    """The same for a page that is to be printed."""

    media_type = "text/html"
    format = "html"


class CalendarRenderer(PlainJSONRenderer):
    """The same for a calendar."""

    media_type = "text/calendar"
    format = "ics"


class StaffBrowsableAPIRenderer(BrowsableAPIRenderer):
    """The browsable API: for everyone in development, for people who have signed in elsewhere."""

    @staticmethod
    def is_offered_to(user: object) -> bool:
        """Whether this person gets pages instead of JSON."""
        return settings.DEBUG or bool(getattr(user, "is_authenticated", False))

    def get_default_renderer(self, view: Any) -> JSONRenderer:
        del view
        return PlainJSONRenderer()
