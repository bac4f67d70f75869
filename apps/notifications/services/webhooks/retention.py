"""What is forgotten: attempts and payloads by age, payloads with the people whom they name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from psycopg import sql

from apps.core import clock
from apps.core.erasure.hooks import ErasedPerson
from apps.core.erasure.sweep import pattern_of
from apps.notifications.models import DeliveryAttempt, WebhookDelivery, WebhookMessage
from apps.notifications.services.webhooks.disabling import cancel_deliveries

BATCH = 5000
NAMING = sql.SQL("body IS NOT NULL AND convert_from(body, 'UTF8') ~* {pattern}")


def forget_old(*, batch: int = BATCH) -> dict[str, int]:
    """Remove what was kept long enough, in transactions of bounded size.

    Returns:
        how many attempts and how many messages (each with its deliveries) went.
    """
    now, kept = clock.now(), settings.WEBHOOKS
    attempts = DeliveryAttempt.of_all_organizations.filter(started_at__lt=now - kept["KEEP_ATTEMPTS"])
    messages = WebhookMessage.objects.filter(created_at__lt=now - kept["KEEP_PAYLOADS"])
    return {"attempts": _remove(attempts, batch), "messages": _remove(messages, batch)}


def _remove(rows: models.QuerySet[Any], batch: int) -> int:
    removed = 0
    while True:
        with transaction.atomic():
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
            rows.model._base_manager.filter(pk__in=ids).delete()
        removed += len(ids)
        if len(ids) < batch:
            return removed


def forget_erased(person: ErasedPerson) -> None:
    """Hook `erasing`: payloads that name an erased person are emptied, and not sent any more."""
    words = [*person.addresses, *person.names]
    if not words:
        return
    pattern = sql.Literal("|".join(pattern_of(word, as_json=True) for word in words))
    statement = sql.SQL("UPDATE {} SET body = NULL WHERE {} RETURNING id").format(
        sql.Identifier(WebhookMessage._meta.db_table), NAMING.format(pattern=pattern)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        ids = [row[0] for row in cursor.fetchall()]
    if ids:
        cancel_deliveries(WebhookDelivery.of_all_organizations.filter(message_id__in=ids))
