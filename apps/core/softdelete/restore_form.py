"""The form that restores a deletion: what it asks about, and what was typed; the admin's and the pages'."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from apps.core.access import Access
from apps.core.errors import PodiumError
from apps.core.rest.constraints import explain_violation
from apps.core.softdelete.engine.conflicts import TakenValue
from apps.core.softdelete.errors import RestoreConflict
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.selectors import name_of
from apps.core.softdelete.services.planning import RestorePlan
from apps.core.softdelete.services.restoring import restore_deletion

INPUT = "change:"
WITH_ANCESTORS = "with_ancestors"


@dataclass(frozen=True, slots=True)
class Collision:
    """A value that another row has. `input` names the field of the form for a new one, `new` what was typed."""

    input: str
    what: str
    field: str
    value: object
    holder: str
    new: str


def restore_as_typed(deletion: Deletion, access: Access, typed: Mapping[str, str]) -> PodiumError | None:
    """Restore a deletion as the form says; what stands against it, if anything does."""
    try:
        restore_deletion(
            deletion=deletion, access=access, changes=_changes_in(typed), with_ancestors=WITH_ANCESTORS in typed
        )
    except PodiumError as error:
        return error
    except DatabaseError as violation:  # a new value breaks a rule that only the database knows
        explained = explain_violation(violation)
        if explained is None:
            raise
        return explained
    return None


def form_context(plan: RestorePlan, typed: Mapping[str, str], refusal: PodiumError | None) -> dict[str, Any]:
    """What the form shows: the plan, and a field for each value that a new one is needed for.

    A refusal may tell of more than the plan, which doesn't look at what stands above. What was typed for rows that it
    doesn't mention stays in the form (`kept`).
    """
    conflicts = refusal.conflicts if isinstance(refusal, RestoreConflict) else plan.conflicts
    asked = [_collision(taken, typed) for taken in conflicts]
    inputs = {collision.input for collision in asked}
    return {
        "plan": plan,
        "staying": _named(plan.staying),
        "back": _named(plan.counts),
        "collisions": asked,
        "kept": [(name, typed[name]) for name in typed if name.startswith(INPUT) and name not in inputs],
        "with_ancestors": WITH_ANCESTORS in typed,
    }


def words_of(refusal: PodiumError) -> str:
    """All that a refusal says, in one message."""
    return " ".join([refusal.detail, *(error.detail for error in refusal.errors)])


def _changes_in(typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The new values, as `restore_deletion` takes them: `{id: {field: value}}`."""
    changes: dict[str, dict[str, str]] = {}
    for name in typed:
        value = typed.get(name, "").strip()
        if name.startswith(INPUT) and name.count(":") == 2 and value:  # noqa: PLR2004 - change:<row>:<field>
            _, row_id, field = name.split(":")
            changes.setdefault(row_id, {})[field] = value
    return changes


def _named(counts: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return [(name_of(label, count), count) for label, count in counts.items()]


def _collision(taken: TakenValue, typed: Mapping[str, str]) -> Collision:
    name = f"{INPUT}{taken.id}:{taken.field}"
    model = model_of(taken.model)
    return Collision(
        input=name,
        what=name_of(taken.model, 1),
        field=str(getattr(model._meta.get_field(taken.field), "verbose_name", taken.field)),
        value=taken.value,
        holder=str(model._base_manager.filter(pk=taken.holder_id).first()),
        new=typed.get(name, ""),
    )
