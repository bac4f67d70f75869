"""An operator forces a circuit open in a real browser; a running worker refuses within a second."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.stack import EMAIL, PASSWORD, ROOT, Stack, wait_until

pytestmark = [pytest.mark.alone, pytest.mark.timeout(240)]

ASK = """
import json, sys, time
from celery import current_app

while True:
    asked = time.time()
    passes = current_app.send_task("resilience.lets_through", ["email"]).get(timeout=30, interval=0.02)
    print(json.dumps([asked, passes]), flush=True)
"""


@contextmanager
def asking_a_worker(stack: Stack, answers: Path) -> Iterator[Path]:
    """Ask a worker over and over; one line for each answer, `[asked at, let through]`."""
    with answers.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", ASK],
            cwd=ROOT,
            env=stack.environment,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield answers
        finally:
            process.kill()
            process.wait()


def answers_in(path: Path) -> list[tuple[float, bool]]:
    lines = [line for line in path.read_text().splitlines() if line.startswith("[") and line.endswith("]")]
    return [(asked, passes) for asked, passes in map(json.loads, lines)]


def sign_in(page: Page) -> None:
    page.goto("/admin/")
    page.fill("input[name=username]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")


def press(page: Page, action: str, reason: str, button: str) -> float:
    """Press a circuit's button, give the reason; when it was done."""
    row = page.locator('tr[data-circuit="email"]')
    row.get_by_role("link", name=action).click()
    page.fill("input[name=reason]", reason)
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/circuits/")
    return time.time()


def test_a_breaker_forced_open_in_the_admin_is_refused_by_a_running_worker(
    stack: Stack, page_context: BrowserContext, screenshots: Path, tmp_path: Path
) -> None:
    stack.manage(
        "shell",
        "-c",
        f"from apps.accounts.models import User; User.objects.filter(email='{EMAIL}').update(is_staff=True)",
    )
    page = page_context.new_page()
    sign_in(page)
    page.goto("/admin/resilience/servicepolicy/circuits/")
    state = page.locator('tr[data-circuit="email"]')
    expect(state).to_have_attribute("data-state", "closed")

    with asking_a_worker(stack, tmp_path / "answers") as answers:
        wait_until(lambda: any(passes for _, passes in answers_in(answers)), limit=60, what="a worker's answer")
        forced_at = press(page, "Force open", "An exercise", "Force open")
        expect(state).to_have_attribute("data-state", "open")
        page.screenshot(path=screenshots / "circuits-forced-open.png", full_page=True)
        wait_until(lambda: answers_in(answers)[-1][0] > forced_at + 2, limit=30, what="later answers")
        reset_at = press(page, "Reset", "Over", "Do it")
        expect(state).to_have_attribute("data-state", "closed")
        wait_until(lambda: answers_in(answers)[-1][0] > reset_at + 2, limit=30, what="later answers")
        told = answers_in(answers)

    while_forced = [passes for asked, passes in told if forced_at + 1 < asked < reset_at - 1]
    afterwards = [passes for asked, passes in told if asked > reset_at + 1]
    first_refusal = next(asked for asked, passes in told if asked > forced_at - 1 and not passes)
    print(f"\nthe worker refused {first_refusal - forced_at:.3f} s after the operator's page had answered")
    assert while_forced
    assert not any(while_forced)
    assert afterwards
    assert all(afterwards)

    page.goto("/admin/resilience/circuittransition/")
    for cause in ("An exercise", "Over"):
        expect(page.get_by_text(cause).first).to_be_visible()
    page.screenshot(path=screenshots / "circuits-history.png", full_page=True)
