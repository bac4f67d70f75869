"""Events."""

from __future__ import annotations

import factory

from apps.events.models import Event
from tests.factories.accounts import OrganizationFactory
from tests.factories.scoped import ScopedFactory


class EventFactory(ScopedFactory[Event]):
    """A draft."""

    class Meta:
        model = Event

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Winter cup {n}")
    slug = factory.Sequence(lambda n: f"winter-cup-{n}")
    venue = "Helsinki Ice Hall"
    timezone = "Europe/Helsinki"
