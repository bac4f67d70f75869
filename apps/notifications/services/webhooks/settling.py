"""Writing down what came of attempts: many at a time, and only by whoever still holds the lease."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from apps.core import clock
from apps.core.tenancy import platform_scope
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks.claiming import Claim
from apps.notifications.services.webhooks.disabling import disable_endpoints
from apps.notifications.services.webhooks.outcomes import Try, Verdict

# Endpoints before deliveries, as deletions and other changes of endpoints do.
LOCK = """
    SELECT id::text, target_url FROM notifications_webhookendpoint WHERE id = ANY(%s::uuid[]) ORDER BY id
    FOR NO KEY UPDATE
"""
SETTLE = """
    WITH results AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(results)s) AS r(
            id uuid, lease uuid, state text, next_attempt_at timestamptz, was_made boolean,
            status int, error text, started_at timestamptz, duration_ms int, answer text)
    ), settled AS (
        UPDATE notifications_webhookdelivery d SET
            state = r.state, next_attempt_at = r.next_attempt_at, lease = NULL,
            attempts = d.attempts + r.was_made::int,
            last_status = CASE WHEN r.was_made THEN r.status ELSE d.last_status END,
            last_error = CASE WHEN r.was_made THEN r.error ELSE d.last_error END,
            finished_at = CASE WHEN r.state = 'pending' THEN NULL ELSE %(now)s::timestamptz END
        FROM results r WHERE d.id = r.id AND d.lease = r.lease
    )
    INSERT INTO notifications_deliveryattempt
        (organization_id, delivery_id, started_at, duration_ms, status, error, answer)
    SELECT d.organization_id, r.id, r.started_at, r.duration_ms, r.status, r.error, r.answer
    FROM results r JOIN notifications_webhookdelivery d ON d.id = r.id
    WHERE r.was_made ORDER BY r.started_at
"""
# A success ends a run of failures, and a pause.
RECOVERED = """
    UPDATE notifications_webhookendpoint SET failing_since = NULL, paused_until = NULL
    WHERE id = ANY(%s::uuid[]) AND (failing_since IS NOT NULL OR paused_until IS NOT NULL)
"""
FAILED = """
    UPDATE notifications_webhookendpoint SET failing_since = %s WHERE id = ANY(%s::uuid[]) AND failing_since IS NULL
"""
PAUSED = """
    UPDATE notifications_webhookendpoint e SET paused_until = GREATEST(e.paused_until, p.until)
    FROM unnest(%s::uuid[], %s::timestamptz[]) AS p(id, until) WHERE e.id = p.id
"""


class Result(NamedTuple):
    """An attempt and what follows from it."""

    claim: Claim
    attempt: Try
    verdict: Verdict
    started_at: datetime
    duration_ms: int

    @property
    def endpoint_id(self) -> str:
        """Whose answer it is."""
        return self.claim.receiver.endpoint_id


@transaction.atomic(savepoint=False)
def settle(results: Sequence[Result]) -> None:
    """Write results down.

    One that lost its lease, or whose delivery was cancelled, leaves its attempt only. What the address before the
    present one has answered says nothing about an endpoint.
    """
    now = clock.now()
    troubled = [result for result in results if _concerns_endpoint(result)]
    with connection.cursor() as cursor:
        if troubled:
            cursor.execute(LOCK, [sorted({result.endpoint_id for result in troubled})])
            addresses = dict(cursor.fetchall())
            troubled = [r for r in troubled if addresses.get(r.endpoint_id) == r.claim.receiver.url]
        cursor.execute(SETTLE, {"results": json.dumps([_as_row(result) for result in results]), "now": now})
    if troubled:
        _tell_endpoints(troubled, now)


def _concerns_endpoint(result: Result) -> bool:
    return result.claim.receiver.is_watched or result.verdict.state is not DeliveryState.DELIVERED


def _tell_endpoints(results: Sequence[Result], now: datetime) -> None:
    recovered = {r.endpoint_id for r in results if r.verdict.state is DeliveryState.DELIVERED}
    failed = {r.endpoint_id for r in results if _is_failure(r)} - recovered
    gone = {r.endpoint_id for r in results if r.verdict.is_gone}
    pauses: dict[str, datetime] = {}
    for result in results:
        until, endpoint_id = result.verdict.pause_until, result.endpoint_id
        if until is not None:
            pauses[endpoint_id] = max(until, pauses.get(endpoint_id, until))
    with connection.cursor() as cursor:
        if recovered:
            cursor.execute(RECOVERED, [sorted(recovered)])
        if failed:
            cursor.execute(FAILED, [now, sorted(failed)])
        if pauses:
            cursor.execute(PAUSED, [list(pauses), list(pauses.values())])
    with platform_scope("results of every organization's endpoints"):
        if gone:
            disable_endpoints(ids=map(UUID, gone), reason=DisabledReason.GONE)
        if failed and (given_up := _failing_too_long(failed - gone, now)):
            disable_endpoints(ids=given_up, reason=DisabledReason.FAILING)


def _failing_too_long(ids: set[str], now: datetime) -> set[UUID]:
    """Those that have failed for days, and answered nothing well meanwhile.

    A success that was under way when the failures began did not end them: it is looked up here, where it matters, and
    the failures begin anew.
    """
    before = now - settings.WEBHOOKS["DISABLE_AFTER"]
    answered = WebhookDelivery.of_all_organizations.filter(
        endpoint=OuterRef("pk"), state=DeliveryState.DELIVERED, finished_at__gte=OuterRef("failing_since")
    )
    rows = WebhookEndpoint._base_manager.filter(pk__in=ids, failing_since__lte=before, state=EndpointState.ENABLED)
    rows.filter(Exists(answered)).update(failing_since=now)
    return set(rows.values_list("pk", flat=True))


def _is_failure(result: Result) -> bool:
    return result.attempt.was_made and result.verdict.state is not DeliveryState.DELIVERED


def _as_row(result: Result) -> dict[str, object]:
    due = result.verdict.next_attempt_at
    return {
        "id": result.claim.id,
        "lease": result.claim.lease,
        "state": result.verdict.state.value,
        "next_attempt_at": due and due.isoformat(),
        "was_made": result.attempt.was_made,
        "status": result.attempt.status,
        "error": result.attempt.error,
        "started_at": result.started_at.isoformat(),
        "duration_ms": result.duration_ms,
        "answer": result.attempt.answer.decode(errors="replace").replace("\x00", "\ufffd"),
    }
