"""Webhooks: deliveries a second with rows, signatures, retries and circuits, and what one dead receiver costs others.

The yardstick is a bare aiohttp client that posts the same bodies to the same addresses, in batches of as many as the
sender has under way. Client and receiver are processes of their own; this one has settled its heap as workers do. Log
lines are made, and written nowhere.
"""

from __future__ import annotations

import logging.config
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx
from django.conf import settings
from django.db import connection, connections, transaction

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.correlation.logs import logging_config
from apps.core.heap import settle_heap
from apps.core.ids import new_id
from apps.core.tenancy import platform_scope
from apps.messaging.hooks import PublishedMessage
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks.endpoints import create_endpoint
from apps.notifications.services.webhooks.fanout import fan_out
from apps.notifications.services.webhooks.sending import send_due
from apps.resilience.defaults import build, install
from config.settings.resilience import RESILIENCE
from tests.benchmarks.answering import an_answering_server
from tests.benchmarks.figures import AnswersDiffer, Figure, figure_of, milliseconds
from tests.benchmarks.posting import seconds_to_post

ORGANIZATIONS = 5
ENDPOINTS = 50
MESSAGES = 100
"""Of each organization; each goes to all of its ten endpoints."""
FEW = 20
"""The same, where a dead receiver is among them."""
TABLES = "notifications_deliveryattempt, notifications_webhookdelivery, notifications_webhookmessage"
EMPTY = f"TRUNCATE {TABLES}"
LEFT = "SELECT count(*) FROM notifications_webhookdelivery WHERE state <> 'delivered' AND endpoint_id <> %s"
P95 = """
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - %s))
    FROM notifications_webhookdelivery WHERE endpoint_id <> %s
"""
LOOK = 0.02


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`instant`, `slow_50ms`, `others_with_one_dead`."""
    log_into_nothing()
    settle_heap()
    registry = build({**RESILIENCE, "STORE_URL": os.environ["REDIS_URL"], "STORE_PREFIX": "benchmark:"})
    previous = install(registry)
    try:
        with an_answering_server() as server, platform_scope("a benchmark"):
            endpoints = set_up()
            for figure, path in (("instant", "now"), ("slow_50ms", "slow")):
                point(endpoints, f"{server}/{path}")
                yield rates(figure, server, max(1, round(MESSAGES * scale)), rounds)
            yield with_one_dead(server, endpoints, max(1, round(FEW * scale)), rounds)
    finally:
        install(previous)
        registry.close()


def rates(figure: str, server: str, messages: int, rounds: int) -> Figure:
    """Deliveries a second, ours and the bare client's."""
    pairs = []
    for _ in range(rounds + 1):  # the first one warms up
        publish(messages)
        bodies = [
            (endpoint.target_url, str(delivery.message_id), bytes(delivery.message.body or b""))
            for delivery in WebhookDelivery.objects.select_related("message", "endpoint")
            for endpoint in [delivery.endpoint]
        ]
        ours = len(bodies) / milliseconds(send_due) * 1000
        check(server, len(bodies))
        bare = len(bodies) / seconds_to_post(bodies, together=settings.WEBHOOKS["IN_FLIGHT"])
        check(server, len(bodies))
        pairs.append((ours, bare))
    name = "bare aiohttp batch client"
    return figure_of("webhooks", figure, pairs[1:], yardstick_name=name, unit="deliveries/s", better="higher")


def with_one_dead(server: str, endpoints: list[WebhookEndpoint], messages: int, rounds: int) -> Figure:
    """How long 95 of 100 deliveries to 49 endpoints take at most, with and without a fiftieth that hangs."""
    *others, dead = endpoints
    pairs = []
    for _ in range(rounds + 1):
        point(others, f"{server}/now")
        times = []
        for hangs in (True, False):
            state = {"state": "enabled"} if hangs else {"state": "disabled", "disabled_reason": "by_hand"}
            WebhookEndpoint.objects.filter(pk=dead.pk).update(
                **{"target_url": f"{server}/hang", "disabled_reason": "", **state}
            )
            publish(messages)
            times.append(p95_of_others(server, dead.pk))
            check(server, messages * (len(others) + hangs))
        pairs.append((times[0] * 1000, times[1] * 1000))
    name = "without the dead one, p95"
    return figure_of("webhooks", "others_with_one_dead", pairs[1:], yardstick_name=name, unit="ms", better="lower")


def p95_of_others(server: str, dead: UUID) -> float:
    """Seconds; what hangs is let go once all others are done."""
    began = clock.now()
    watching = threading.Thread(target=release_after, args=[server, dead])
    watching.start()
    send_due()
    watching.join()
    with connection.cursor() as cursor:
        cursor.execute(P95, [began, dead])
        return float(cursor.fetchone()[0])


def release_after(server: str, dead: UUID) -> None:
    """Wait until the others' deliveries are there, then let the dead one answer, now and later."""
    try:
        while others_left(dead):
            time.sleep(LOOK)
        with platform_scope("a benchmark"):
            WebhookEndpoint.objects.filter(pk=dead).update(target_url=f"{server}/now")
        httpx.post(f"{server}/release").raise_for_status()
    finally:
        connections.close_all()


def others_left(dead: UUID) -> int:
    """How many deliveries of others are not there yet."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, [dead])
        return int(cursor.fetchone()[0])


def set_up() -> list[WebhookEndpoint]:
    """The endpoints, of several organizations: one alone may have half of the places only."""
    clubs = [Organization.objects.create(name=f"Club {n}", slug=f"club-{n}") for n in range(ORGANIZATIONS)]
    return [
        create_endpoint(
            organization_id=clubs[n % ORGANIZATIONS].pk, created_by=None, target_url=f"http://127.0.0.1:9/{n}"
        )[0]
        for n in range(ENDPOINTS)
    ]


def point(endpoints: list[WebhookEndpoint], address: str) -> None:
    """Where they are."""
    for number, endpoint in enumerate(endpoints):
        endpoint.target_url = f"{address}/{number}"
        endpoint.save()


def publish(messages: int) -> None:
    """What the relay does with so many messages of each organization, and nothing else in the tables."""
    clubs = Organization.objects.values_list("pk", flat=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(EMPTY)
        fan_out([message(club, number) for number in range(1, messages + 1) for club in clubs])
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {TABLES}")


def message(club: UUID, number: int) -> PublishedMessage:
    """A contest is published."""
    contest = new_id()
    return PublishedMessage(
        id=new_id(),
        organization_id=club,
        type="contest.published",
        subject=f"contest/{contest}",
        sequence=number,
        data={"id": str(contest), "event": str(club), "status": "published"},
        time=clock.now(),
        correlation_id=str(contest),
        traceparent=f"00-{contest.hex}-{contest.hex[16:]}-01",
        actor_id=None,
    )


def check(server: str, number: int) -> None:
    """Each of them has come to the receiver, once."""
    came = httpx.get(server).raise_for_status().json()
    if came != [number, number]:
        raise AnswersDiffer(f"Of {number} deliveries came {came[0]}, {came[1]} different ones.")


def log_into_nothing() -> None:
    """As in production, JSON and INFO, but nobody keeps it."""
    logging.config.dictConfig(logging_config(level="INFO", as_json=True, coloured=False))
    nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end of the process
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)
