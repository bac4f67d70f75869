"""Erasing a person (GDPR, article 17)."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q

from apps.core.access import Access, Capability
from apps.core.audit.models import AuditRecord
from apps.core.audit.trail import columns_of
from apps.core.erasure.hooks import ErasedPerson, erasing
from apps.core.erasure.rows import ERASED, NOBODY, overwrite, own_rows, personal_fields_of, pseudonym_of
from apps.core.erasure.sweep import SHORTEST_NAME, pattern_of, sweep
from apps.core.errors import FieldError, Forbidden, Invalid, NotFound
from apps.core.idempotency.services import withdraw_answers
from apps.core.jobs.models import Job
from apps.core.jobs.services import create_job
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.services.deleting import delete_object

TASK = "core.erase_person"


def request_erasure(*, user_id: UUID, access: Access, confirm: str) -> Job:
    """Have a person erased. It takes a while, since everything is looked through.

    Args:
        confirm: the id of the account, typed back.

    Raises:
        NotFound: there is no such account.
        Forbidden: only the person and the platform's staff may.
        Invalid: `confirm` is another id.
    """
    if access.user_id != user_id and not access.allows(Capability.OPERATE):
        raise Forbidden("People erase themselves; for others the platform's staff does.")
    if not get_user_model()._base_manager.filter(pk=user_id).exists():
        raise NotFound
    if confirm != str(user_id):
        detail = "Type the id of the account."
        raise Invalid(detail, errors=[FieldError("#/confirm", "MISMATCH", detail)])
    return create_job(
        kind="erasure",
        task=TASK,
        label=pseudonym_of(user_id),
        parameters={"user_id": str(user_id)},
        organization_id=access.organization_id,
    )


@transaction.atomic
def erase_person(*, user_id: UUID) -> dict[str, int]:
    """Overwrite what names a person, everywhere. Doing it again changes nothing more.

    Returns:
        rows that were the person's, per model, and under `elsewhere` rows that mentioned them.
    """
    user: Any = get_user_model()._base_manager.select_for_update().get(pk=user_id)
    addresses, names = _terms(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('podium.erasing', %s, true)", [str(user_id)])
    rows = {
        queryset.model._meta.label_lower: ids
        for queryset in list(own_rows(user, addresses))
        if (ids := overwrite(queryset, pseudonym_of(user_id)))
    }
    _end(user_id)
    erasing(ErasedPerson(user_id, rows, addresses, names))
    swept = sweep(addresses=addresses, names=names)
    words = (*addresses, *names)
    withdraw_answers(
        user_id=user_id, patterns=[re.compile(pattern_of(word, as_json=True), re.IGNORECASE) for word in words]
    )
    for label, ids in rows.items():
        _erase_history(label, ids)  # last: the steps before have written history
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('podium.erasing', '', true)")
    return {**{label: len(ids) for label, ids in rows.items()}, "elsewhere": swept}


def _terms(user: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The person's addresses and names, in all rows that are theirs."""
    addresses: set[str] = {str(getattr(user, user.USERNAME_FIELD))}
    names: set[str] = set()
    for queryset in own_rows(user, sorted(addresses)):
        for field in personal_fields_of(queryset.model):
            if "email" not in field and "name" not in field:
                continue  # an affiliation or a browser is many people's
            for value in queryset.values_list(field, flat=True):
                if isinstance(value, str) and len(value) >= SHORTEST_NAME:
                    (addresses if "@" in value else names).add(value)
    names.discard(pseudonym_of(user.pk))
    addresses = {address for address in addresses if not address.endswith(f"@{NOBODY}")}
    return tuple(sorted(addresses)), tuple(sorted(names, key=len, reverse=True))


def _end(user_id: UUID) -> None:
    """Nobody signs in as them again; what is live of the account is deleted."""
    user: Any = get_user_model()._base_manager.get(pk=user_id)
    if user.is_active:
        get_user_model()._base_manager.filter(pk=user_id).update(is_active=False)
    if user.deleted_at is None:
        delete_object(root=get_user_model()._base_manager.get(pk=user_id), reason="Erased")
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user_id):
            session.delete()


def _erase_history(label: str, ids: tuple[UUID, ...]) -> None:
    columns = columns_of(model_of(label), personal_fields_of(model_of(label)))
    told = Q()
    for column in columns:
        told |= Q(old__has_key=column) | Q(new__has_key=column)
    for record in AuditRecord.of_all_organizations.filter(told, row_id__in=ids).only("pk", "old", "new").iterator():
        AuditRecord.of_all_organizations.filter(pk=record.pk).update(
            old=_without(record.old, columns), new=_without(record.new, columns)
        )


def _without(values: dict[str, Any] | None, columns: list[str]) -> dict[str, Any] | None:
    if values is None:
        return None
    return {name: ERASED if name in columns else value for name, value in values.items()}
