"""What happens arrives: from a score sheet to somebody's webhook and mail, whatever dies on the way.

One Podium of its own, one real receiver, one real SMTP server, and one organization whose endpoint wants to know
everything. With the real competitions beside the repository they are what is imported, else an invented one.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from tests.e2e.competition import write_competition
from tests.e2e.results import act, import_files, sign, signers
from tests.e2e.stack import EMAIL, ROOT, Stack, running_stack, wait_until
from tests.e2e.webhooks.inbox import Inbox
from tests.post_office import PostOffice, post_office
from tests.receiver import Arrival, Receiver, receiving

REAL = ROOT.parent / "shared" / "data" / "isu"
FILES = ("performances.csv", "judged-aspects.csv", "judge-scores.csv")
STORY = "results-of-the-day"
PUBLICATIONS = 200
KILLS = ("relay", "sender", "worker", "relay", "sender", "worker")
READS = 60
LIMIT = 120.0
VARIABLES = {"WEBHOOK_TIMEOUT": "5", "WEBHOOK_RETRY_SCHEDULE": ",".join(["0", "1", *["2"] * 60])}
# So that a circuit opens and closes while a test looks.
IMPATIENT = """
from apps.resilience.services import set_policy
set_policy(service="webhook", reason="A test looks", actor_id=None, recovery_timeout=1.0, success_threshold=1)
"""

pytestmark = pytest.mark.timeout(900)


class Door(Inbox):
    """Takes messages, or cuts every connection off while it is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_shut = False
        self.refused = 0

    async def __call__(self, arrival: Arrival) -> web.StreamResponse:
        if self.is_shut:
            self.refused += 1
            arrival.reset()
        else:
            self.take(arrival)
        return web.Response()


