"""A judge of a blind contest, at every route, export, page and error: no name, and before the lock no other's mark.

The routes are those that are registered, so a new one is tested the day it is added.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from apps.accounts.enums import Role
from apps.contests.enums import ContestStatus
from apps.contests.models import Assignment, Contest, Contestant, Judge, Score
from apps.core import clock
from apps.core.tenancy import organization_scope
from tests.integration.core.authorisation import ANONYMOUS, is_for
from tests.integration.core.calls import call_of
from tests.integration.core.house import PAGES, House
from tests.integration.core.requests import body_of, send, text_of
from tests.integration.core.town import Town
from tests.routes import Operation, operations

NAME, CLUB, ADDRESS, PARTNER = "Zyxwvut", "Qzjxclub", "zyx@qzjx.example", "Wvqmember"
MARK = "6.1379"  # on no scale, so that it is nobody else's
FIGURES = ("panel", "score", "total", "subtotal", "component_total", "value", "weighted")
OPEN = {ContestStatus.DRAFT, ContestStatus.OPEN, ContestStatus.SCORING}
ASKED = ("", "?expand=marks", f"?at={quote(clock.now().isoformat())}")
ABOUT_ROWS = [operation for operation in operations() if operation.route.name != "v1:schema"]  # that is of the code


@dataclass
class Blind:
    """Alice's house with a blind contest in which two judges have marked the same entry; one of them is looking."""

    house: House
    other: dict[type[Model], Any]
    figures: set[str]

    def secrets(self) -> list[re.Pattern[str]]:
        """What a judge may not read as the contest stands now."""
        with organization_scope(self.house.organization.pk):
            status = Contest.objects.values_list("status", flat=True).get(pk=self.house.one(Contest).pk)
        words = [NAME, CLUB, ADDRESS, PARTNER] if status != ContestStatus.PUBLISHED else []
        figures = [MARK, *sorted(self.figures)] if status in OPEN else []
        return [
            *(re.compile(re.escape(word), re.IGNORECASE) for word in words),
            *(re.compile(rf"(?<![\w.:-]){re.escape(figure)}0*(?![\w.:])") for figure in figures),
        ]

    def values(self, operation: Operation) -> Iterator[dict[str, object]]:
        """The parameters of a route: with the judge's own rows, and with the other judge's."""
        own = self.house.values_for(operation.route)
        yield own
        named = {"pk": getattr(operation.route.view, "model", None), "assignment_id": Assignment}
        theirs = {name: self.other[named[name]].pk for name in own if named.get(name) in self.other}
        if theirs:
            yield {**own, **theirs}


