"""A round of sending: one event loop that takes what is due, sends it at the same time, and writes the results back.

Nothing waits for a slow receiver: as answers come in, the next deliveries are claimed. Claims and results share one
short transaction every few milliseconds, in a thread of their own, so that the requests go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from math import inf
from typing import cast
from uuid import UUID

import structlog
from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)

from apps.core import clock
from apps.core.correlation.lines import gathered_lines
from apps.core.queue import enqueue_on_commit
from apps.notifications.services.webhooks.claiming import Claim, claim_due, next_due
from apps.notifications.services.webhooks.fanout import QUEUE, SEND_TASK
from apps.notifications.services.webhooks.requests import Requests
from apps.notifications.services.webhooks.settling import Result, settle
from apps.resilience.http import PinnedClient

log = structlog.get_logger("podium.webhooks")

GATHER = 0.004
"""Seconds in which answers are gathered before they are written together."""
ENOUGH = 100
"""Answers that are written at once: the next are on their way meanwhile."""
LOOK_AGAIN = 0.2
"""Seconds after which new deliveries are looked for while all requests under way are slow."""
LONGEST_ROUND = 300.0
"""Seconds after which a round that always finds more hands over to the next."""
SOON = 60.0
"""Seconds within which the next round is enqueued by this one; later ones are the beat's."""
PATIENCE = 0.5
"""Seconds between two tries to reach a database that is away."""


def _never() -> bool:
    return False


def send_due(*, is_stopping: Callable[[], bool] = _never) -> int:
    """Send until nothing is due, and have the next round enqueued for when something is.

    Args:
        is_stopping: whether to take no more, and only finish what is under way.

    Returns:
        how many results were written down; 0 where the database is away, since the next round comes by itself.
    """
    try:
        return _send_due(is_stopping)
    except (OperationalError, InterfaceError) as error:
        log.warning("webhooks wait for the database", error_type=type(error).__name__)
        return 0


def _send_due(is_stopping: Callable[[], bool]) -> int:
    sent = 0
    if _seconds_to_next() <= 0:  # looked up first: most rounds of the safety net have nothing to do
        with ThreadPoolExecutor(1, thread_name_prefix="webhook-rows") as rows:
            try:
                sent = asyncio.run(Round(is_stopping, rows).run())
            finally:
                rows.submit(_leave_database).result()
    wait = _seconds_to_next()
    if wait <= SOON:
        with transaction.atomic():
            enqueue_on_commit(SEND_TASK, queue=QUEUE, countdown=max(LOOK_AGAIN, wait))
    return sent


def _seconds_to_next() -> float:
    moment = next_due()
    return inf if moment is None else (moment - clock.now()).total_seconds()


def _leave_database() -> None:
    """Connections are a thread's own: this is called in the thread that ends."""
    connections.close_all()


class Round:
    """One round; `rows` is the thread in which it reads and writes."""

    def __init__(self, is_stopping: Callable[[], bool], rows: Executor) -> None:
        self._is_stopping = is_stopping
        self._rows = rows
        self._over_at = clock.monotonic() + LONGEST_ROUND
        self._under_way: Counter[tuple[str, UUID]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._results: list[Result] = []
        self._news = asyncio.Event()
        self._written = 0
        self._has_more = False

    async def run(self) -> int:
        """Until nothing is due and nothing under way; how many results were written."""
        async with PinnedClient() as client:
            requests = Requests(client)
            with gathered_lines() as write_lines:
                while await self._turn(requests):
                    await self._wait()
                    write_lines()  # before the results of which they tell
        return self._written

    async def _turn(self, requests: Requests) -> bool:
        """Write results, claim more, start them; whether there is anything to wait for."""
        room = 0 if self._is_over() else settings.WEBHOOKS["IN_FLIGHT"] - len(self._tasks)
        portion = settings.WEBHOOKS["IN_FLIGHT"] // 2
        results, self._results = self._results, []
        self._news.clear()
        exchange = partial(self._exchange, results, min(room, portion), dict(self._under_way))
        self._has_more = False
        try:
            claims = await asyncio.get_running_loop().run_in_executor(self._rows, exchange)
        except (DatabaseError, InterfaceError) as error:
            return await self._survive(error, results)
        self._has_more = len(claims) == portion
        self._written += len(results)
        for claim in claims:
            self._under_way[_place(claim)] += 1
            self._tasks.add(asyncio.create_task(self._send(requests, claim)))
        return bool(self._tasks or self._results or claims)

    def _exchange(self, results: list[Result], room: int, under_way: Mapping[tuple[str, UUID], int]) -> list[Claim]:
        with transaction.atomic():
            if results:
                settle(results)
            return claim_due(room=room, under_way=under_way) if room > 0 else []

    async def _survive(self, error: Exception, results: list[Result]) -> bool:
        """Keep the results, and those to come, while the database is away, for as long as their leases last."""
        oldest = min((result.started_at for result in results), default=clock.now())
        if not (results or self._tasks) or clock.now() - oldest > settings.WEBHOOKS["LEASE"]:
            raise error
        log.warning("webhook results wait for the database", results=len(results), error_type=type(error).__name__)
        self._results = results + self._results
        await asyncio.get_running_loop().run_in_executor(self._rows, close_old_connections)
        await asyncio.sleep(PATIENCE)
        return True

    async def _wait(self) -> None:
        """Until an answer has come and its neighbours too, or it is time to look for new deliveries.

        Where a whole portion was there to be claimed, the next one is claimed while that is sent.
        """
        if self._has_more:
            return
        try:
            async with asyncio.timeout(LOOK_AGAIN):
                await self._news.wait()
        except TimeoutError:
            return
        if self._tasks and len(self._results) < ENOUGH:
            await asyncio.sleep(GATHER)

    async def _send(self, requests: Requests, claim: Claim) -> None:
        try:
            result = await requests.send(claim)
            self._results.append(result)  # to the list that there is now, not to the one of before the wait
        except Exception:
            # A fault of ours: the lease runs out, and the delivery is tried again.
            log.exception("webhook not sent", webhook_id=claim.message.id)
        finally:
            place = _place(claim)
            self._under_way[place] -= 1
            if not self._under_way[place]:
                del self._under_way[place]
            self._tasks.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._news.set()

    def _is_over(self) -> bool:
        return self._is_stopping() or clock.monotonic() >= self._over_at


def _place(claim: Claim) -> tuple[str, UUID]:
    return claim.receiver.endpoint_id, claim.receiver.organization_id
