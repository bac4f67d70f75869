"""Routers whose routes answer with and without the trailing slash."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter


class PodiumRouter(SimpleRouter):
    """DRF's router; `/events` and `/events/` are one route."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
