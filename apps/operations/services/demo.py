"""The demo in the database, made by the services that everything else is made by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.accounts.policies import MemberAccess
from apps.accounts.services.members import add_member
from apps.accounts.services.sessions import set_password
from apps.contests.enums import Visibility
from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Entry,
    Judge,
    Recusal,
    Score,
)
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.contests.services.deductions import impose_deduction
from apps.contests.services.transitions import lock_contest, open_contest, publish_contest, start_scoring
from apps.core import clock
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from apps.events.services import create_event, publish_event, start_event
from apps.operations.services import demo_cast as cast

SEED = 20_261
STEP = Decimal("0.5")
SPREAD = 0.55  # of one judge's marks around a team's strength
HALF_WAY = 3  # teams of the contest that is being scored have their marks


@dataclass(frozen=True, slots=True)
class Made:
    """A contest with what its marks refer to."""

    contest: Contest
    criteria: dict[Category, list[Criterion]]
    seats: dict[Category, list[Assignment]]
    entries: dict[Category, list[Entry]]


@transaction.atomic
def make_demo(*, organization: Organization, owner: User, password: str) -> tuple[cast.Person, ...]:
    """An event with three contests (published, being scored, open), judges, teams and marks.

    Args:
        password: what the demo's people sign in with.

    Returns:
        those people.
    """
    access = MemberAccess(owner.pk, organization.pk, Role.OWNER)
    with organization_scope(organization.pk):
        _add_people(organization, password)
        judges = _add_judges(organization)
        event = _start_cup(organization)
        _run_rescue(event, judges, access)
        stage = _make_contest(event, 1, cast.STAGE, judges)
        open_contest(contest_id=stage.contest.pk, access=access)
        start_scoring(contest_id=stage.contest.pk, access=access)
        _mark(stage, teams=HALF_WAY)
        poster = _make_contest(event, 2, cast.POSTER, judges)
        open_contest(contest_id=poster.contest.pk, access=access)
    return cast.PEOPLE


def _add_people(organization: Organization, password: str) -> None:
    for person in cast.PEOPLE:
        membership = add_member(
            organization_id=organization.pk, email=person.email, full_name=person.name, role=person.role
        )
        set_password(user=membership.user, password=password)


def _add_judges(organization: Organization) -> list[Judge]:
    users = {user.email: user for user in User.objects.filter(email__in=[one.email for one in cast.PEOPLE])}
    judges = [
        Judge(
            organization_id=organization.pk,
            name=one.name,
            affiliation=one.affiliation,
            qualifications=one.qualifications,
            user=users.get(one.email),
        )
        for one in cast.JUDGES
    ]
    Judge.objects.bulk_create(judges)
    return judges


def _start_cup(organization: Organization) -> Event:
    """The cup began this morning; another event is announced."""
    zone = ZoneInfo(cast.TIMEZONE)
    today = clock.now().astimezone(zone).date()
    morning = datetime.combine(today, time(9), zone)
    event = create_event(
        organization_id=organization.pk,
        name=f"{cast.EVENT} {today.year}",
        description=cast.DESCRIPTION,
        venue=cast.VENUE,
        timezone=cast.TIMEZONE,
        starts_at=morning,
        ends_at=morning + timedelta(days=1, hours=8),
    )
    publish_event(event=event)
    start_event(event=event)
    create_event(
        organization_id=organization.pk,
        name=cast.NEXT_EVENT,
        description=cast.NEXT_DESCRIPTION,
        venue=cast.VENUE,
        timezone=cast.TIMEZONE,
        starts_at=morning + timedelta(days=90),
    )
    return event


def _run_rescue(event: Event, judges: list[Judge], access: MemberAccess) -> None:
    """From the first mark to the published result."""
    made = _make_contest(event, 0, cast.RESCUE, judges)
    contest_id = made.contest.pk
    open_contest(contest_id=contest_id, access=access)
    start_scoring(contest_id=contest_id, access=access)
    _mark(made, teams=len(cast.RESCUE.teams))
    field_run = next(iter(made.entries.values()))
    impose_deduction(
        entry=field_run[3],
        amount=Decimal(2),
        unit="points",
        stage="category",
        reason="Touched the robot outside the starting area",
        access=access,
    )
    lock_contest(contest_id=contest_id, access=access)
    _sign(event.organization_id, contest_id)
    publish_contest(contest_id=contest_id, access=access)


def _sign(organization_id: UUID, contest_id: UUID) -> None:
    """Every signature of the chain, each by the member with that role."""
    contest = Contest.objects.get(pk=contest_id)
    digest = read_sign_off(contest).digest
    for role in contest.sign_off:
        signer = Membership.objects.get(organization_id=organization_id, role=role)
        access = MemberAccess(signer.user_id, organization_id, Role(role))
        sign_contest(contest_id=contest_id, access=access, digest=digest)


def _make_contest(event: Event, position: int, plan: cast.DemoContest, judges: list[Judge]) -> Made:
    contest = Contest.objects.create(
        organization_id=event.organization_id,
        event=event,
        name=plan.name,
        slug=plan.slug,
        description=plan.description,
        position=position,
        visibility=Visibility.PUBLIC,
        rule=cast.CONTEST_RULE.to_dict(),
    )
    teams = [
        Contestant(
            organization_id=event.organization_id,
            contest=contest,
            number=number,
            name=name,
            affiliation=school,
            members=list(members),
        )
        for number, (name, school, members) in enumerate(plan.teams, start=1)
    ]
    Contestant.objects.bulk_create(teams)
    made = Made(contest, {}, {}, {})
    for place, category in enumerate(plan.categories):
        _add_category(made, place, category, teams, [judges[index] for index in plan.judges])
    return made


def _add_category(
    made: Made, place: int, plan: cast.DemoCategory, teams: list[Contestant], panel: list[Judge]
) -> None:
    owner = made.contest.organization_id
    category = Category.objects.create(
        organization_id=owner,
        contest=made.contest,
        name=plan.name,
        slug=plan.slug,
        position=place,
        weight=plan.weight,
        rule=plan.rule.to_dict(),
    )
    made.criteria[category] = Criterion.objects.bulk_create(
        Criterion(
            organization_id=owner, category=category, name=one.name, position=order, step=STEP, factor=one.factor
        )
        for order, one in enumerate(plan.criteria)
    )
    made.seats[category] = Assignment.objects.bulk_create(
        Assignment(organization_id=owner, judge=judge, category=category, seat=f"J{number}")
        for number, judge in enumerate(panel, start=1)
    )
    made.entries[category] = Entry.objects.bulk_create(
        Entry(organization_id=owner, category=category, contestant=team, starting_order=team.number) for team in teams
    )


def _mark(made: Made, *, teams: int) -> None:
    """The marks of the first `teams` to start; nobody marks whom they are recused from."""
    dice = random.Random(SEED)  # noqa: S311 - the same demo on every machine
    recused = set(
        Recusal.objects.filter(assignment__category__contest=made.contest).values_list(
            "assignment_id", "contestant_id"
        )
    )
    Score.objects.bulk_create(
        score
        for category in made.criteria
        for entry in made.entries[category][:teams]
        for seat in made.seats[category]
        if (seat.pk, entry.contestant_id) not in recused
        for score in _scorecard(made, category, entry, seat, dice)
    )


def _scorecard(
    made: Made, category: Category, entry: Entry, seat: Assignment, dice: random.Random
) -> Iterator[Score]:
    strength = cast.STRENGTH.get(entry.contestant.name, cast.USUAL_STRENGTH)
    for criterion in made.criteria[category]:
        halves = round(min(10.0, max(0.0, dice.gauss(strength, SPREAD))) * 2)
        yield Score(
            organization_id=entry.organization_id,
            assignment=seat,
            entry=entry,
            criterion=criterion,
            value=halves * STEP,
        )
