"""Keys that sign tokens."""

from __future__ import annotations

from typing import Any

import pytest

from apps.accounts.checks import signing_key_is_long_enough


@pytest.mark.parametrize(("key", "ids"), [("x" * 32, []), ("ü" * 16, []), ("x" * 31, ["accounts.E001"])])
def test_a_short_key_stops_the_start(settings: Any, key: str, ids: list[str]) -> None:
    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "SIGNING_KEY": key}
    assert [message.id for message in signing_key_is_long_enough(None)] == ids


def test_without_a_key_of_its_own_the_secret_key_counts(settings: Any) -> None:
    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "SIGNING_KEY": ""}
    settings.SECRET_KEY = "short"
    assert [message.id for message in signing_key_is_long_enough(None)] == ["accounts.E001"]
