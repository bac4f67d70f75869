"""Alice's house and Bob's: two organizations that must not know of each other, and a client for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from tests.integration.core.authorisation import ANONYMOUS, CALLERS, OPERATOR, OUTSIDER
from tests.integration.core.house import House, client_of, operator
from tests.routes import routes
from tests.transactions import of_a_test


class Town:
    """Made once a module, since everything in it takes a second; each test undoes what it does."""

    def __init__(self) -> None:
        self.alice = House("alpha-house", "Alphaxyz")
        self.bob = House("beta-house", "Betaxyz")
        for house in (self.alice, self.bob):
            for route in routes():
                house.values_for(route)
        self.callers = {caller: self._client(caller) for caller in CALLERS}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Roll back what happens inside, and forget the rows that were made."""
        with of_a_test(), self.alice.forgetting(), self.bob.forgetting():
            point = transaction.savepoint()
            try:
                yield
            finally:
                transaction.savepoint_rollback(point)

    def _client(self, caller: str) -> APIClient:
        """Everybody asks for Alice's organization."""
        slug = self.alice.organization.slug
        if caller == ANONYMOUS:
            return client_of(None)
        if caller == OUTSIDER:
            return client_of(self.bob.owner, slug)
        if caller == OPERATOR:
            return client_of(operator(), slug)
        return client_of(self.alice.person(Role(caller)), slug)
