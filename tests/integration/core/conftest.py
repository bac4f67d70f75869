"""The town that the generated tests happen in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from apps.resilience import defaults
from config.settings.resilience import RESILIENCE
from tests.integration.core.house import House
from tests.integration.core.town import Town
from tests.transactions import of_a_test


@pytest.fixture(scope="module")
def whole_town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    """Two organizations with a row of everything, in a transaction that is rolled back after the module."""
    # Circuits of its own: operators force one open, and other tests go on needing it.
    circuits = defaults.build({**RESILIENCE, "STORE_PREFIX": "podium-town"}, threads=False)
    previous = defaults.install(circuits)
    with django_db_blocker.unblock(), of_a_test():
        yield Town()
        transaction.set_rollback(True)
    defaults.install(previous)
    circuits.close()


@pytest.fixture
def town(whole_town: Town, db: None) -> Iterator[Town]:
    """The town, as it was before the test also after it."""
    with whole_town.undone():
        yield whole_town


@pytest.fixture
def alice(town: Town) -> House:
    """The organization whose rows are asked for."""
    return town.alice


@pytest.fixture
def bob(town: Town) -> House:
    """Somebody else's."""
    return town.bob
