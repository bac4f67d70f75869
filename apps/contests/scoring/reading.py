"""Reading a rule from JSON-able data: every field that is wrong is named, not only the first."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.rounding import number_fault
from apps.core.errors import FieldError

Choice = TypeVar("Choice", bound=StrEnum)


class RuleReader:
    """Takes fields out of a mapping one by one and collects what is wrong with them.

    A field that is not there gets its default. A field that is there and wrong gets its default too, so that
    reading goes on; `finish` then raises, also for fields that nobody asked for.
    """

    def __init__(self, data: Mapping[str, object], *, pointer: str = "#") -> None:
        self._data = data
        self._pointer = pointer
        self._asked: set[str] = set()
        self.errors: list[FieldError] = []

    def choice(self, name: str, default: Choice) -> Choice:
        value = self._take(name, default)
        choices = [str(member) for member in type(default)]
        if value in choices:
            return type(default)(str(value))
        return self._refuse(name, f"must be one of {', '.join(choices)}", default)

    def integer(self, name: str, default: int) -> int:
        value = self._take(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        return self._refuse(name, "must be a whole number", default)

    def boolean(self, name: str, default: bool) -> bool:
        value = self._take(name, default)
        return value if isinstance(value, bool) else self._refuse(name, "must be true or false", default)

    def text(self, name: str) -> str | None:
        value = self._take(name, None)
        if value is None or (isinstance(value, str) and value):
            return value
        return self._refuse(name, "must be a text that is not empty, or null", None)

    def decimal(self, name: str) -> Decimal | None:
        """A number written as a string, or a whole number: JSON's fractions are read as binary floats."""
        value = self._take(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            return self._refuse(name, 'must be a decimal number written as a string ("0.25"), or null', None)
        try:
            number = Decimal(value)
        except InvalidOperation:
            return self._refuse(name, f"'{value}' is not a number", None)
        fault = number_fault(number)
        return self._refuse(name, fault, None) if fault else number

    def items(self, name: str) -> tuple[RuleReader, ...]:
        """One reader for each object in a list."""
        value = self._take(name, [])
        if not isinstance(value, (list, tuple)):
            return self._refuse(name, "must be a list", ())
        readers = []
        for position, item in enumerate(value):
            if isinstance(item, Mapping):
                readers.append(RuleReader(item, pointer=f"{self._pointer}/{name}/{position}"))
            else:
                self._refuse(f"{name}/{position}", "must be an object", None)
        return tuple(readers)

    def finish(self) -> list[FieldError]:
        """All errors so far, and one for each field that nobody asked for."""
        unknown = sorted(str(name) for name in self._data if name not in self._asked)
        return self.errors + [
            FieldError(f"{self._pointer}/{name}", "unknown", "there is no such field") for name in unknown
        ]

    def _take(self, name: str, default: object) -> object:
        self._asked.add(name)
        return self._data.get(name, default)

    def _refuse(self, name: str, sentence: str, default: Refused) -> Refused:
        self.errors.append(FieldError(f"{self._pointer}/{name}", "invalid", sentence))
        return default


Refused = TypeVar("Refused")


def refuse_rule(errors: list[FieldError]) -> None:
    """Raise InvalidRule where there is an error."""
    if errors:
        fields = ", ".join(error.pointer.removeprefix("#/") for error in errors)
        raise InvalidRule(f"The rule can't be applied; see {fields}.", errors=errors)
