"""A worker that is told to stop ends the letter that it has begun; one that is killed leaves it to the next."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.db import transaction

from apps.accounts.models import Organization
from apps.notifications.enums import MailState
from apps.notifications.models import EmailMessage
from apps.notifications.services.email.hooks import Recipient
from apps.notifications.services.email.writing import write_mails
from tests.e2e.imports.worker import Worker, running_worker, wait_for
from tests.factories.accounts import OrganizationFactory
from tests.integration.notifications.mail.conftest import draft_of, make_due
from tests.post_office import PostOffice, post_office

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 5


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A server that accepts letters and leaves its answer open; some wait for it."""
    current_app.control.purge()
    club: Organization = OrganizationFactory.create()
    with post_office() as running:
        running.hold()
        with transaction.atomic():
            write_mails([draft_of(club, [Recipient(f"person-{n}@example.org") for n in range(LETTERS)])])
        yield running
    current_app.control.purge()


def states() -> Counter[str]:
    return Counter(EmailMessage.of_all_organizations.values_list("state", flat=True))


def wait_for_letter(office: PostOffice, worker: Worker) -> None:
    wait_for(lambda: office.delivered, worker, "a letter that waits for its answer")


def test_told_to_stop_it_ends_its_letter_and_begins_no_other(office: PostOffice, tmp_path: Path) -> None:
    with running_worker(tmp_path, queue="mail", SMTP_URL=office.url) as worker:
        wait_for_letter(office, worker)
        worker.process.send_signal(signal.SIGTERM)
        wait_for(lambda: "Warm shutdown" in worker.log.read_text(), worker, "the word that it stops")
        office.release()
        assert worker.process.wait(60) == 0

    assert states() == {MailState.SENT: 1, MailState.QUEUED: LETTERS - 1}
    assert len(office.delivered) == 1


def test_killed_it_loses_nothing_and_only_the_open_letter_comes_again_as_the_same(
    office: PostOffice, tmp_path: Path
) -> None:
    with running_worker(tmp_path, queue="mail", SMTP_URL=office.url) as first:
        wait_for_letter(office, first)
        first.kill()
    assert states() == {MailState.SENDING: 1, MailState.QUEUED: LETTERS - 1}
    (begun,) = office.delivered
    make_due()  # its lease is over
    office.release()

    with running_worker(tmp_path, queue="mail", SMTP_URL=office.url) as second:
        current_app.send_task("notifications.send_mail", queue="mail")
        wait_for(lambda: states() == {MailState.SENT: LETTERS}, second, "the last letter")

    times = Counter(letter.message_id for letter in office.delivered)
    assert (len(times), sum(times.values()), times[begun.message_id]) == (LETTERS, LETTERS + 1, 2)
    assert [letter for letter in office.delivered if letter.message_id == begun.message_id] == [begun, begun]
