"""The demo as data: a robotics association, its people, and the cup that it runs. All of it is invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from apps.accounts.enums import Role
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.rule import Aggregation, MissingMarks, ScoringRule
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind


@dataclass(frozen=True, slots=True)
class Person:
    """A member. `name` and `email` as they sign in."""

    name: str
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class DemoJudge:
    """A judge; `email` names the member who signs in to mark."""

    name: str
    affiliation: str
    qualifications: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class DemoCriterion:
    """One thing that judges mark, from 0 to 10 in halves."""

    name: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class DemoCategory:
    """A scored part of a contest."""

    name: str
    slug: str
    weight: Decimal
    rule: ScoringRule
    criteria: tuple[DemoCriterion, ...]


@dataclass(frozen=True, slots=True)
class DemoContest:
    """A contest, who judges it (places in `JUDGES`), and its teams: name, school, members."""

    name: str
    slug: str
    description: str
    categories: tuple[DemoCategory, ...]
    judges: tuple[int, ...]
    teams: tuple[tuple[str, str, tuple[str, ...]], ...]


ORGANIZATION = "Lakeland Robotics"
TIMEZONE = "Europe/Helsinki"
EVENT = "Lakeland Robotics Cup"
VENUE = "Kuopio Hall, Kuopio"
DESCRIPTION = "Two days of robots made by school teams: rescue, stage and design, judged by engineers and teachers."
NEXT_EVENT = "Lakeland Winter Hackathon"
NEXT_DESCRIPTION = "Forty-eight hours, one theme. Entries open in January."

PEOPLE = (
    Person("Aino Lehtonen", "aino@lakeland.example", Role.ADMIN),
    Person("Oskar Berg", "oskar@lakeland.example", Role.ORGANIZER),
    Person("Tuuli Saarinen", "tuuli@lakeland.example", Role.TALLY_MASTER),
    Person("Arvid Holm", "arvid@lakeland.example", Role.AUDITOR),
    Person("Judit Kovács", "judit@lakeland.example", Role.JUDGE),
    Person("Dana Petrov", "dana@lakeland.example", Role.DATA_SCIENTIST),
    Person("Viivi Niemi", "viivi@lakeland.example", Role.VIEWER),
)

JUDGES = (
    DemoJudge("Judit Kovács", "University of Eastern Finland", "Control engineering", "judit@lakeland.example"),
    DemoJudge("Matti Korhonen", "Savonia", "Mechatronics teacher"),
    DemoJudge("Priya Raman", "Northbound Automation", "Embedded software"),
    DemoJudge("Elias Fransson", "Mikkeli Lyceum", "Physics teacher, judge since 2019"),
    DemoJudge("Sofia Marchetti", "Politecnico di Torino", "Rescue robotics"),
    DemoJudge("Henrik Aalto", "Aalto Stage Works", "Stage and sound design"),
)

PANEL_RULE = ScoringRule(
    aggregation=Aggregation.TRIMMED_MEAN,
    drop_high=1,
    drop_low=1,
    minimum_panel=3,
    missing=MissingMarks.OMIT,
    tie_breakers=(TieBreaker(TieBreakerKind.HIGHER_MEDIAN),),
)
INTERVIEW_RULE = ScoringRule(
    aggregation=Aggregation.MEAN,
    missing=MissingMarks.OMIT,
    tie_breakers=(TieBreaker(TieBreakerKind.HIGHER_MEDIAN),),
)
CONTEST_RULE = ContestRule(tie_breakers=(TieBreaker(TieBreakerKind.HIGHER_MEDIAN),))


def _criteria(**factors: str) -> tuple[DemoCriterion, ...]:
    return tuple(DemoCriterion(name.replace("_", " "), Decimal(factor)) for name, factor in factors.items())


INTERVIEW = DemoCategory(
    "Engineering interview",
    "engineering-interview",
    Decimal("0.5"),
    INTERVIEW_RULE,
    _criteria(Design_choices="1.2", Software="1.2", Team_work="0.8"),
)

RESCUE = DemoContest(
    "Rescue",
    "rescue",
    "Find the victims in a maze that nobody has seen before, and bring them to safety.",
    (
        DemoCategory(
            "Field run",
            "field-run",
            Decimal(1),
            PANEL_RULE,
            _criteria(Navigation="2", Victims_found="2", Robustness="1.5", Speed="1"),
        ),
        INTERVIEW,
    ),
    (0, 1, 2, 3, 4),
    (
        ("Polar Pathfinders", "Kuopio Secondary School", ("Ilona Hakala", "Juho Rautio", "Mai Tran")),
        ("Circuit Breakers", "Mikkeli Lyceum", ("Leo Anttila", "Nea Virtanen")),
        ("Maze Weavers", "Joensuu Makers' Club", ("Omar Haddad", "Siiri Laine", "Väinö Koski")),
        ("Third Law", "Iisalmi Lyceum", ("Emma Pitkänen", "Tomas Lindqvist")),
        ("Gradient Descent", "Varkaus Code Club", ("Aleksi Mäkinen", "Inka Salo", "Noor Ali")),
        ("Snow Crash", "Savonlinna Arts School", ("Pihla Turunen", "Rasmus Ek")),
        ("Kettle Logic", "Pieksämäki School", ("Eero Hämäläinen", "Lumi Peltola")),
        ("Small Steps", "Lapinlahti School", ("Hilla Nieminen", "Kasper Rossi", "Tilda Ojala")),
    ),
)

STAGE = DemoContest(
    "On stage",
    "on-stage",
    "Two minutes of theatre or dance by robots and people together.",
    (
        DemoCategory(
            "Performance",
            "performance",
            Decimal(1),
            PANEL_RULE,
            _criteria(Choreography="1.5", Interaction="2", Technique="2", Originality="1"),
        ),
        INTERVIEW,
    ),
    (0, 1, 2, 4, 5),
    (
        ("Tin Swans", "Savonlinna Arts School", ("Anni Heikkilä", "Bruno Costa", "Meri Aho")),
        ("Servo Tango", "Joensuu Makers' Club", ("Eemil Jokinen", "Lotta Ström")),
        ("Northern Lights Out", "Kuopio Secondary School", ("Fatima Noor", "Veeti Kallio")),
        ("The Understudies", "Iisalmi Lyceum", ("Kerttu Lampinen", "Oiva Sillanpää", "Zoe Wright")),
        ("Clockwork Sauna", "Varkaus Code Club", ("Helmi Toivonen", "Niilo Vainio")),
        ("Copper Choir", "Lapinlahti School", ("Amanda Sund", "Luka Horvat")),
    ),
)

POSTER = DemoContest(
    "Design poster",
    "design-poster",
    "One sheet of paper that makes a stranger understand the robot.",
    (
        DemoCategory(
            "Poster",
            "poster",
            Decimal(1),
            INTERVIEW_RULE,
            _criteria(Clarity="1.5", Engineering_content="1.5", Layout="1"),
        ),
    ),
    (1, 3, 5),
    (
        ("Polar Pathfinders", "Kuopio Secondary School", ("Ilona Hakala", "Juho Rautio", "Mai Tran")),
        ("Tin Swans", "Savonlinna Arts School", ("Anni Heikkilä", "Bruno Costa", "Meri Aho")),
        ("Third Law", "Iisalmi Lyceum", ("Emma Pitkänen", "Tomas Lindqvist")),
    ),
)

# How good a team is in the demo's world, around which its marks are drawn; others are in between.
STRENGTH: Mapping[str, float] = {
    "Polar Pathfinders": 8.6,
    "Maze Weavers": 8.4,
    "Circuit Breakers": 7.7,
    "Snow Crash": 6.2,
    "Small Steps": 5.4,
    "Tin Swans": 8.8,
    "Servo Tango": 8.1,
}
USUAL_STRENGTH = 7.1
