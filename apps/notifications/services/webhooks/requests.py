"""One delivery as an HTTP request, and its outcome."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import structlog
from django.conf import settings

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated
from apps.core.encryption import UnreadableSecretError
from apps.notifications.enums import DeliveryState
from apps.notifications.services.webhooks.claiming import Claim, Message, Receiver
from apps.notifications.services.webhooks.outcomes import DELIVERED, Try, Verdict, judge, read_answer, read_error
from apps.notifications.services.webhooks.settling import Result
from apps.notifications.services.webhooks.signing import secrets_in_force, sign
from apps.resilience.defaults import registry
from apps.resilience.errors import ResilienceError
from apps.resilience.http import ForbiddenTarget, PinnedClient

log = structlog.get_logger("podium.webhooks")

USER_AGENT = "Podium-Webhooks/1"


class Keys(NamedTuple):
    """What an endpoint's ciphertexts hold."""

    headers: dict[str, str]
    entries: list[dict[str, str | None]]


class Requests:
    """Sends claims with one client. It remembers what it has decrypted for as long as it lives."""

    def __init__(self, client: PinnedClient, *, chance: Callable[[], float] = random.random) -> None:
        self._client = client
        self._chance = chance
        self._keys: dict[tuple[bytes, bytes], Keys] = {}
        self._schedule, self._jitter = settings.WEBHOOKS["RETRY_SCHEDULE"], settings.WEBHOOKS["RETRY_JITTER"]

    async def send(self, claim: Claim) -> Result:
        """Send one message; whatever happens is a result."""
        message = claim.message
        story = Correlation(claim.id, message.correlation_id or message.id, message.traceparent or None)
        with correlated(story):
            started, ticks = clock.now(), clock.monotonic()
            attempt = await self._try(claim, started)
            duration_ms = round((clock.monotonic() - ticks) * 1000)
            verdict = self._judge(claim, attempt)
            log.info(
                "webhook sent" if attempt.was_made else "webhook deferred",
                webhook_id=message.id,
                endpoint=claim.receiver.endpoint_id,
                state=verdict.state.value,
                status=attempt.status,
                error=attempt.error,
                duration_ms=duration_ms,
            )
        return Result(claim, attempt, verdict, started, duration_ms)

    async def _try(self, claim: Claim, now: datetime) -> Try:
        receiver, body = claim.receiver, claim.message.body
        if body is None:
            return Try(was_made=True, error="payload_gone")
        try:
            headers = self._headers(receiver, claim.message, body, now)
        except UnreadableSecretError:
            log.exception("webhook secret unreadable", endpoint=receiver.endpoint_id)
            return Try(was_made=True, error="secret_unreadable")
        policy = registry().endpoint(receiver.endpoint_id, receiver.organization_id)
        try:
            answer = await policy.acall(self._client.post, receiver.url, body=body, headers=headers)
        except (ResilienceError, ForbiddenTarget) as error:
            return read_error(error)
        return read_answer(answer)

    def _headers(self, receiver: Receiver, message: Message, body: bytes, now: datetime) -> dict[str, str]:
        keys = self._open(receiver)
        timestamp = int(now.timestamp())
        signing = secrets_in_force(keys.entries, now)
        own = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": message.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(signing, message_id=message.id, timestamp=timestamp, body=body),
        }
        if message.correlation_id:
            own["X-Correlation-ID"] = message.correlation_id
        if message.traceparent:
            own["traceparent"] = message.traceparent
        return {**keys.headers, **own}

    def _open(self, receiver: Receiver) -> Keys:
        tokens = (receiver.headers.token, receiver.secrets.token)
        keys = self._keys.get(tokens)
        if keys is None:
            keys = self._keys[tokens] = Keys(receiver.headers.open(), receiver.secrets.open())
        return keys

    def _judge(self, claim: Claim, attempt: Try) -> Verdict:
        if attempt.error == "payload_gone":
            return Verdict(DeliveryState.FAILED, None)
        if not attempt.error and attempt.was_made:
            return DELIVERED
        return judge(
            attempt,
            attempts=claim.attempts,
            schedule=self._schedule,
            jitter=self._jitter,
            now=clock.now(),
            chance=self._chance(),
        )
