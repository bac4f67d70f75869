"""What a restore would do, before anybody does it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.core.correlation.context import current_actor_id
from apps.core.errors import Conflict
from apps.core.softdelete import hooks
from apps.core.softdelete.engine import ancestors, conflicts, staying
from apps.core.softdelete.engine.conflicts import TakenValue
from apps.core.softdelete.engine.counting import held, rows_of
from apps.core.softdelete.hooks import Affected, Effect, Objection
from apps.core.softdelete.metadata import cascade_graph
from apps.core.softdelete.models import Deletion, DeletionState

SALT = "podium.restore-plan"


class PlanOutdated(Conflict):
    """Something changed since the plan was made; `plan` is the one of now."""

    code = "PLAN_OUTDATED"
    title = "Something changed since you looked"


@dataclass(frozen=True, slots=True)
class RestorePlan:
    """What would come back (`counts`), what would stay with another deletion, and what stands against it.

    `token` names this state of things: a restore that carries it runs only while nothing has changed.
    """

    counts: dict[str, int]
    staying: dict[str, int]
    conflicts: tuple[TakenValue, ...]
    ancestors: tuple[Deletion, ...]
    objections: tuple[Objection, ...]
    effects: tuple[Effect, ...]
    token: str

    @property
    def is_possible(self) -> bool:
        """Whether a restore without changes and ancestors would go through."""
        return not self.conflicts and not self.ancestors and not self.objections

    def as_data(self) -> dict[str, object]:
        """As JSON."""
        return {
            "possible": self.is_possible,
            "counts": self.counts,
            "staying": self.staying,
            "conflicts": [value.as_data() for value in self.conflicts],
            "ancestors": [describe(deletion) for deletion in self.ancestors],
            "objections": [objection.as_data() for objection in self.objections],
            "effects": [effect.as_data() for effect in self.effects],
            "token": self.token,
        }


def describe(deletion: Deletion) -> dict[str, str]:
    """A deletion that stands in the way, as JSON."""
    return {"id": str(deletion.pk), "model": deletion.root_model, "label": deletion.root_label}


@transaction.atomic
def plan_restore(*, deletion: Deletion) -> RestorePlan:
    """Look at what a restore of `deletion` would do. Nothing is changed; apps may lock what they look at meanwhile.

    A deletion that was restored, or that is being purged, has an empty plan.
    """
    if deletion.state != DeletionState.DELETED:
        return _signed(deletion, RestorePlan({}, {}, (), (), (), (), ""))
    graph = cascade_graph()
    affected = Affected(
        root_model=deletion.root_model,
        root_ids=(deletion.root_id,),
        organization_id=deletion.organization_id,
        actor_id=current_actor_id(),
        rows_by_model=rows_of([deletion.pk]),
        deletions=(deletion.pk,),
    )
    holding = held(graph, deletion.root_model, deletion.pk)
    left = staying.count(graph, deletion.root_model, deletion.root_id, deletion.pk)
    above = ancestors.deletions_above(graph, deletion.root_model, deletion.root_id)
    plan = RestorePlan(
        counts={label: count - left.get(label, 0) for label, count in holding.items() if count > left.get(label, 0)},
        staying=left,
        conflicts=tuple(conflicts.find(graph, deletion.root_model, deletion.root_id, deletion.pk)),
        ancestors=tuple(Deletion.of_all_organizations.filter(pk__in=above).order_by("pk")) if above else (),
        objections=tuple(objection for found in hooks.may_restore(affected) for objection in found),
        effects=tuple(effect for found in hooks.restore_effects(affected) for effect in found),
        token="",
    )
    return _signed(deletion, plan)


def require_plan(*, deletion: Deletion, token: str) -> None:
    """Go on only if the plan with this token is still the plan.

    Raises:
        PlanOutdated: with the plan of now.
    """
    plan = plan_restore(deletion=deletion)
    if not constant_time_compare(plan.token, token):
        raise PlanOutdated("Something changed since this plan was made. Look again.", extra={"plan": plan.as_data()})


def _signed(deletion: Deletion, plan: RestorePlan) -> RestorePlan:
    content = json.dumps([str(deletion.pk), deletion.version, plan.as_data()], sort_keys=True, default=str)
    token = salted_hmac(SALT, content, algorithm="sha256").hexdigest()
    return RestorePlan(
        plan.counts, plan.staying, plan.conflicts, plan.ancestors, plan.objections, plan.effects, token
    )
