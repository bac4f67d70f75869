"""Who may do what and when, on objects that no database has seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import pytest

from apps.contests.enums import ContestStatus
from apps.contests.errors import TransitionNotAllowed
from apps.contests.models import Assignment, Contest, Contestant, Criterion, Entry, Judge
from apps.contests.policies import (
    TRANSITIONS,
    allowed_transitions,
    competes,
    mark_faults,
    may_mark_for,
    require_transition,
    same_affiliation,
    sees_names,
    sees_standings,
)
from apps.core.access import Capability
from apps.core.ids import new_id

JUDGE = frozenset({Capability.VIEW, Capability.MARK})
TALLY = frozenset({Capability.VIEW, Capability.MARK, Capability.READ_MARKS, Capability.TALLY})
VIEWER = frozenset({Capability.VIEW})


@dataclass(frozen=True)
class Caller:
    """Somebody with exactly these capabilities."""

    capabilities: frozenset[Capability]
    user_id: UUID = field(default_factory=new_id)
    organization_id: UUID | None = None

    def allows(self, capability: Capability, obj: object | None = None) -> bool:
        return capability in self.capabilities


def test_every_status_but_the_last_leads_on_and_the_way_is_the_one_of_the_rulebook() -> None:
    ways = {status.value: allowed_transitions(status) for status in ContestStatus}

    assert ways == {
        "draft": ["open"],
        "open": ["start-scoring"],
        "scoring": ["lock"],
        "locked": ["reopen", "sign"],
        "certified": ["publish", "void"],
        "published": ["void"],
    }


@pytest.mark.parametrize("status", list(ContestStatus))
@pytest.mark.parametrize("name", list(TRANSITIONS))
def test_a_transition_is_required_from_where_it_leads_away_and_refused_elsewhere(
    name: str, status: ContestStatus
) -> None:
    contest = Contest(status=status)

    if name in allowed_transitions(status):
        assert require_transition(contest, name).name == name
    else:
        with pytest.raises(TransitionNotAllowed) as refusal:
            require_transition(contest, name)
        assert refusal.value.extra == {"current_status": status, "allowed": allowed_transitions(status)}


@pytest.mark.parametrize(
    ("state", "value", "codes"),
    [
        ("scored", "0", []),
        ("scored", "10", []),
        ("scored", "9.75", []),
        ("scored", "10.25", ["OUT_OF_SCALE"]),
        ("scored", "-0.25", ["OUT_OF_SCALE"]),
        ("scored", "9.8", ["WRONG_STEP"]),
        ("scored", None, ["REQUIRED"]),
        ("absent", None, []),
        ("abstained", "5", ["NOT_ALLOWED"]),
    ],
)
def test_a_mark_is_on_the_scale_and_a_value_belongs_to_a_scored_one(
    state: str, value: str | None, codes: list[str]
) -> None:
    criterion = Criterion(name="Skills", minimum=Decimal(0), maximum=Decimal(10), step=Decimal("0.25"))

    faults = list(mark_faults(criterion, state, None if value is None else Decimal(value)))

    assert [fault.code for fault in faults] == codes
    assert {fault.pointer for fault in faults} <= {"value"}


def test_steps_count_from_the_minimum() -> None:
    criterion = Criterion(name="Skills", minimum=Decimal(1), maximum=Decimal(6), step=Decimal(2))

    assert [list(mark_faults(criterion, "scored", Decimal(mark))) == [] for mark in (1, 2, 3, 5)] == [
        True,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("judge", "contestant", "expected"),
    [
        ("Helsinki SC", " helsinki sc ", True),
        ("Straße", "STRASSE", True),
        ("Helsinki SC", "Espoo SC", False),
        ("", "", False),
        (" ", " ", False),
    ],
)
def test_an_affiliation_is_the_same_however_it_is_written_and_none_is_no_affiliation(
    judge: str, contestant: str, expected: bool
) -> None:
    assert same_affiliation(Judge(affiliation=judge), Contestant(affiliation=contestant)) is expected


@pytest.mark.parametrize(
    ("entry", "contestant", "expected"),
    [
        ("entered", "entered", True),
        ("no_show", "entered", False),
        ("entered", "withdrawn", False),
        ("entered", "disqualified", False),
    ],
)
def test_who_is_out_of_the_contest_is_out_of_each_category(entry: str, contestant: str, expected: bool) -> None:
    assert competes(Entry(state=entry, contestant=Contestant(status=contestant))) is expected


def test_a_judge_marks_from_their_own_seat_and_the_tally_room_from_every_seat() -> None:
    judge, tally = Caller(JUDGE), Caller(TALLY)
    own = Assignment(judge=Judge(user_id=judge.user_id))
    unclaimed = Assignment(judge=Judge(user_id=None))

    assert [may_mark_for(judge, own), may_mark_for(judge, unclaimed)] == [True, False]
    assert [may_mark_for(tally, own), may_mark_for(tally, unclaimed)] == [True, True]
    assert may_mark_for(Caller(VIEWER, user_id=judge.user_id), own) is False


@pytest.mark.parametrize("status", list(ContestStatus))
def test_judges_see_standings_from_the_lock_on_and_others_always(status: ContestStatus) -> None:
    contest = Contest(status=status)
    locked = status in {ContestStatus.LOCKED, ContestStatus.CERTIFIED, ContestStatus.PUBLISHED}

    assert sees_standings(Caller(JUDGE), contest) is locked
    assert sees_standings(Caller(TALLY), contest) is sees_standings(Caller(VIEWER), contest) is True


@pytest.mark.parametrize("status", list(ContestStatus))
def test_judges_of_a_blind_contest_see_names_once_it_is_published(status: ContestStatus) -> None:
    blind, open_ = Contest(status=status, blind=True), Contest(status=status)

    assert sees_names(Caller(JUDGE), blind) is (status == ContestStatus.PUBLISHED)
    assert sees_names(Caller(JUDGE), open_) is sees_names(Caller(TALLY), blind) is True
