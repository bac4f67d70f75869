"""Rules as JSON, and fields that are given once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.contests.models import Contestant
from apps.contests.policies import sees_names
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.rule import ScoringRule
from apps.core.access import Access, Capability
from apps.core.rest.permissions import access_of
from apps.core.rest.serializers import PodiumModelSerializer, with_values

Rule = Mapping[str, Any]


class _RuleField(serializers.JSONField):
    """A rule as a whole: what is left out has its default, what is unknown or contradicts itself is refused."""

    read: Callable[[Rule], dict[str, object]]

    def to_internal_value(self, data: Any) -> dict[str, object]:
        data = super().to_internal_value(data)
        if not isinstance(data, Mapping):
            raise serializers.ValidationError("A rule is an object.", code="not_an_object")
        try:
            return type(self).read(data)
        except InvalidRule as error:
            raise serializers.ValidationError(
                {
                    found.pointer.removeprefix("#/"): [serializers.ErrorDetail(found.detail, found.code)]
                    for found in error.errors
                }
            ) from error

    def to_representation(self, value: Any) -> Any:
        """With all of its defaults; a rule that no longer can be read, as it is stored."""
        try:
            return type(self).read(value)
        except InvalidRule:
            return value


def _scoring_rule(data: Rule) -> dict[str, object]:
    return ScoringRule.from_dict(data).to_dict()


def _contest_rule(data: Rule) -> dict[str, object]:
    return ContestRule.from_dict(data).to_dict()


@extend_schema_field({"type": "object", "additionalProperties": True, "examples": [ScoringRule().to_dict()]})
class ScoringRuleField(_RuleField):
    """The rule of a category; see docs/scoring.md."""

    read = staticmethod(_scoring_rule)


@extend_schema_field({"type": "object", "additionalProperties": True, "examples": [ContestRule().to_dict()]})
class ContestRuleField(_RuleField):
    """The rule of a contest; see docs/scoring.md."""

    read = staticmethod(_contest_rule)


class PartSerializer(PodiumModelSerializer):
    """A part of a contest. `create_only` fields say where it belongs: given once, then only repeated."""

    create_only: ClassVar[tuple[str, ...]] = ()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            return attrs
        moved = {}
        for name in self.create_only:
            source = str(self.fields[name].source)
            if source in attrs and attrs.pop(source) != getattr(self.instance, source):
                moved[name] = [serializers.ErrorDetail("This can't change; make a new one instead.", "create_only")]
        if moved:
            raise serializers.ValidationError(moved)
        return attrs

    @property
    def access(self) -> Access | None:
        """Who reads."""
        request = self.context.get("request")
        return access_of(request) if request else None


class PersonSerializer(PartSerializer):
    """Somebody with an address, which is for organizers only."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        hidden: dict[str, Any] = {}
        if self.access is None or not self.access.allows(Capability.ORGANIZE):
            hidden["email"] = None
        if isinstance(instance, Contestant) and not self._names_are_shown(instance):
            hidden |= {"name": None, "affiliation": None, "members": []}
        return with_values(super().to_representation(instance), hidden)

    def _names_are_shown(self, contestant: Contestant) -> bool:
        return self.access is not None and sees_names(self.access, contestant.contest)
