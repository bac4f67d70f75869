"""Taking due deliveries for sending: fair between organizations and between their endpoints, by one statement.

A claim is a lease: the row is due again when it is over, so what a killed worker held is sent again by itself, under
the same id. Nobody waits for anybody: rows that another worker is claiming are skipped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL

from apps.core import clock
from apps.core.encryption import Sealed
from apps.core.ids import new_id

# Endpoints with something pending are found by one step of the index each, however long their queues are.
WAITING = SQL("""
    WITH RECURSIVE waiting AS (
        (SELECT endpoint_id FROM notifications_webhookdelivery WHERE state = 'pending'
         ORDER BY endpoint_id LIMIT 1)
        UNION ALL
        SELECT (SELECT d.endpoint_id FROM notifications_webhookdelivery d
                WHERE d.state = 'pending' AND d.endpoint_id > w.endpoint_id ORDER BY d.endpoint_id LIMIT 1)
        FROM waiting w WHERE w.endpoint_id IS NOT NULL
    ),
    -- an endpoint that was paused gets one message until it has answered well, one with a rate the rest of a second's
    sendable AS (
        SELECT e.id, e.organization_id, e.paused_until, e.paced_until, e.rate_limit,
            CASE WHEN e.paused_until IS NULL THEN %(per_endpoint)s ELSE 1 END AS most,
            CASE WHEN e.rate_limit IS NULL THEN NULL ELSE GREATEST(0, FLOOR(e.rate_limit * (
                1 - EXTRACT(EPOCH FROM GREATEST(e.paced_until, %(now)s) - %(now)s))))::int END AS left_of_rate
        FROM waiting w
        JOIN notifications_webhookendpoint e ON e.id = w.endpoint_id
        JOIN accounts_organization o ON o.id = e.organization_id
        WHERE e.state = 'enabled' AND e.deleted_at IS NULL AND o.deleted_at IS NULL
    )
""")
CLAIM = SQL("""{waiting},
    under_way AS (
        SELECT u.endpoint_id, u.organization_id, u.number
        FROM unnest(%(endpoints)s::uuid[], %(organizations)s::uuid[], %(numbers)s::int[])
            AS u(endpoint_id, organization_id, number)
    ),
    due AS (
        SELECT d.id, s.organization_id, d.endpoint_id, d.next_attempt_at
        FROM sendable s
        LEFT JOIN under_way u ON u.endpoint_id = s.id
        CROSS JOIN LATERAL (
            SELECT d.id, d.endpoint_id, d.next_attempt_at FROM notifications_webhookdelivery d
            WHERE d.endpoint_id = s.id AND d.state = 'pending' AND d.next_attempt_at <= %(now)s
            ORDER BY d.next_attempt_at, d.id
            LIMIT GREATEST(0, LEAST(s.most - COALESCE(u.number, 0), s.left_of_rate))
            FOR UPDATE SKIP LOCKED
        ) d
        WHERE s.paused_until IS NULL OR s.paused_until <= %(now)s
    ),
    -- everybody's first, everybody's second… first between an organization's endpoints, then between organizations
    queued AS (
        SELECT *, row_number() OVER (PARTITION BY endpoint_id ORDER BY next_attempt_at, id) AS place FROM due
    ),
    ranked AS (
        SELECT *, row_number() OVER (PARTITION BY organization_id ORDER BY place, next_attempt_at, id) AS turn
        FROM queued
    ),
    chosen AS (
        SELECT r.id FROM ranked r
        LEFT JOIN (SELECT organization_id, sum(number) AS number FROM under_way GROUP BY 1) u USING (organization_id)
        WHERE r.turn <= %(per_organization)s - COALESCE(u.number, 0)
        ORDER BY r.turn, r.next_attempt_at, r.id LIMIT %(room)s
    ),
    claimed AS (
        UPDATE notifications_webhookdelivery d SET lease = %(lease)s, next_attempt_at = %(until)s
        FROM chosen WHERE d.id = chosen.id
        RETURNING d.id, d.endpoint_id, d.message_id, d.attempts
    )
    SELECT id::text, attempts, endpoint_id::text, message_id::text FROM claimed ORDER BY claimed.id
""").format(waiting=WAITING)
# What several deliveries have in common is fetched once.
RECEIVERS = """
    SELECT id::text, organization_id, target_url, headers, secrets,
        paused_until IS NOT NULL OR failing_since IS NOT NULL, rate_limit IS NOT NULL
    FROM notifications_webhookendpoint WHERE id = ANY(%s::uuid[])
