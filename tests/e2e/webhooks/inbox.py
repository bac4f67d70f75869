"""What a good receiver does with webhooks, as docs/webhooks.md asks for."""

from __future__ import annotations

from typing import Any

from standardwebhooks import Webhook

from tests.receiver import Arrival


class Inbox:
    """Verifies each message by the standard's own library, and handles each id once."""

    def __init__(self) -> None:
        self.secret = ""
        self.handled: dict[str, Arrival] = {}
        self.repeats = 0
        self.complaints: list[str] = []

    def take(self, arrival: Arrival) -> None:
        """Handle a message, unless that was done."""
        try:
            Webhook(self.secret).verify(arrival.body, arrival.headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test tells of it
            self.complaints.append(f"{arrival.message_id}: {error!r}")
            return
        first = self.handled.setdefault(arrival.message_id, arrival)
        self.repeats += first is not arrival
        if first.body != arrival.body or first.json["id"] != arrival.message_id:
            self.complaints.append(f"{arrival.message_id}: one id, and several messages")

    def messages(self) -> list[dict[str, Any]]:
        """What was handled, in the order of arrival."""
        return [arrival.json for arrival in list(self.handled.values())]
