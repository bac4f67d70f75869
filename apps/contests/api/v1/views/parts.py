"""What the viewsets of a contest's parts have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.serializers import BaseSerializer

from apps.contests.services.holding import hold_for_update
from apps.contests.services.structure import add_part, change_part, contest_id_of
from apps.core.rest.views import PodiumViewSet, ReadMixin, WriteMixin
from apps.core.softdelete.rest import SoftDeleteMixin


class PartViewSet(ReadMixin, WriteMixin, SoftDeleteMixin, PodiumViewSet):
    """A part of a contest: read by members, changed by organizers while the contest is not locked.

    Every write locks the contest before the part, as the services do, so that two of them never wait for each other.
    """

    def locked_object(self) -> Any:
        hold_for_update(contest_id=self.contest_id(self.get_object()))
        return super().locked_object()

    def contest_id(self, part: Any) -> UUID:
        """The contest that the part is in."""
        return contest_id_of(part)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        part: Any = self.model(**serializer.validated_data)
        serializer.instance = add_part(part=part)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        part: Any = serializer.instance
        serializer.instance = change_part(part=part, values=serializer.validated_data)
