"""Everything that can die dies, and every message is there in the end, once under its id and in order by sequence.

1,000 messages; `SCALE=10` makes it 10,000.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.e2e.webhooks.inbox import Inbox
from tests.e2e.webhooks.plant import CAST, Plant
from tests.receiver import Arrival, receiving

MESSAGES = 1_000 * int(os.environ.get("SCALE", "1"))
TELLERS = 2
SUBJECTS = 20
PAUSE = "0.05"  # so that the telling lasts as long as the faults
LIMIT = 180.0 + MESSAGES / 10
TIMEOUT = 2  # seconds; a lease is five
SCHEDULE = ",".join(["0", "0", "1", "1", *["2"] * 60])
FAULTS = ["relay-1", "relay-2", "sender-1", "sender-1", "sender-2", "sender-2", "beat", "valkey", "postgres"]
FATES = {"accepts": 78, "answers 500": 8, "cuts off": 5, "loses its answer": 5, "is late": 4}

pytestmark = pytest.mark.timeout(2 * LIMIT + 120)


class Judge(Inbox):
    """It answers as its dice fall."""

    def __init__(self) -> None:
        super().__init__()
        self.fates: Counter[str] = Counter()
        self._dice = random.Random(2026)

    async def __call__(self, arrival: Arrival) -> web.StreamResponse:
        (fate,) = self._dice.choices(list(FATES), list(FATES.values()))
        self.fates[fate] += 1
        await asyncio.sleep(2 * TIMEOUT if fate == "is late" else self._dice.random() * 0.2)
        if fate == "answers 500":
            return web.Response(status=500)
        if fate != "cuts off":
            self.take(arrival)
        if fate in {"cuts off", "loses its answer"}:
            arrival.reset()
        return web.Response()


def test_nothing_is_lost_and_nothing_comes_twice_under_another_id(tmp_path: Path) -> None:
    judge, began = Judge(), time.monotonic()
    variables = {"WEBHOOK_TIMEOUT": str(TIMEOUT), "WEBHOOK_RETRY_SCHEDULE": SCHEDULE, "OUTBOX_POLL_SECONDS": "0.5"}
    with receiving() as receiver, Plant(tmp_path, **variables) as plant:
        receiver.answering = judge
        plant.run("manage.py", "migrate", "--no-input", "--verbosity", "0")
        judge.secret = plant.run("-m", "tests.e2e.webhooks.member", receiver.url, str(SUBJECTS)).strip()
        for name, command in CAST.items():
            plant.keep(name, *command)
        faults = tell_and_strike(plant, judge)
        plant.wait_until(lambda: is_done(plant, judge), "the last message", limit=LIMIT)
        seconds = time.monotonic() - began
        told = {str(key): (subject, sequence, data) for key, subject, sequence, data in plant.ask(TOLD)}
        states = dict(plant.ask("SELECT state, count(*) FROM notifications_webhookdelivery GROUP BY 1"))
        overtaken, parked = plant.number(OVERTAKEN), plant.number(PARKED)
        openings = plant.number("SELECT count(*) FROM resilience_circuittransition WHERE target = 'open'")

    figures = {
        "messages": len(told),
        "lost": len(told.keys() - judge.handled.keys()),
        "under_an_unknown_id": len(judge.handled.keys() - told.keys()),
        "overtaken": overtaken,
        "requests": judge.fates.total(),
        "receiver": dict(judge.fates),
        "repeats_that_the_receiver_passed_over": judge.repeats,
        "circuits_opened": openings,
        "faults": faults,
        "ended_by_themselves": plant.ends,
        "seconds": round(seconds, 1),
    }
    print(f"\nwebhook fault run: {json.dumps(figures)}")
    assert judge.complaints == []
    assert judge.handled.keys() == told.keys()
    # A teller whose commit was not answered tells again: then both are true.
    assert MESSAGES <= len(told) <= MESSAGES + TELLERS
    assert states == {"delivered": len(told)}
    assert (overtaken, parked) == (0, 0)
    received = {message["id"]: message for message in judge.messages()}
    assert {key: (m["subject"], m["sequence"], m["data"]) for key, m in received.items()} == told
    assert by_subject(received) == {
        subject: [(place, place) for place in range(1, number + 1)]
        for subject, number in Counter(subject for subject, _, _ in told.values()).items()
    }
    assert set(judge.fates) == set(FATES)
    assert judge.repeats > 0


TOLD = "SELECT id, subject, sequence, data FROM core_outboxmessage WHERE type = 'dataset.version.created'"
PARKED = "SELECT count(*) FROM core_outboxmessage WHERE parked_at IS NOT NULL"
# Deliveries' messages are written by the relay, each subject's one after the other.
OVERTAKEN = """
    SELECT count(*) FROM (
        SELECT created_at < lag(created_at) OVER (PARTITION BY subject ORDER BY sequence) AS is_early
        FROM notifications_webhookmessage
    ) AS published WHERE is_early
"""
PENDING = """
    SELECT (SELECT count(*) FROM notifications_webhookdelivery WHERE state = 'pending')
         + (SELECT count(*) FROM core_outboxmessage WHERE published_at IS NULL)
"""


def tell_and_strike(plant: Plant, judge: Judge) -> list[str]:
    """Tell, and let something fail each time that some more was told and some more has arrived."""
    member = (sys.executable, "-m", "tests.e2e.messaging.member", "teller")
    tellers = [plant.start(*member, str(seed), str(MESSAGES // TELLERS), PAUSE) for seed in range(TELLERS)]
    dice = random.Random(6)
    faults = dice.sample(FAULTS * max(1, MESSAGES // 2_000), k=len(FAULTS) * max(1, MESSAGES // 2_000))
    try:
        for place, fault in enumerate(faults, start=1):
            wanted = place * MESSAGES // (len(faults) + 2)
            plant.wait_until(lambda wanted=wanted: len(judge.handled) >= wanted, f"message {wanted}", limit=LIMIT)
            time.sleep(dice.random() * 0.2)  # at random is the point
            if fault == "postgres":
                plant.crash_database()
            elif fault == "valkey":
                plant.lose_valkey()
            else:
                plant.kill(fault)
        plant.wait_until(lambda: all(teller.poll() is not None for teller in tellers), "the last word", limit=LIMIT)
        assert [teller.returncode for teller in tellers] == [0] * TELLERS
    finally:
        for teller in tellers:
            teller.kill()
            teller.wait(30)
    return faults


def is_done(plant: Plant, judge: Judge) -> bool:
    """Whether everything that was told was handled, and is written down as delivered."""
    return len(judge.handled) >= MESSAGES and plant.number(PENDING) == 0


def by_subject(received: dict[str, dict[str, Any]]) -> dict[str, list[tuple[int, int]]]:
    """Of each subject, what `sequence` says and what was counted when it was told, in order."""
    found: dict[str, list[tuple[int, int]]] = {}
    for message in received.values():
        found.setdefault(message["subject"], []).append((message["sequence"], message["data"]["number"]))
    return {subject: sorted(numbers) for subject, numbers in found.items()}
