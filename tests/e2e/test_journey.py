"""The main job, from signing in to an undone delete, over HTTP and in a real browser, under one correlation ID."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.competition import NAME, write_competition
from tests.e2e.results import act, import_files, sign, signers
from tests.e2e.stack import EMAIL, PASSWORD, Stack

# On the Podium of a test that is alone: another one takes as long to start as both to run.
pytestmark = [pytest.mark.alone, pytest.mark.timeout(300)]

STORY = "journey-lakeside-1"


def _only(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["results"]
    return row


def sign_in(page: Page) -> None:
    """Sign in to the admin site."""
    page.goto("/admin/")
    page.fill("input[name=username]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page).to_have_url(re.compile(r"/admin/$"))


def _restore_in_the_browser(context: BrowserContext, deletion_id: str, screenshots: Path) -> list[str]:
    """Find the deletion in the recycle bin and restore it; answers what the console complained about."""
    complaints: list[str] = []
    page = context.new_page()
    page.set_extra_http_headers({"X-Correlation-ID": STORY})
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page)
    page.goto("/admin/core/deletion/")
    page.screenshot(path=screenshots / "recycle-bin.png")
    page.get_by_role("link", name=NAME).first.click()
    expect(page).to_have_url(re.compile(deletion_id))
    restore = page.locator("#main").get_by_role("link", name=re.compile("^restore", re.IGNORECASE))
    expect(restore).to_be_visible()
    page.screenshot(path=screenshots / "deletion.png")
    restore.click()
    confirm = page.get_by_role("button", name=re.compile("^restore", re.IGNORECASE))
    expect(confirm).to_be_visible()
    page.screenshot(path=screenshots / "restore.png")
    confirm.click()
    expect(page.get_by_text(f"“{NAME}” is back.")).to_be_visible()
    page.screenshot(path=screenshots / "restored.png")
    return complaints


def test_a_deleted_competition_comes_back_with_the_same_board_and_one_story(
    stack: Stack, page_context: BrowserContext, tmp_path: Path, screenshots: Path
) -> None:
    with stack.client(STORY) as client:
        job = import_files(client, write_competition(tmp_path))
        assert job["state"] == "succeeded", job
        event = _only(client.get("/api/v1/events/", params={"search": NAME}))
        contest = _only(client.get("/api/v1/contests/", params={"event": event["id"]}))
        before = _from_board_to_void(stack, client, contest, event)
        deletion_id = _delete(client, contest, event)

        complaints = _restore_in_the_browser(page_context, deletion_id, screenshots)
        after = client.get(f"/api/v1/contests/{contest['id']}/leaderboard/")
        deletion = client.get(f"/api/v1/deletions/{deletion_id}/").json()

    assert complaints == []
    assert after.content == before.content
    assert (job["correlation_id"], deletion["correlation_id"]) == (STORY, STORY)
    assert before.headers["X-Correlation-ID"] == STORY
    _one_story(stack)


def _from_board_to_void(
    stack: Stack, client: httpx.Client, contest: dict[str, Any], event: dict[str, Any]
) -> httpx.Response:
    """Certify, publish, be refused a delete, void; answers the board as it stands then."""
    here = f"/api/v1/contests/{contest['id']}/"
    assert contest["status"] == "locked"
    board = client.get(f"{here}leaderboard/").json()
    assert [row["rank"] for row in board["rows"]] == [1, 2, 3, 4, 5, 6]
    with signers(stack, client, here, STORY) as chain:
        assert sign(chain, here)["status"] == "certified"
    assert client.get(f"{here}certification/verify/").json()["holds"] is True
    assert act(client, f"{here}publish/")["status"] == "published"
    refused = client.delete(f"/api/v1/events/{event['id']}/")
    assert refused.status_code == 409, refused.text
    assert act(client, f"{here}void/", {"reason": "The draw has to be repeated."})["status"] == "locked"
    return client.get(f"{here}leaderboard/")


def _delete(client: httpx.Client, contest: dict[str, Any], event: dict[str, Any]) -> str:
    """Delete the event and see it gone everywhere; answers the deletion's id."""
    deleted = client.delete(f"/api/v1/events/{event['id']}/")
    assert deleted.status_code == 204, deleted.text
    deletion_id = deleted.headers["X-Deletion-ID"]
    assert deleted.headers["Link"] == f'</api/v1/deletions/{deletion_id}/restore/>; rel="undo"'
    assert client.get(f"/api/v1/events/{event['id']}/").status_code == 404
    assert client.get("/api/v1/events/", params={"search": NAME}).json()["results"] == []
    assert client.get("/api/v1/contests/", params={"search": contest["name"]}).json()["results"] == []
    assert client.get(f"/api/v1/contests/{contest['id']}/leaderboard/").status_code == 404
    return str(deletion_id)


def _one_story(stack: Stack) -> None:
    """Every line that web and worker logged for these requests and their tasks carries the story's ID."""
    records = [r for r in stack.records() if r["process"] in {"web", "worker"}]
    told = [position for position, record in enumerate(records) if record.get("correlation_id") == STORY]
    lines = records[told[0] : told[-1] + 1]

    # Nobody else uses this Podium: a line between the first and the last one that lacks the ID has lost it.
    assert [r for r in lines if r.get("correlation_id") != STORY or not r.get("request_id")] == []
    assert {r["process"] for r in lines} == {"web", "worker"}
    requests = [r for r in lines if r["event"] == "request"]
    assert {r["route"] for r in requests} >= {
        "v1:accounts:login",
        "v1:operations:import-list",
        "admin:core_deletion_restore",
    }
    tasks = [r["event"] for r in lines if r["process"] == "worker" and "task" in r]
    assert tasks[0] == "task started"
    assert tasks[-1] == "task done"
