"""Signatures that the standard's own library verifies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.notifications.services.webhooks.signing import new_secret, secrets_in_force, sign

BODY = '{"type":"contest.locked","data":{"name":"Zoë"}}'.encode()


def headers(*secrets: str, message_id: str = "msg-1", body: bytes = BODY, age: float = 0.0) -> dict[str, str]:
    moment = int(datetime.now(UTC).timestamp() - age)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign(secrets, message_id=message_id, timestamp=moment, body=body),
    }


def test_the_library_verifies_and_reads_the_body() -> None:
    secret = new_secret()

    assert Webhook(secret).verify(BODY, headers(secret)) == {"type": "contest.locked", "data": {"name": "Zoë"}}


@given(st.text().map(lambda text: text.encode("utf-8", "ignore")), st.uuids())
def test_any_body_under_any_id_verifies(body: bytes, key: object) -> None:
    secret = new_secret()

    Webhook(secret).verify(body, headers(secret, message_id=str(key), body=body), json_parse=False)


def test_a_message_is_signed_alike_whatever_was_signed_before() -> None:
    secret = new_secret()
    first = headers(secret)
    Webhook(secret).verify(BODY.decode(), headers(secret, message_id="msg-2"))

    assert sign([secret], message_id="msg-1", timestamp=1, body=BODY) == sign(
        [secret], message_id="msg-1", timestamp=1, body=BODY
    )
    Webhook(secret).verify(BODY.decode(), first)


def test_while_a_secret_is_rotated_either_verifies() -> None:
    old, new = new_secret(), new_secret()
    sent = headers(new, old)

    assert len(sent["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(BODY, sent)


@pytest.mark.parametrize("change", ["byte", "id", "secret", "old", "future"])
def test_what_was_changed_fails(change: str) -> None:
    secret = new_secret()
    sent = headers(secret, age={"old": 301, "future": -310}.get(change, 0))
    body = BODY.replace(b"locked", b"Locked") if change == "byte" else BODY
    if change == "id":
        sent["webhook-id"] = "msg-2"
    known = new_secret() if change == "secret" else secret

    with pytest.raises(WebhookVerificationError):
        Webhook(known).verify(body, sent)


def test_a_secret_signs_until_it_expires() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    entries = [
        {"secret": "newest", "expires_at": None},
        {"secret": "still", "expires_at": (now + timedelta(seconds=1)).isoformat()},
        {"secret": "over", "expires_at": now.isoformat()},
    ]

    assert secrets_in_force(entries, now) == ["newest", "still"]