@dataclass
class Scene:
    """A Podium whose results are published, and who listens."""

    stack: Stack
    owner: httpx.Client
    browser: httpx.Client
    door: Door
    post: PostOffice
    endpoint: str
    published: dict[str, str]
    """Of each subject that was published, the answer's correlation ID."""

    def every(self, resource: str, **filters: str) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        found: list[dict[str, Any]] = []
        page = self.owner.get(f"/api/v1/{resource}/", params={"page_size": "100", **filters})
        while True:
            assert page.status_code == 200, page.text
            found += page.json()["results"]
            if not page.json()["next"]:
                return found
            page = self.owner.get(page.json()["next"])

    def deliveries(self, **filters: str) -> list[dict[str, Any]]:
        """Every delivery."""
        return self.every("webhook-deliveries", **filters)

    def told(self, kind: str) -> dict[str, list[Arrival]]:
        """What the receiver has handled of one type, by subject."""
        found: dict[str, list[Arrival]] = defaultdict(list)
        for arrival in list(self.door.handled.values()):
            if arrival.json["type"] == kind:
                found[arrival.json["subject"]].append(arrival)
        return found

    def mails(self) -> list[dict[str, Any]]:
        """The rows of what the owner is told by mail of published results."""
        return self.every("emails", kind="result_published", recipient=EMAIL)

    def circuit(self) -> str:
        """The state of the endpoint's circuit, as the API tells it."""
        circuits = self.owner.get("/api/v1/resilience/circuit-breakers/").json()
        return str(circuits.get(f"webhook:{self.endpoint}", {}).get("state", "unknown"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Import, certify, publish, all under one correlation ID."""
    with ExitStack() as exits:
        door = Door()
        receiver: Receiver = exits.enter_context(receiving())
        receiver.answering = door
        post = exits.enter_context(post_office())
        home = tmp_path_factory.mktemp("messages")
        stack = exits.enter_context(running_stack(home, SMTP_URL=post.url, **VARIABLES))
        stack.manage("shell", "-c", IMPATIENT)
        owner = exits.enter_context(stack.client(STORY))
        wanted = owner.patch("/api/v1/mail-switches/", json={"results": True})
        assert wanted.status_code == 200, wanted.text
        made = act(owner, "/api/v1/webhook-endpoints/", {"target_url": receiver.url})
        door.secret = made["secret"]
        job = import_files(owner, sheets(tmp_path_factory.mktemp("sheets")))
        assert job["state"] == "succeeded", job
        contests = [contest for contest in every_contest(owner) if contest["status"] == "locked"]
        published = {}
        show_to_everybody(owner, contests[0])
        paths = [f"/api/v1/contests/{contest['id']}/" for contest in contests]
        chain = exits.enter_context(signers(stack, owner, paths[0], STORY))
        for contest, path in zip(contests, paths, strict=True):
            assert sign(chain, path)["status"] == "certified"
            answer = owner.post(f"{path}publish/")
            assert (answer.status_code, answer.json()["status"]) == (200, "published")
            published[f"contest/{contest['id']}"] = answer.headers["X-Correlation-ID"]
        yield Scene(stack, owner, exits.enter_context(stack.browser()), door, post, made["id"], published)


def sheets(folder: Path) -> Sequence[Path]:
    """The real competitions where they are at hand."""
    return [REAL / name for name in FILES] if REAL.is_dir() else write_competition(folder)


def show_to_everybody(owner: httpx.Client, contest: dict[str, Any]) -> None:
    """Make a contest's board public."""
    visibility = {"visibility": "public", "version": contest["version"]}
    changed = owner.patch(f"/api/v1/contests/{contest['id']}/", json=visibility)
    assert changed.status_code == 200, changed.text


def every_contest(owner: httpx.Client) -> list[dict[str, Any]]:
    """All that the owner sees: they fit on a page."""
    answer = owner.get("/api/v1/contests/", params={"page_size": "100"}).json()
    assert answer["next"] is None
    contests: list[dict[str, Any]] = answer["results"]
    return contests


def test_one_id_tells_the_story_from_the_request_to_the_receiver(scene: Scene) -> None:
    wait_until(lambda: scene.published.keys() <= published_subjects(scene), limit=LIMIT, what="the results")
    subject, (arrival,) = next(iter(scene.told("contest.published").items()))
    wait_until(lambda: scene.deliveries(message=arrival.message_id)[0]["state"] == "delivered", what="the row")
    (delivery,) = scene.deliveries(message=arrival.message_id)
    page = scene.browser.get(f"/admin/notifications/webhookdelivery/{delivery['id']}/change/").text
    sent = wait_until(lambda: scene.stack.lines("webhook sent", webhook_id=arrival.message_id), what="the log line")

    assert scene.published[subject] == STORY  # the answer's header
    assert arrival.headers["x-correlation-id"] == STORY
    assert (delivery["correlation_id"], delivery["subject"], delivery["state"]) == (STORY, subject, "delivered")
    assert [(line["process"], line["correlation_id"], line["state"]) for line in sent] == [
        ("sender", STORY, "delivered")
    ]
    requests = scene.stack.lines("request", route="v1:contests:contest-publish")
    assert {(line["process"], line["correlation_id"]) for line in requests} == {("web", STORY)}
    assert STORY in page
    assert arrival.message_id in page
    assert scene.door.complaints == []


def test_each_result_comes_by_mail_too_and_tells_the_same_story(scene: Scene) -> None:
    wait_until(lambda: {row["state"] for row in scene.mails()} == {"sent"}, limit=LIMIT, what="the last mail")
    rows, results = scene.mails(), scene.told("contest.published")
    subjects = {row["subject"] for row in rows}
    letters = [one for one in scene.post.delivered if one.recipient == EMAIL and one.message["Subject"] in subjects]

    assert sorted(row["message"] for row in rows) == sorted(one.message_id for (one,) in results.values())
    assert {row["correlation_id"] for row in rows} == {STORY}
    assert {str(letter.message["X-Correlation-ID"]) for letter in letters} == {STORY}
    assert len({letter.message_id for letter in letters}) == len(rows)
    page = scene.browser.get(f"/admin/notifications/emailmessage/{rows[0]['id']}/change/").text
    assert STORY in page


def test_a_receiver_that_was_away_and_kills_in_the_middle_lose_nothing_and_double_nothing(scene: Scene) -> None:
    door, kills = scene.door, list(KILLS)
    left = PUBLICATIONS - len(scene.published)
    publish(scene, left // 3, kills[:3])

    door.is_shut = True
    publish(scene, left // 3, kills[3:5])
    wait_until(lambda: scene.circuit() == "open", limit=LIMIT, what="an open circuit")
    waiting = scene.deliveries(state="pending")
    deferred = [delivery for delivery in waiting if delivery["attempts"] == 0]
    answers = read_everything(scene)
    refused = door.refused
    door.is_shut = False

    publish(scene, left - 2 * (left // 3), kills[5:])
    wait_until(lambda: scene.published.keys() <= published_subjects(scene), limit=LIMIT, what="every publication")
    wait_until(lambda: not scene.deliveries(state="pending"), limit=LIMIT, what="the end of every delivery")
    assert scene.circuit() == "closed"
    deliveries = scene.deliveries()
    print_figures(scene, waiting=len(waiting), deferred=len(deferred), refused=refused, answers=answers)

    # While nobody listened: most was deferred and cost no attempt, and nobody else noticed.
    assert answers == {200: READS}
    assert len(deferred) > len(waiting) // 2
    assert refused < len(waiting)
    # In the end: everything is there, and nothing twice under another id.
    assert door.complaints == []
    assert Counter(delivery["state"] for delivery in deliveries) == {"delivered": len(deliveries)}
    assert sorted(delivery["message"] for delivery in deliveries) == sorted(door.handled)
    arrivals = scene.told("contest.published") | scene.told("event.published")
    assert {len(found) for found in arrivals.values()} == {1}
    assert {subject: arrivals[subject][0].headers["x-correlation-id"] for subject in scene.published} == (
        scene.published
    )
    assert len(scene.published) == PUBLICATIONS
    for sequences in sequences_by_subject(door).values():
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))


def publish(scene: Scene, number: int, kills: list[str]) -> None:
    """Set up and publish so many events, each under an ID of its own, while processes are killed.

    An event is published as a result is: by a service that tells of it in its transaction.
    """
    every = number // (len(kills) + 1)
    for place in range(1, number + 1):
        story = {"X-Correlation-ID": f"publication-{len(scene.published)}"}
        event = act(scene.owner, "/api/v1/events/", {"name": f"Evening {len(scene.published)}"}, headers=story)
        answer = scene.owner.post(f"/api/v1/events/{event['id']}/publish/", headers=story)
        assert answer.status_code == 200, answer.text
        scene.published[f"event/{event['id']}"] = answer.headers["X-Correlation-ID"]
        if kills and place % every == 0:
            scene.stack.kill(kills.pop(0))


def read_everything(scene: Scene) -> Counter[int]:
    """The board, as a page and as data, and a list, over and over: how they were answered."""
    contest = next(subject for subject in scene.published if subject.startswith("contest/")).removeprefix("contest/")
    reads = (
        (scene.browser, f"/boards/{contest}/"),
        (scene.owner, f"/api/v1/contests/{contest}/leaderboard/"),
        (scene.owner, "/api/v1/events/"),
    )
    turns = (reads[turn % len(reads)] for turn in range(READS))
    return Counter(client.get(path).status_code for client, path in turns)


def published_subjects(scene: Scene) -> set[str]:
    """Of what the receiver was told that it is published."""
    return set(scene.told("contest.published")) | set(scene.told("event.published"))


def sequences_by_subject(door: Door) -> dict[str, list[int]]:
    """The `sequence`s that have come, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for message in door.messages():
        found[message["subject"]].append(message["sequence"])
    return {subject: sorted(sequences) for subject, sequences in found.items()}


def print_figures(scene: Scene, **figures: object) -> None:
    """For whoever reads the run."""
    own = {
        "publications": len(scene.published),
        "messages": len(scene.door.handled),
        "kills": list(KILLS),
        "repeats_that_the_receiver_passed_over": scene.door.repeats,
    }
    print(f"\nmessages: {json.dumps(own | figures)}")