"""
MESSAGES = """
    SELECT id::text, body, correlation_id, traceparent FROM notifications_webhookmessage WHERE id = ANY(%s::uuid[])
"""
PACE = """
    UPDATE notifications_webhookendpoint e
    SET paced_until = GREATEST(e.paced_until, %(now)s) + r.number * interval '1 second' / e.rate_limit
    FROM unnest(%(endpoints)s::uuid[], %(numbers)s::int[]) AS r(id, number) WHERE e.id = r.id
"""
NEXT = SQL("""{waiting}
    SELECT min(GREATEST(d.next_attempt_at, s.paused_until,
        s.paced_until - interval '1 second' + interval '1 second' / s.rate_limit))
    FROM sendable s
    CROSS JOIN LATERAL (
        SELECT d.next_attempt_at FROM notifications_webhookdelivery d
        WHERE d.endpoint_id = s.id AND d.state = 'pending' ORDER BY d.next_attempt_at LIMIT 1
    ) d
""").format(waiting=WAITING)


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint, as far as sending needs it; one object for all of its deliveries that are claimed together.

    `is_watched` says that it has failed or paused, so that a success is news.
    """

    endpoint_id: str
    organization_id: UUID
    url: str
    headers: Sealed
    secrets: Sealed
    is_watched: bool
    is_paced: bool


class Message(NamedTuple):
    """What is sent; without a body where that was erased."""

    id: str
    body: bytes | None
    correlation_id: str
    traceparent: str


class Claim(NamedTuple):
    """A delivery that is ours until its lease is over. Ids are text: they go into headers, log lines and JSON."""

    id: str
    attempts: int
    receiver: Receiver
    message: Message
    lease: str


@transaction.atomic(savepoint=False)
def claim_due(*, room: int, under_way: Mapping[tuple[str, UUID], int]) -> list[Claim]:
    """Take up to `room` deliveries that are due.

    Args:
        under_way: how many this process is sending now, by endpoint and organization.
    """
    now, lease = clock.now(), str(new_id())
    values = {
        "now": now,
        "until": now + settings.WEBHOOKS["LEASE"],
        "lease": lease,
        "room": room,
        "endpoints": [endpoint for endpoint, _ in under_way],
        "organizations": [organization for _, organization in under_way],
        "numbers": list(under_way.values()),
        **_limits(),
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        taken = cursor.fetchall()
        if not taken:
            return []
        cursor.execute(RECEIVERS, [list({endpoint_id for _, _, endpoint_id, _ in taken})])
        receivers = {row[0]: _receiver(*row) for row in cursor.fetchall()}
        cursor.execute(MESSAGES, [list({message_id for _, _, _, message_id in taken})])
        messages = {row[0]: _message(*row) for row in cursor.fetchall()}
        claims = [
            Claim(id_, attempts, receivers[endpoint_id], messages[message_id], lease)
            for id_, attempts, endpoint_id, message_id in taken
        ]
        if paced := _paced(claims):
            cursor.execute(PACE, {"now": now, "endpoints": list(paced), "numbers": list(paced.values())})
    return claims


def next_due() -> datetime | None:
    """When the next delivery can go out, as things stand; None when nothing is pending."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT, {"now": clock.now(), **_limits()})
        row = cursor.fetchone()
    moment: datetime | None = row[0] if row else None
    return moment


def _limits() -> dict[str, int]:
    return {
        "per_endpoint": settings.WEBHOOKS["IN_FLIGHT_PER_ENDPOINT"],
        "per_organization": settings.WEBHOOKS["IN_FLIGHT_PER_ORGANIZATION"],
    }


def _receiver(
    endpoint_id: str,
    organization_id: UUID,
    url: str,
    headers: bytes,
    secrets: bytes,
    is_watched: bool,
    is_paced: bool,
) -> Receiver:
    sealed = Sealed(bytes(headers)), Sealed(bytes(secrets))
    return Receiver(endpoint_id, organization_id, url, *sealed, is_watched, is_paced)


def _message(message_id: str, body: bytes | None, correlation_id: str, traceparent: str) -> Message:
    return Message(message_id, None if body is None else bytes(body), correlation_id, traceparent)


def _paced(claims: Iterable[Claim]) -> Counter[str]:
    """How many were taken of each endpoint that has a rate."""
    return Counter(claim.receiver.endpoint_id for claim in claims if claim.receiver.is_paced)
