"""Places that a whole cluster shares, each with an expiry, so that a killed process gives its own back."""

from __future__ import annotations

from apps.resilience.store import CircuitStore


class ClusterSlots:
    """At most `limit` holders at a time; a place not given back returns after `seconds`."""

    def __init__(self, store: CircuitStore, name: str, *, limit: int, seconds: float) -> None:
        self._store = store
        self._name = name
        self.limit = limit
        self._seconds = seconds

    def take(self, lease: str) -> bool:
        """Take a place.

        Raises:
            StoreAwayError: nobody knows whether there is one.
        """
        return self._store.take_slot(self._name, lease, limit=self.limit, seconds=self._seconds)

    def give_back(self, lease: str) -> None:
        """Give it back."""
        self._store.give_slot_back(self._name, lease)
