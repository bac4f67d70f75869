"""From score sheets to a certified result, over the API, as the people of the demo do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from apps.operations.services.demo_cast import PEOPLE
from tests.e2e.stack import Stack, wait_until

FINISHED = {"succeeded", "failed", "cancelled"}


def act(client: httpx.Client, path: str, body: dict[str, object] | None = None, **more: Any) -> dict[str, Any]:
    """Post, and be answered that it is done."""
    answer = client.post(path, json=body or {}, **more)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()  # type: ignore[no-any-return]


def import_files(client: httpx.Client, paths: Iterable[Path]) -> dict[str, Any]:
    """Upload the three files and wait for the job; the job as it ended."""
    files = {path.stem.replace("-", "_"): (path.name, path.read_bytes()) for path in paths}
    accepted = client.post("/api/v1/imports/", files=files)
    assert accepted.status_code == 202, accepted.text
    location = accepted.headers["Location"]

    def finished() -> dict[str, Any] | None:
        job = client.get(location).json()
        return job if job["state"] in FINISHED else None

    job: dict[str, Any] = wait_until(finished, limit=120, what="the end of the import")
    return job


@contextmanager
def signers(stack: Stack, owner: httpx.Client, contest: str, story: str) -> Iterator[dict[str, httpx.Client]]:
    """Clients of those who sign a contest (`/api/v1/contests/<id>/`), by role."""
    steps = owner.get(f"{contest}sign-off/").json()["steps"]
    with ExitStack() as exits:
        people = {role: next(one for one in PEOPLE if one.role == role) for role in (step["role"] for step in steps)}
        yield {role: exits.enter_context(stack.client(story, person.email)) for role, person in people.items()}


def sign(chain: Mapping[str, httpx.Client], contest: str) -> dict[str, Any]:
    """Every signature, each by who has the role; the sign-off as the last one left it."""
    sign_off: dict[str, Any] = {}
    for signer in chain.values():
        digest = signer.get(f"{contest}sign-off/").json()["digest"]
        sign_off = act(signer, f"{contest}sign/", {"digest": digest})
    return sign_off
