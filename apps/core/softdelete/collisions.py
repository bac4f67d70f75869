"""What stands against a restore, as forms ask about it: the admin's and the pages'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.core.softdelete.engine.conflicts import TakenValue
from apps.core.softdelete.metadata import model_of
from apps.core.softdelete.selectors import name_of
from apps.core.softdelete.services.planning import RestorePlan

INPUT = "change:"


@dataclass(frozen=True, slots=True)
class Collision:
    """A value that another row has taken. `input` names the field of the form for a new one, `new` what was typed."""

    input: str
    what: str
    field: str
    value: object
    holder: str
    new: str


def collisions(plan: RestorePlan, typed: Mapping[str, str]) -> list[Collision]:
    """One for each value that was taken."""
    return [_collision(taken, typed) for taken in plan.conflicts]


def changes_in(typed: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The new values in a form, as `restore_deletion` takes them: `{id: {field: value}}`."""
    changes: dict[str, dict[str, str]] = {}
    for name in typed:
        value = typed.get(name, "").strip()
        if name.startswith(INPUT) and name.count(":") == 2 and value:  # noqa: PLR2004 - change:<row>:<field>
            _, row_id, field = name.split(":")
            changes.setdefault(row_id, {})[field] = value
    return changes


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
