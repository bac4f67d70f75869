"""Every `POST` of the API, sent twice under one key: the second changes nothing and is answered as the first was."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import UploadedFile

from tests.integration.core.authorisation import ANONYMOUS, is_for
from tests.integration.core.calls import call_of, status_of
from tests.integration.core.database import changed, contents
from tests.integration.core.house import House
from tests.integration.core.requests import body_of, send
from tests.routes import Operation, operations

# It ends every session, the one that would send it again too.
ENDS_THE_SESSION = "POST accounts:password"
POSTS = [o for o in operations() if o.method == "POST" and not is_for(ANONYMOUS, o) and str(o) != ENDS_THE_SESSION]
# Of this answer; all else is about the request, or the state of the caller's rate limit.
ABOUT_THE_ANSWER = ("Content-Type", "ETag", "Location", "Link", "Cache-Control", "Allow", "Vary")


def rewound(body: Any) -> Any:
    """The body once more, its files from their beginning."""
    for value in body.values() if isinstance(body, dict) else ():
        if isinstance(value, UploadedFile):
            value.seek(0)
    return body


@pytest.mark.usefixtures("media")
@pytest.mark.parametrize("operation", POSTS, ids=str)
def test_a_request_that_is_sent_again_is_done_once(operation: Operation, alice: House) -> None:
    call_of(operation).prepare(alice)
    client, body = alice.client_for(operation), body_of(operation, alice)

    first = send(client, operation, alice, body=body, HTTP_IDEMPOTENCY_KEY="again")
    before = contents()
    second = send(client, operation, alice, body=rewound(body), HTTP_IDEMPOTENCY_KEY="again")

    assert first.status_code == status_of(operation), first.content
    assert (second.status_code, second.content) == (first.status_code, first.content)
    assert [second.headers.get(name) for name in ABOUT_THE_ANSWER] == [
        first.headers.get(name) for name in ABOUT_THE_ANSWER
    ]
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert changed(before) == []


def test_every_route_has_a_name_of_its_own() -> None:
    """A key is looked up by it."""
    paths: dict[str, set[str]] = {}
    for operation in operations():
        paths.setdefault(operation.route.name, set()).add(operation.route.path)

    assert {name: found for name, found in paths.items() if len(found) > 1} == {}
