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
from apps.notifications.services.webhooks.claiming import Claim
from apps.notifications.services.webhooks.outcomes import Try, Verdict, judge, read_answer, read_error
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

    async def send(self, claim: Claim) -> Result:
        """Send one message; whatever happens is a result."""
        story = Correlation(str(claim.id), claim.correlation_id or str(claim.message_id), claim.traceparent or None)
        with correlated(story):
            started, ticks = clock.now(), clock.monotonic()
            attempt = await self._try(claim, started)
            duration_ms = round((clock.monotonic() - ticks) * 1000)
            verdict = self._judge(claim, attempt)
            log.info(
                "webhook sent" if attempt.was_made else "webhook deferred",
                webhook_id=str(claim.message_id),
                endpoint=str(claim.endpoint_id),
                state=verdict.state.value,
                status=attempt.status,
                error=attempt.error,
                duration_ms=duration_ms,
            )
        return Result(claim, attempt, verdict, started, duration_ms)

    async def _try(self, claim: Claim, now: datetime) -> Try:
        if claim.body is None:
            return Try(was_made=True, error="payload_gone")
        try:
            headers = self._headers(claim, claim.body, now)
        except UnreadableSecretError:
            log.exception("webhook secret unreadable", endpoint=str(claim.endpoint_id))
            return Try(was_made=True, error="secret_unreadable")
        policy = registry().endpoint(str(claim.endpoint_id), claim.organization_id)
        try:
            answer = await policy.acall(self._client.post, claim.url, body=claim.body, headers=headers)
        except (ResilienceError, ForbiddenTarget) as error:
            return read_error(error)
        return read_answer(answer)

    def _headers(self, claim: Claim, body: bytes, now: datetime) -> dict[str, str]:
        keys = self._open(claim)
        message_id, timestamp = str(claim.message_id), int(now.timestamp())
        own = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(
                secrets_in_force(keys.entries, now), message_id=message_id, timestamp=timestamp, body=body
            ),
        }
        if claim.correlation_id:
            own["X-Correlation-ID"] = claim.correlation_id
        if claim.traceparent:
            own["traceparent"] = claim.traceparent
        return {**keys.headers, **own}

    def _open(self, claim: Claim) -> Keys:
        tokens = (claim.headers.token, claim.secrets.token)
        keys = self._keys.get(tokens)
        if keys is None:
            keys = self._keys[tokens] = Keys(claim.headers.open(), claim.secrets.open())
        return keys

    def _judge(self, claim: Claim, attempt: Try) -> Verdict:
        if attempt.error == "payload_gone":
            return Verdict(DeliveryState.FAILED, None)
        return judge(
            attempt,
            attempts=claim.attempts,
            schedule=settings.WEBHOOKS["RETRY_SCHEDULE"],
            jitter=settings.WEBHOOKS["RETRY_JITTER"],
            now=clock.now(),
            chance=self._chance(),
        )
