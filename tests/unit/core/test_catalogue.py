"""The catalogue of events, and what it refuses."""

from __future__ import annotations

import re

import pytest
from jsonschema import Draft202012Validator

from apps.core.outbox.catalogue import (
    EXAMPLE_ID,
    EventType,
    NotInCatalogue,
    catalogue,
    event_types,
    identifier,
    require_described,
)
from apps.core.outbox.services import DomainEvent

TYPES = sorted(catalogue().values(), key=lambda one: one.name)
LOCKED = DomainEvent(
    "contest.locked",
    f"contest/{EXAMPLE_ID}",
    None,
    {"id": EXAMPLE_ID, "event": EXAMPLE_ID, "status": "locked"},
)


def _name(one: EventType) -> str:
    return one.name


def changed(**data: object) -> DomainEvent:
    return DomainEvent(LOCKED.type, LOCKED.subject, None, {**LOCKED.data, **data})


@pytest.mark.parametrize("one", TYPES, ids=_name)
def test_a_type_has_a_name_a_sentence_and_an_example_that_is_one(one: EventType) -> None:
    Draft202012Validator.check_schema(one.schema)

    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+){1,2}", one.name)
    assert re.fullmatch(r"[A-Z].*\.", one.meaning)
    require_described(DomainEvent(one.name, one.subject_of(one.example), None, one.example))


def test_what_is_told_as_described_is_taken() -> None:
    require_described(LOCKED)


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (DomainEvent("contest.exploded", "contest/1", None), "contest.exploded is not in the catalogue of events"),
        (changed(id="7"), "contest.locked: '7' is not a 'uuid'"),
        (changed(name="Ladies"), "contest.locked: Additional properties are not allowed ('name' was unexpected)"),
        (changed(status="gone"), "contest.locked: 'gone' is not one of"),
        (
            DomainEvent(LOCKED.type, "contest/1", None, LOCKED.data),
            f"contest.locked: its subject is contest/1, and not contest/{EXAMPLE_ID}",
        ),
        (
            DomainEvent("user.password_changed", f"user/{EXAMPLE_ID}", "an organization", {"user_id": EXAMPLE_ID}),
            "user.password_changed: it is of the platform, and of no organization",
        ),
        (
            DomainEvent(LOCKED.type, LOCKED.subject, None, {"id": EXAMPLE_ID, "event": EXAMPLE_ID}),
            "contest.locked: 'status' is a required property",
        ),
    ],
    ids=["unknown", "no id", "undeclared", "no choice", "subject", "platform", "missing"],
)
def test_what_is_told_otherwise_is_refused(event: DomainEvent, wrong: str) -> None:
    with pytest.raises(NotInCatalogue) as refused:
        require_described(event)
    assert str(refused.value).startswith(wrong)


def test_a_name_is_declared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    twin = EventType(name="a.b", app="core", meaning="Twice.", subject="a/{id}", data={"id": identifier("A.")})
    monkeypatch.setattr(event_types, "_functions", [lambda: [twin], lambda: [twin]])
    catalogue.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"a\.b is declared twice"):
            catalogue()
    finally:
        monkeypatch.undo()
        catalogue.cache_clear()
