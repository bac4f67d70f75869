"""What is forgotten of mails: their words and their rows by age, both with the people whom they name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, models
from psycopg import sql

from apps.accounts.models import Membership, Organization, User
from apps.core import clock
from apps.core.erasure.hooks import ErasedPerson
from apps.core.erasure.sweep import pattern_of
from apps.core.softdelete.hooks import Affected
from apps.notifications.enums import ON_ITS_WAY, MailState
from apps.notifications.models import EmailMessage, PurgeNotice, SuppressedAddress, Unsubscription

BATCH = 5000
NAMING = sql.SQL("""
    UPDATE {table} SET subject = '', text = '', html = ''
    WHERE concat_ws(E'\n', subject, text) ~* {pattern} RETURNING id
""")
EMPTY: dict[str, Any] = {"subject": "", "text": "", "html": ""}


def forget_old_mail(*, batch: int = BATCH) -> dict[str, int]:
    """Empty and remove what was kept long enough, in statements of bounded size.

    Returns:
        how many mails lost their words, and how many mails and notices of purges went. What is on its way stays.
    """
    now, kept = clock.now(), settings.MAIL
    finished = EmailMessage.of_all_organizations.exclude(state__in=ON_ITS_WAY)
    wordy = finished.filter(created_at__lt=now - kept["KEEP_BODIES"]).exclude(text="")
    old = finished.filter(created_at__lt=now - kept["KEEP_ROWS"])
    return {
        "bodies": _in_batches(wordy, batch, lambda rows: rows.update(**EMPTY)),
        "mails": _in_batches(old, batch, lambda rows: rows.delete()),
        "notices": PurgeNotice.objects.filter(created_at__lt=now - kept["KEEP_ROWS"]).delete()[0],
    }


def _in_batches(rows: models.QuerySet[EmailMessage], batch: int, act: Any) -> int:
    done = 0
    while True:
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
        if ids:
            act(EmailMessage.of_all_organizations.filter(pk__in=ids))
        done += len(ids)
        if len(ids) < batch:
            return done


def forget_erased_in_mail(person: ErasedPerson) -> None:
    """Hook `erasing`: an erased person gets no more mails, and mails that name them have no words any more.

    Their own rows are overwritten by now; what is only about their address goes.
    """
    theirs = list(person.rows.get(EmailMessage._meta.label_lower, ()))
    for model in (SuppressedAddress, Unsubscription):
        model.of_all_organizations.filter(pk__in=person.rows.get(model._meta.label_lower, ())).delete()
    cancel_mails(EmailMessage.of_all_organizations.filter(pk__in=theirs))
    words = [*person.addresses, *person.names]
    if not words:
        return
    statement = NAMING.format(
        table=sql.Identifier(EmailMessage._meta.db_table),
        pattern=sql.Literal("|".join(pattern_of(word) for word in words)),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        named = [row[0] for row in cursor.fetchall()]
    cancel_mails(EmailMessage.of_all_organizations.filter(pk__in=named))


def stop_mailing(affected: Affected) -> None:
    """Hook `rows_deleted`: nothing more to deleted people, to members who left, and of deleted organizations."""
    mails = EmailMessage.of_all_organizations
    cancel_mails(mails.filter(organization__in=affected.rows(Organization).values("pk")))
    cancel_mails(mails.filter(user_id__in=affected.rows(User).values("pk")))
    for organization_id, user_id in affected.rows(Membership).values_list("organization_id", "user_id"):
        cancel_mails(mails.filter(organization_id=organization_id, user_id=user_id))


def cancel_mails(mails: models.QuerySet[EmailMessage]) -> int:
    """End those of these that are on their way. One that is being handed over can't be called back."""
    return mails.filter(state__in=ON_ITS_WAY).update(
        state=MailState.CANCELLED, next_attempt_at=None, lease=None, finished_at=clock.now()
    )
