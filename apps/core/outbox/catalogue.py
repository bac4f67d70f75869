"""The catalogue of events: what can be told, with its meaning and the shape of its `data`.

Each app declares its own (`messages.py`) and registers them with the hook `event_types` in `AppConfig.ready`.
Documents are made from the catalogue. Where `OUTBOX_CHECKED` is on (development, tests), `emit()` holds each event
to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from jsonschema import Draft202012Validator

from apps.core.hooks import Hook

EXAMPLE_ID = "0198c1d2-7f4e-7d3a-9a51-5a0c2e1f4b6d"


@dataclass(frozen=True, slots=True)
class Field:
    """One member of an event's `data`: its JSON Schema and an example."""

    schema: Mapping[str, object]
    example: object
    required: bool = True


def identifier(meaning: str, *, nullable: bool = False) -> Field:
    """The id of a row."""
    kind: str | list[str] = ["string", "null"] if nullable else "string"
    return Field({"type": kind, "format": "uuid", "description": meaning}, EXAMPLE_ID)


def identifiers(meaning: str) -> Field:
    """The ids of some rows."""
    one = {"type": "string", "format": "uuid"}
    return Field({"type": "array", "items": one, "description": meaning}, [EXAMPLE_ID])


def text(meaning: str, example: str, *, required: bool = True) -> Field:
    """Any text."""
    return Field({"type": "string", "description": meaning}, example, required)


def one_of(meaning: str, choices: Sequence[str], *, required: bool = True) -> Field:
    """One of a few words; the first is the example."""
    return Field({"type": "string", "enum": list(choices), "description": meaning}, choices[0], required)


def whole(meaning: str, example: int) -> Field:
    """A count: a whole number, zero or more."""
    return Field({"type": "integer", "minimum": 0, "description": meaning}, example)


def yes_or_no(meaning: str) -> Field:
    """True or false."""
    return Field({"type": "boolean", "description": meaning}, True)


def counts(meaning: str, example: Mapping[str, int]) -> Field:
    """Counts by name."""
    return Field(
        {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "description": meaning},
        dict(example),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One type of event.

    Args:
        name: such as `contest.locked`.
        app: the label of the app that tells it.
        meaning: what has happened, in a sentence.
        subject: a template over `data`, such as `contest/{id}`; events of one subject are told in order.
        of_platform: it belongs to no organization.
        shape: the name of its data's schema in documents, where several types have one.
    """

    name: str
    app: str
    meaning: str
    subject: str
    data: Mapping[str, Field]
    of_platform: bool = False
    shape: str = ""

    @property
    def shape_name(self) -> str:
        """The name of its data's schema in documents."""
        return self.shape or re.sub(r"(?:^|[._])([a-z])", lambda found: found[1].upper(), self.name) + "Data"

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of `data`. Members may be added later; receivers pass over what they don't know."""
        return {
            "type": "object",
            "properties": {name: dict(field.schema) for name, field in self.data.items()},
            "required": [name for name, field in self.data.items() if field.required],
        }

    @property
    def example(self) -> dict[str, Any]:
        """An example of `data`."""
        return {name: field.example for name, field in self.data.items()}

    def subject_of(self, data: Mapping[str, object]) -> str:
        """The subject of an event with this data."""
        return self.subject.format(**data)


event_types: Hook[[], Sequence[EventType]] = Hook(
    "event_types", "The types of events that an app tells. Asked once, when all models are loaded."
)


class Told(Protocol):
    """What can be held against the catalogue."""

    @property
    def type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def organization_id(self) -> object: ...
    @property
    def data(self) -> Mapping[str, object]: ...


class NotInCatalogue(ValueError):
    """An event that the catalogue does not describe, or not like this: a programming error."""


@cache
def catalogue() -> Mapping[str, EventType]:
    """Every type of event by its name.

    Raises:
        ValueError: two apps declare one name.
    """
    found: dict[str, EventType] = {}
    for types in event_types():
        for one in types:
            if one.name in found:
                raise ValueError(f"{one.name} is declared twice, by {found[one.name].app} and {one.app}.")
            found[one.name] = one
    return found


def require_described(event: Told) -> None:
    """Refuse what is not told as the catalogue says.

    Raises:
        NotInCatalogue: with what is wrong.
    """
    described = catalogue().get(event.type)
    if described is None:
        raise NotInCatalogue(f"{event.type} is not in the catalogue of events: its app's messages.py.")
    problems = [error.message for error in _validator(event.type).iter_errors(dict(event.data))]
    if not problems and event.subject != described.subject_of(event.data):
        problems.append(f"its subject is {event.subject}, and not {described.subject_of(event.data)}")
    if described.of_platform and event.organization_id is not None:
        problems.append("it is of the platform, and of no organization")
    if problems:
        raise NotInCatalogue(f"{event.type}: {'; '.join(problems)}")


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = catalogue()[name].schema | {"additionalProperties": False}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
