"""The pages in a real browser: by keyboard, without a network, on a phone and on a projector, in the dark."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.contests.models import Score
from apps.contests.selectors.sign_off import read_sign_off
from apps.contests.services.certification import sign_contest
from apps.contests.services.scores import change_mark
from apps.core.softdelete.services import delete_object
from apps.core.tenancy import platform_scope
from apps.events.models import Event
from tests.factories.accounts import PASSWORD
from tests.integration.contests.arena import Arena, access_of, arena

pytestmark = pytest.mark.django_db(transaction=True)

DELAY = 15_000  # ms that a page may take on a busy machine
SIZES = ({"width": 360, "height": 740}, {"width": 1920, "height": 1080})

# Playwright keeps an event loop in this thread; the ORM is used between its calls, never inside.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def _on_the_platform() -> Iterator[None]:
    with platform_scope("a test"):
        yield


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    """A browser profile in which nothing may go wrong unseen: no script error, no refused resource."""
    found = browser.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    found.set_default_timeout(DELAY)
    problems: list[str] = []
    found.on("weberror", lambda error: problems.append(str(error.error)))
    found.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    yield found
    found.close()
    assert [line for line in problems if not EXPECTED.search(line)] == []


# What the browser itself writes when a request is refused or has no network, which these tests bring about.
EXPECTED = re.compile(r"Failed to load resource: (net::ERR_|the server responded with a status of 4(09|12))")


def enter(context: BrowserContext, person: User) -> Page:
    """Sign in on the pages' own form, by keyboard."""
    page = context.new_page()
    page.goto("/sign-in/")
    page.get_by_label("Email").focus()
    page.keyboard.type(person.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/$"), timeout=DELAY)
    return page


def card(found: Arena) -> str:
    return f"/judge/{found.seats[0].pk}/{found.entries[0].pk}/"


def marks(found: Arena) -> list[Decimal | None]:
    """Of the first seat for the first entry, in the criteria's order."""
    scores = Score.objects.filter(assignment=found.seats[0], entry=found.entries[0])
    given = {score.criterion_id: score.value for score in scores}
    return [given.get(criterion.pk) for criterion in found.criteria]


def look(page: Page, screenshots: Path, name: str) -> None:
    """On a phone and on a projector, light and dark: nothing sticks out, and axe-core finds nothing."""
    for size, scheme in product(SIZES, ("light", "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=screenshots / f"{name}-{size['width']}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, size)
        found = Axe().run(page)
        assert found.response["violations"] == [], found.generate_report()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_judge_marks_by_keyboard_and_nothing_typed_is_lost(context: BrowserContext, screenshots: Path) -> None:
    found = arena()
    page = enter(context, found.person(Role.JUDGE))
    page.goto("/judge/")
    look(page, screenshots, "seats")
    page.get_by_role("link", name=re.compile(found.category.name)).click()
    look(page, screenshots, "seat")
    page.goto(card(found))
    look(page, screenshots, "card")
    state = page.locator("#state")
    boxes = [page.get_by_role("spinbutton", name=criterion.name) for criterion in found.criteria]

    boxes[0].fill("7.5")
    boxes[0].press("Tab")
    expect(state).to_have_text("Kept here; not complete")
    page.reload()
    expect(boxes[0]).to_have_value("7.5")
    context.set_offline(True)
    boxes[1].fill("6")
    boxes[1].press("ArrowUp")
    boxes[1].press("Tab")
    expect(state).to_have_text("No network: kept here, will be sent")
    before = marks(found)
    context.set_offline(False)
    expect(state).to_have_text("Saved")

    assert before == [None, None]
    assert marks(found) == [Decimal("7.5"), Decimal("6.25")]


def test_a_refused_card_is_kept_and_not_sent_again_and_again(context: BrowserContext) -> None:
    found = arena()
    found.mark_all()
    page = enter(context, found.person(Role.JUDGE))
    page.goto(card(found))
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "PUT" else None)
    found.stand("locked")
    box = page.get_by_role("spinbutton", name=found.criteria[0].name)

    box.fill("9")
    box.press("Tab")
    expect(page.locator("#state")).to_contain_text("read-only")
    for _ in range(3):
        page.evaluate("dispatchEvent(new Event('online'))")
    page.goto("/judge/")
    page.goto(card(found))
    expect(box).to_have_value("9")
    expect(page.locator("#state")).to_contain_text("read-only")

    assert len(sent) == 2  # when it was typed, and when the card was opened
    assert marks(found)[0] == Decimal(5)


def test_what_two_people_saved_is_merged_and_what_both_changed_is_asked(
    context: BrowserContext, screenshots: Path
) -> None:
    found = arena()
    found.mark_all()
    page = enter(context, found.person(Role.JUDGE))
    page.goto(card(found))
    mine, theirs = (page.get_by_role("spinbutton", name=criterion.name) for criterion in found.criteria)
    mine_before, theirs_before = marks(found)
    assert (mine_before, theirs_before) == (Decimal(5), Decimal(5))

    _tally(found, 1, "8")
    mine.fill("9")
    mine.press("Tab")
    expect(page.locator("#state")).to_have_text("Saved")
    expect(theirs).to_have_value("8")
    assert marks(found) == [Decimal(9), Decimal(8)]

    _tally(found, 0, "4")
    mine.fill("6")
    mine.press("Tab")
    expect(page.locator("#clash")).to_contain_text("theirs 4.0000, yours 6")
    page.screenshot(path=screenshots / "clash.png", full_page=True)
    assert marks(found) == [Decimal(4), Decimal(8)]
    page.get_by_role("button", name="Keep mine").click()
    expect(page.locator("#state")).to_have_text("Saved")
    assert marks(found) == [Decimal(6), Decimal(8)]


def test_a_contest_goes_from_the_tally_room_to_the_public_board(context: BrowserContext, screenshots: Path) -> None:
    found = arena(visibility="public")
    Event.objects.filter(pk=found.contest.event_id).update(status="live")
    found.mark_all()
    page = enter(context, found.person(Role.TALLY_MASTER))
    page.goto(f"/tally/{found.contest.pk}/?statistics")
    look(page, screenshots, "tally")

    page.get_by_role("button", name="Lock the marks").click()
    expect(page.get_by_role("status")).to_contain_text("Locked")
    page.get_by_role("button", name="Sign this result").click()
    expect(page.get_by_role("status")).to_contain_text("Signed. Next: auditor.")
    for role in found.contest.sign_off[1:]:
        access = access_of(found, Role(role))
        sign_contest(contest_id=found.contest.pk, access=access, digest=read_sign_off(found.now()).digest)
    found.stand("published")
    page.goto(f"/boards/{found.contest.pk}/")
    expect(page.locator("tr[data-rank]")).to_have_count(3)
    expect(page.get_by_text("Certified result")).to_be_visible()
    look(page, screenshots, "board")
    page.goto(f"/boards/{found.contest.pk}/?screen")
    page.screenshot(path=screenshots / "board-screen.png", full_page=True)
    printed = page.pdf(path=screenshots / "board.pdf", format="A4")

    assert printed.startswith(b"%PDF-")


def test_the_bin_gives_back_what_was_deleted(context: BrowserContext, screenshots: Path) -> None:
    found = arena()
    event = Event.objects.get(pk=found.contest.event_id)
    delete_object(root=event)
    page = enter(context, found.person(Role.OWNER))
    page.get_by_role("link", name=re.compile("^Recycle bin")).click()
    look(page, screenshots, "bin")
    page.get_by_role("link", name=event.name).click()
    look(page, screenshots, "deletion")
    page.get_by_role("button", name="Restore").click()

    expect(page.get_by_role("status")).to_contain_text("is back")
    assert Event.objects.filter(pk=event.pk).exists()


def _tally(found: Arena, criterion: int, value: str) -> None:
    """The tally room corrects one of the judge's marks."""
    score = Score.objects.get(assignment=found.seats[0], entry=found.entries[0], criterion=found.criteria[criterion])
    tally = access_of(found, Role.TALLY_MASTER)
    change_mark(score_id=score.pk, access=tally, state="scored", value=Decimal(value), version=None)
