"""Processes of fault runs, on the database of DATABASE_URL: `relays FOLDER NUMBER`, `teller SEED MESSAGES PAUSE`."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import Error as DatabaseError  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from apps.core.outbox.services import emit  # noqa: E402
from apps.messaging.hooks import PublishedMessage, messages_published  # noqa: E402

TABLES = """
CREATE TABLE fault_subject (id uuid PRIMARY KEY, organization_id uuid NOT NULL, told int NOT NULL DEFAULT 0);
CREATE TABLE fault_handed (place bigserial, id uuid PRIMARY KEY, subject text, sequence bigint, number int);
"""
BATCH = 20  # small, so that there is always a batch to be killed in


def handle(messages: Sequence[PublishedMessage]) -> None:
    """A consumer that takes its time, and does not forgive a message that comes twice."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO fault_handed (id, subject, sequence, number) VALUES (%s, %s, %s, %s)",
            [(m.id, m.subject, m.sequence, m.data["number"]) for m in messages],
        )
        cursor.execute("SELECT pg_sleep(0.01)")


def keep_relays(folder: Path, number: int) -> None:
    """Have `number` relays, each with its process's id in a file, and a new one for each that is killed."""
    children: dict[int, int] = {}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        while True:
            for slot in set(range(number)) - set(children.values()):
                child = os.fork()
                if child == 0:
                    run_relay(folder / f"relay-{slot}")
                children[child] = slot
            ended, _ = os.wait()
            children.pop(ended, None)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)


def run_relay(file: Path) -> None:
    """A relay like any other, with one more consumer."""
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(str(os.getpid()))
    draft.rename(file)
    messages_published.register(handle)
    call_command("relay", batch=BATCH)
    os._exit(0)


def tell(seed: int, messages: int, pause: float) -> None:
    """Commit `messages` messages about subjects that others tell of too, whatever the database does meanwhile.

    Args:
        pause: seconds between two of them, at most.
    """
    dice = random.Random(seed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM fault_subject ORDER BY id")
        subjects = [row[0] for row in cursor.fetchall()]
    for _ in range(messages):
        subject = dice.choice(subjects)
        while True:
            try:
                tell_once(subject)
                break
            except DatabaseError:
                connection.close()
                time.sleep(0.05)  # the database restarts
        time.sleep(dice.random() * pause)  # somebody else's turn


@transaction.atomic
def tell_once(subject: UUID) -> None:
    """Count the subject up, and say so: `number` is what `sequence` must become."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fault_subject SET told = told + 1 WHERE id = %s RETURNING told, organization_id", [subject]
        )
        number, organization_id = cursor.fetchone()
    emit(
        type="dataset.version.created",
        subject=f"dataset/{subject}",
        organization_id=organization_id,
        data={"dataset_id": str(subject), "version_id": str(subject), "number": number, "row_count": 0},
    )


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["relays", folder, number]:
            keep_relays(Path(folder), int(number))
        case ["teller", seed, messages, pause]:
            tell(int(seed), int(messages), float(pause))
