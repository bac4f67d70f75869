"""What `OPTIONS` answers."""

from __future__ import annotations

from typing import Any

from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request


class ViewMetadata(SimpleMetadata):
    """The view's name, purpose and formats. Its fields are in the OpenAPI document, the same for every caller."""

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        """None: DRF finds them by looking up the row with a method that was not asked for."""
        return {}
