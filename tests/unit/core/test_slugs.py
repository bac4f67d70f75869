"""Slugs made from names, and time zones by name."""

from __future__ import annotations

import re

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from apps.core.slugs import MAX_LENGTH, slug_candidates
from apps.core.timezones import validate_timezone


def test_a_name_becomes_a_slug_and_then_numbered_ones() -> None:
    candidates = slug_candidates("Winter Cup 2026!", fallback="event")
    assert [next(candidates) for _ in range(3)] == ["winter-cup-2026", "winter-cup-2026-2", "winter-cup-2026-3"]


def test_the_last_resort_is_one_that_nobody_has() -> None:
    first, second = (list(slug_candidates("Cup", fallback="event"))[-1] for _ in range(2))
    assert re.fullmatch(r"cup-[0-9a-f]{12}", first)
    assert first != second


@given(st.text(max_size=300))
def test_whatever_the_name_every_candidate_is_a_slug_that_fits(name: str) -> None:
    candidates = list(slug_candidates(name, fallback="event"))
    assert [c for c in candidates if len(c) > MAX_LENGTH or not re.fullmatch(r"[-a-zA-Z0-9_]+", c)] == []
    assert len(set(candidates)) == len(candidates)


@pytest.mark.parametrize("name", ["UTC", "Europe/Helsinki", "America/Argentina/Buenos_Aires"])
def test_a_time_zone_that_exists_passes(name: str) -> None:
    validate_timezone(name)


@pytest.mark.parametrize("name", ["", "utc+2", "Europe/Atlantis", "../../etc/passwd", "europe/helsinki", "localtime"])
def test_one_that_does_not_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="not an IANA time zone"):
        validate_timezone(name)