def everything(answer: Any) -> str:
    """All that an answer says: its headers, and its body, unpacked where it is a workbook."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    if not content.startswith(b"PK"):
        return f"{headers}\n{content.decode('utf-8', 'replace')}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return headers + "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


@pytest.fixture(scope="module")
def blinded(whole_town: Town, django_db_blocker: DjangoDbBlocker) -> Iterator[Blind]:
    """The contest, with names and marks that are found wherever they turn up: made once, since it takes a while."""
    with django_db_blocker.unblock(), whole_town.undone():
        yield _made_blind(whole_town.alice)


@pytest.fixture
def blind(blinded: Blind, town: Town) -> Blind:
    """The same as it was before the test, also after it."""
    del town
    return replace(blinded)


def _made_blind(house: House) -> Blind:
    mine = house.one(Score)
    contest, category = house.one(Contest), mine.entry.category
    with organization_scope(house.organization.pk):
        Contest.objects.filter(pk=contest.pk).update(blind=True, visibility="public")
        for number, row in enumerate(Contestant.objects.filter(contest=contest)):
            row.name, row.affiliation = f"{NAME} {number}", f"{CLUB} {number}"
            row.email, row.members = ADDRESS, [PARTNER]
            row.save()
        judge = Judge.objects.create(organization=house.organization, name="Another judge")
        seat = Assignment.objects.create(organization=house.organization, judge=judge, category=category, seat="J71")
        score = Score.objects.create(
            organization=house.organization, assignment=seat, entry=mine.entry, criterion=mine.criterion, value=MARK
        )
    shown = house.client.get(reverse("v1:contests:contest-leaderboard", kwargs={"pk": contest.pk})).content.decode()
    figures = {figure for name in FIGURES for figure in re.findall(rf'"{name}":"([0-9.]+)"', shown) if "." in figure}
    assert NAME in shown
    assert figures
    return Blind(house, {Judge: judge, Assignment: seat, Score: score}, figures)


def leaks(blind: Blind, text: str) -> list[str]:
    return [secret.pattern for secret in blind.secrets() if secret.search(text)]


def requests(blind: Blind, operation: Operation, client: APIClient) -> Iterator[Any]:
    """The operation as it succeeds, as it is asked in other ways, and as it fails; one that is not theirs, once."""
    if not is_for("judge", operation):
        yield send(client, operation, blind.house)
        return
    for values in blind.values(operation):
        if operation.method == "GET":
            yield from (send(client, operation, blind.house, values=values, query=query) for query in ASKED)
            continue
        usual = body_of(operation, blind.house)
        bodies: list[Any] = [usual, {}]
        if isinstance(usual, dict) and "assignment" in usual:
            bodies.append({**usual, "assignment": str(blind.other[Assignment].pk)})
        yield from (send(client, operation, blind.house, values=values, body=body) for body in bodies)


@pytest.mark.parametrize("operation", ABOUT_ROWS, ids=str)
def test_a_judge_learns_no_name_and_no_other_judges_mark(operation: Operation, town: Town, blind: Blind) -> None:
    if is_for("judge", operation):
        call_of(operation).prepare(blind.house)

    found = [leaks(blind, everything(answer)) for answer in requests(blind, operation, town.callers["judge"])]

    assert [leak for leak in found if leak] == []


@pytest.mark.parametrize("operation", [o for o in ABOUT_ROWS if is_for(ANONYMOUS, o)], ids=str)
def test_what_anybody_may_read_tells_a_judge_no_more(operation: Operation, town: Town, blind: Blind) -> None:
    """A board that is shown live is public on purpose; it has no names, and no panel's or judge's figures."""
    with organization_scope(blind.house.organization.pk):
        Contest.objects.filter(pk=blind.house.one(Contest).pk).update(live_board=True)
    blind.figures = set()

    found = [leaks(blind, everything(answer)) for answer in requests(blind, operation, town.callers[ANONYMOUS])]

    assert [leak for leak in found if leak] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_tells_a_judge_no_more(name: str, blind: Blind) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(blind.house.person(Role.JUDGE))
    found = []
    for seat in (blind.house.one(Assignment), blind.other[Assignment]):
        url = blind.house.page(name, assignment_id=seat.pk)
        found += [leaks(blind, everything(answer)) for answer in (client.get(url), client.post(url, {"reason": ""}))]

    assert [leak for leak in found if leak] == []


SEARCHED = [
    operation
    for operation in operations()
    if operation.action == "list"
    and getattr(operation.route.view, "search_fields", ())
    and is_for("judge", operation)
]


@pytest.mark.parametrize("operation", SEARCHED, ids=str)
@pytest.mark.parametrize("word", [NAME, CLUB, ADDRESS, MARK])
def test_a_judge_finds_nothing_by_a_name_or_a_mark(operation: Operation, word: str, town: Town, blind: Blind) -> None:
    """What a name finds is what a word finds that is nowhere."""
    client = town.callers["judge"]

    def count(asked: str) -> int:
        return len(send(client, operation, blind.house, query=f"?search={asked}").json()["results"])

    assert count(word) == count("nowhere-at-all")


def test_after_publication_names_are_out_which_shows_that_they_would_be_found(town: Town, blind: Blind) -> None:
    contest = blind.house.one(Contest)
    url = reverse("v1:contests:contest-leaderboard", kwargs={"pk": contest.pk})
    with organization_scope(blind.house.organization.pk):
        Contest.objects.filter(pk=contest.pk).update(status="published")

    shown = text_of(town.callers["judge"].get(f"{url}?expand=marks"))

    assert NAME in shown
    assert any(figure in shown for figure in blind.figures)
