"""How the apps above take part in deletes, restores and purges. Registered in their `AppConfig.ready`.

All of them run in the transaction of the operation; what they raise undoes it. Whatever scope the caller is in, they
run in that of the rows: their organization's, or the platform's for a platform deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import models

from apps.core.hooks import Hook
from apps.core.tenancy import organization_scope, platform_scope

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Objection:
    """Why something must not happen: a stable code, a sentence, and what it is about."""

    code: str
    detail: str
    model: str = ""
    ids: tuple[UUID, ...] = ()

    def as_data(self) -> dict[str, object]:
        """As JSON."""
        return {"code": self.code, "detail": self.detail, "model": self.model, "ids": [str(i) for i in self.ids]}


@dataclass(frozen=True, slots=True)
class Effect:
    """What a restore would do beyond bringing rows back, as a sentence: to a quota, a board, a certification."""

    code: str
    detail: str

    def as_data(self) -> dict[str, object]:
        """As JSON."""
        return {"code": self.code, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Affected:
    """The rows of one or more deletions, asked for model by model: those that go, come back or are purged.

    `rows(Contest)` is a queryset of all affected contests, whatever the organization in scope. `deletions` is empty
    in a preview.
    """

    root_model: str
    root_ids: tuple[UUID, ...]
    organization_id: UUID | None
    actor_id: UUID | None
    rows_by_model: Callable[[type[models.Model]], models.QuerySet[Any]] = field(repr=False)
    deletions: tuple[UUID, ...] = ()

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """The affected rows of `model`; an empty queryset where it can have none."""
        return self.rows_by_model(model)

    def scope(self) -> AbstractContextManager[None]:
        """The scope of these rows."""
        if self.organization_id is None:
            return platform_scope("a deletion of the platform reaches every organization")
        return organization_scope(self.organization_id)


class RowsHook(Hook[[Affected], R]):
    """A hook about rows, whose functions run in the scope of the rows."""

    def __call__(self, affected: Affected) -> list[R]:
        with affected.scope():
            return super().__call__(affected)


def call_all(afterwards: Sequence[Callable[[], None] | None], affected: Affected) -> None:
    """Call what `rows_restoring` or `rows_purging` answered."""
    with affected.scope():
        for function in afterwards:
            if function is not None:
                function()


may_delete: RowsHook[Sequence[Objection]] = RowsHook(
    "may_delete", "Objections to deleting these rows; asked by the preview too. Reads only."
)
may_restore: RowsHook[Sequence[Objection]] = RowsHook(
    "may_restore",
    "Objections to bringing these rows back: today's quotas and locks. Asked by the plan too. Reads only.",
)
restore_effects: RowsHook[Sequence[Effect]] = RowsHook(
    "restore_effects", "What bringing these rows back would do to quotas, ranks and certifications. Reads only."
)
may_purge: RowsHook[Sequence[Objection]] = RowsHook(
    "may_purge", "Objections to purging these rows now; the sweep comes back later. Reads only."
)
rows_deleted: RowsHook[None] = RowsHook(
    "rows_deleted", "These rows were deleted: end tokens, sockets, schedules; count again what counts live rows."
)
rows_restoring: RowsHook[Callable[[], None] | None] = RowsHook(
    "rows_restoring", "These rows are about to come back. What it returns is called once they are live."
)
rows_purging: RowsHook[Callable[[], None] | None] = RowsHook(
    "rows_purging",
    "These rows are about to go for good. What it returns is called once they are gone, before the commit.",
)
retention_days: Hook[[UUID], int | None] = Hook(
    "retention_days", "Days that an organization keeps what it deleted; None where it is not known."
)
