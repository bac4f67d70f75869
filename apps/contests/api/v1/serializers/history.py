"""What made each change of a board."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apps.contests.api.v1.serializers.analysis import MoveSerializer
from apps.contests.models import Contest, Contestant, Score
from apps.contests.policies import reads_all_marks, sees_names
from apps.contests.scoring.rounding import canonical
from apps.contests.selectors.board.rows import ContestantMember
from apps.contests.selectors.changes import DEFAULT_STEPS, MOST_STEPS, RELEVANT, BoardChanges, Cause, Step
from apps.contests.selectors.rendering import member_of
from apps.core.access import Access
from apps.core.audit.models import AuditAction
from apps.core.rest.serializers import StrictSerializer

MARK = Score._meta.label_lower
# Decimal columns; names, seats and slugs stay as they are, also where they look like numbers.
NUMBERS = frozenset({"weight", "factor", "technical_points", "value", "amount"})


class ChangesQuerySerializer(serializers.Serializer[Any]):
    """From when, and how many steps are looked through."""

    since = serializers.DateTimeField(default=None, help_text="Default: since there is the contest.")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_STEPS, default=DEFAULT_STEPS)


class CauseSerializer(StrictSerializer):
    """One thing that was done. Of marks, values and seats are for those who read marks."""

    model = serializers.CharField(help_text="Such as `contests.score`.")
    action = serializers.ChoiceField(choices=AuditAction.choices)
    row = serializers.UUIDField(allow_null=True, help_text="Null for what a delete took or a restore gave back.")
    deletion = serializers.UUIDField(allow_null=True)
    count = serializers.IntegerField(help_text="Rows of this model.")
    contestant = serializers.UUIDField(allow_null=True)
    criterion = serializers.UUIDField(allow_null=True)
    seat = serializers.CharField(allow_null=True)
    old = serializers.DictField(help_text="What results are computed from, as it was.")
    new = serializers.DictField()


class StepSerializer(StrictSerializer):
    """What was done at once, and whose place it changed."""

    at = serializers.DateTimeField()
    actor = serializers.UUIDField(allow_null=True, help_text="For those who read marks.")
    correlation_id = serializers.CharField(allow_null=True)
    causes = CauseSerializer(many=True)
    other_causes = serializers.IntegerField(help_text="How many there are beyond those.")
    moved = MoveSerializer(many=True)


class BoardChangesSerializer(StrictSerializer):
    """The steps that changed a place, oldest first."""

    contest = serializers.UUIDField()
    withheld = serializers.BooleanField(help_text="True: judges learn nothing until the contest is locked.")
    next = serializers.DateTimeField(allow_null=True, help_text="`since` of the next page; null after the last one.")
    results = StepSerializer(many=True)


def show_changes(contest: Contest, found: BoardChanges, access: Access) -> dict[str, Any]:
    """As `BoardChangesSerializer`, as far as `access` may see it."""
    named, reads_marks = sees_names(access, contest), reads_all_marks(access)
    return {
        "contest": contest.pk,
        "withheld": found.withheld,
        "next": found.next,
        "results": [_step(step, named=named, reads_marks=reads_marks) for step in found.steps],
    }


def _step(step: Step, *, named: bool, reads_marks: bool) -> dict[str, Any]:
    return {
        "at": step.at,
        "actor": step.actor_id if reads_marks else None,
        "correlation_id": step.correlation_id,
        "causes": [_cause(cause, reads_marks=reads_marks) for cause in step.causes],
        "other_causes": step.others,
        "moved": [
            {"contestant": _member(move.contestant, named=named), "before": move.before, "after": move.after}
            for move in step.moved
        ],
    }


def _cause(cause: Cause, *, reads_marks: bool) -> dict[str, Any]:
    moment = cause.moment
    hidden = moment.model == MARK and not reads_marks
    return {
        "model": moment.model,
        "action": moment.action,
        "row": moment.row_id,
        "deletion": moment.deletion_id,
        "count": moment.count,
        "contestant": cause.contestant.pk if cause.contestant else None,
        "criterion": cause.criterion.pk if cause.criterion else None,
        "seat": cause.seat.seat if cause.seat and not hidden else None,
        "old": {} if hidden else _columns(moment.model, moment.old),
        "new": {} if hidden else _columns(moment.model, moment.new),
    }


def _columns(model: str, values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _number(values[name]) if name in NUMBERS else values[name] for name in RELEVANT[model] if name in values
    }


def _number(value: Any) -> Any:
    """History writes all places of a column; elsewhere numbers are written without trailing zeros."""
    return canonical(Decimal(value)) if isinstance(value, str) else value


def _member(contestant: Contestant, *, named: bool) -> ContestantMember:
    member = member_of(contestant)
    return member if named else {**member, "name": None, "affiliation": None}
