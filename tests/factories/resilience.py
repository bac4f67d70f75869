"""What operators changed of the breakers."""

from __future__ import annotations

from factory.django import DjangoModelFactory

from apps.resilience.models import ServicePolicy


class ServicePolicyFactory(DjangoModelFactory[ServicePolicy]):
    """The circuit of the object storage, with the numbers of the settings."""

    class Meta:
        model = ServicePolicy

    service = "storage"
    reason = "Tried out"
