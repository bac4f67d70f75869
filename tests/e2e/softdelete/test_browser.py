"""A real browser: delete an event after seeing what goes with it, find it in the bin, look at it, restore it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import Organization
from apps.contests.models import Category, Contest, Contestant
from apps.core.tenancy import platform_scope
from apps.events.models import Event
from tests.factories.accounts import PASSWORD, OrganizationFactory, member
from tests.factories.events import EventFactory

pytestmark = pytest.mark.django_db(transaction=True)

DELAY = 15_000  # ms that a page may take on a busy machine


# Playwright keeps an event loop in this thread; the ORM is used between its calls, never inside.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture(autouse=True)
def _on_the_platform() -> Iterator[None]:
    with platform_scope("a test"):
        yield


@pytest.fixture
def house() -> Organization:
    organization: Organization = OrganizationFactory.create(name="Helsinki Skating Club")
    return organization


@pytest.fixture
def event(house: Organization) -> Event:
    """A small cup with people in it."""
    event: Event = EventFactory.create(organization=house, name="Winter cup", slug="winter-cup")
    contest = Contest.objects.create(organization=house, event=event, name="Ladies", slug="ladies")
    Category.objects.create(organization=house, contest=contest, name="Short program", slug="short")
    for number, name in enumerate(("Aino Virtanen", "Bertta Korhonen", "Cecilia Nieminen"), start=1):
        Contestant.objects.create(organization=house, contest=contest, number=number, name=name)
    return event


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, house: Organization) -> Iterator[Page]:
    """Signed in as the owner."""
    owner = member(house, full_name="Olivia Ahonen", email="olivia@example.org")
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1360, "height": 860})
    context.set_default_timeout(DELAY)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/admin/login/")
    page.fill("#id_username", owner.email)
    page.fill("#id_password", PASSWORD)
    page.click("button[type=submit]")
    expect(page).to_have_url(re.compile("/admin/$"), timeout=DELAY)
    yield page
    context.close()
    assert problems == []


def test_an_event_is_deleted_found_looked_at_and_restored(
    page: Page, event: Event, screenshots: Path, house: Organization
) -> None:
    page.goto(f"/admin/events/event/{event.pk}/delete/")
    preview = page.locator("#deletion-preview")
    expect(preview).to_contain_text(re.compile(r"contestants\s+3"))
    page.fill("#id_reason", "Called off")
    page.screenshot(path=screenshots / "delete.png", full_page=True)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Winter cup” was deleted.")).to_be_visible()
    page.screenshot(path=screenshots / "deleted.png")

    page.goto("/admin/events/event/?state=deleted")
    expect(page.locator("#result_list")).to_contain_text("Winter cup")
    page.screenshot(path=screenshots / "deleted-filter.png")

    page.goto("/admin/core/deletion/")
    expect(page.locator("#result_list")).to_contain_text("olivia@example.org")
    page.screenshot(path=screenshots / "bin.png")
    page.get_by_role("link", name="Winter cup").click()
    expect(page.locator("#deletion")).to_contain_text("Called off")
    page.locator("summary", has_text="contestants").click()
    expect(page.get_by_text("2 Bertta Korhonen")).to_be_visible()
    page.screenshot(path=screenshots / "deletion.png", full_page=True)

    EventFactory.create(organization=house, name="Spring cup", slug="winter-cup")
    page.locator("#deletion").get_by_role("link", name="Restore").click()
    expect(page.get_by_text("now belongs to “Spring cup”")).to_be_visible()
    page.screenshot(path=screenshots / "restore-conflict.png", full_page=True)
    page.locator("input[name^='change:']").fill("winter-cup-2")
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("“Winter cup” is back.")).to_be_visible()
    page.screenshot(path=screenshots / "restored.png")

    assert Event.objects.get(pk=event.pk).slug == "winter-cup-2"
    assert Contestant.objects.count() == 3


def test_history_forecast_and_purge_pages_can_be_used(page: Page, event: Event, screenshots: Path) -> None:
    page.goto(f"/admin/events/event/{event.pk}/history/")
    expect(page.locator("#history")).to_contain_text("Created")
    page.screenshot(path=screenshots / "history.png", full_page=True)

    page.goto(f"/admin/events/event/{event.pk}/delete/")
    page.get_by_role("button", name="Delete").click()
    page.goto("/admin/core/deletion/forecast/")
    expect(page.locator("#forecast")).to_contain_text("6")
    page.screenshot(path=screenshots / "forecast.png", full_page=True)

    page.goto("/admin/core/deletion/")
    page.get_by_role("link", name="Winter cup").click()
    page.get_by_role("button", name="Legal hold").click()
    expect(page.get_by_text("Under legal hold: nothing purges it.")).to_be_visible()
    page.get_by_role("button", name="End legal hold").click()
    page.locator("#deletion").get_by_role("link", name="Purge").click()
    page.fill("#id_label", "Winter cup")
    page.screenshot(path=screenshots / "purge.png", full_page=True)
    page.get_by_role("button", name="Purge for good").click()
    expect(page.get_by_text("“Winter cup” is being purged.")).to_be_visible()


def test_the_pages_fit_a_phone(page: Page, event: Event, screenshots: Path) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for number, path in enumerate((f"/admin/events/event/{event.pk}/delete/", "/admin/core/deletion/forecast/")):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.screenshot(path=screenshots / f"phone-{number}.png", full_page=True)
