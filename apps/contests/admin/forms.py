"""The forms of contests in the admin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.accounts.selectors import members_of
from apps.contests.models import Category, Contest, Criterion, Judge, Score
from apps.contests.models.structure import usual_sign_off
from apps.contests.policies import SIGNING_ROLES, mark_faults
from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.errors import InvalidRule
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.rule import ScoringRule
from apps.core.softdelete.editing import VersionedForm
from apps.core.tenancy import current_organization_id

RULE = "What is left out has its default; docs/scoring.md describes each field."

Rule = Mapping[str, Any]


class PlainForm(VersionedForm):
    """Shows decimals as people write them: 0.5, not 0.5000."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.initial.items():
            if isinstance(value, Decimal):
                self.initial[name] = canonical(value)


class RuleField(forms.JSONField):
    """A rule, shown with all of its defaults and one field a line."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 20, "class": "font-mono", "spellcheck": "false"})

    def __init__(self, read: Callable[[Rule], dict[str, object]], **kwargs: Any) -> None:
        super().__init__(required=False, help_text=RULE, **kwargs)
        self.read = read

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return super().prepare_value(value)
        with suppress(InvalidRule):  # one that can't be read is shown as it is stored, to be mended
            value = self.read(value)
        return json.dumps(value, indent=2, ensure_ascii=False)

    def clean(self, value: Any) -> dict[str, object]:
        found = super().clean(value)
        if found is not None and not isinstance(found, dict):
            raise ValidationError("A rule is an object.")
        try:
            return self.read(found or {})
        except InvalidRule as error:
            raise ValidationError(
                [f"{fault.pointer.removeprefix('#/')}: {fault.detail}" for fault in error.errors]
            ) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.read(initial or {}) != self.clean(data)
        except (InvalidRule, ValidationError):
            return True


class SignOffField(forms.Field):
    """Roles in their order, as a line of text; an empty one stands for the usual roles."""

    def __init__(self, **kwargs: Any) -> None:
        roles = ", ".join(SIGNING_ROLES)
        text = f"Who signs the result, in this order, each a different person. There are: {roles}."
        super().__init__(required=False, widget=UnfoldAdminTextInputWidget, help_text=text, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        roles = [role.strip() for role in str(value or "").split(",") if role.strip()]
        unknown = [role for role in roles if role not in SIGNING_ROLES]
        if unknown:
            raise ValidationError(f"No role that signs: {', '.join(unknown)}.")
        return roles or usual_sign_off()

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class ContestForm(PlainForm):
    """A contest, the rule of its winner list, and who signs that."""

    rule = RuleField(lambda data: ContestRule.from_dict(data).to_dict())
    sign_off = SignOffField()

    class Meta:
        model = Contest
        fields = ["name", "slug", "description", "position", "visibility", "blind", "rule", "sign_off", "erratum"]


class CategoryForm(PlainForm):
    """A category and its scoring rule."""

    rule = RuleField(lambda data: ScoringRule.from_dict(data).to_dict())

    class Meta:
        model = Category
        fields = ["name", "slug", "position", "weight", "rule"]


class CriterionForm(PlainForm):
    """A criterion, whose scale goes up in steps."""

    class Meta:
        model = Criterion
        fields = ["name", "position", "minimum", "maximum", "step", "factor"]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        minimum, maximum, step = (values.get(name) for name in ("minimum", "maximum", "step"))
        if minimum is not None and maximum is not None and maximum <= minimum:
            self.add_error("maximum", "The scale's maximum is above its minimum.")
        if step is not None and step <= 0:
            self.add_error("step", "The scale's step is above zero.")
        return values


class JudgeForm(PlainForm):
    """A judge; who signs in is a member of the same organization."""

    class Meta:
        model = Judge
        fields = ["name", "affiliation", "email", "qualifications", "user"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "user" in self.fields:
            here = self.instance.organization_id or current_organization_id()
            ids = members_of(here).values("user")
            self.fields["user"].queryset = self.fields["user"].queryset.filter(pk__in=ids)  # type: ignore[attr-defined]


class ScoreForm(PlainForm):
    """A mark on its criterion's scale."""

    class Meta:
        model = Score
        fields = ["state", "value"]

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            for fault in mark_faults(self.instance.criterion, values["state"], values["value"]):
                self.add_error(fault.pointer, fault.detail)
        return values


class StepForm(forms.Form):
    """The confirmation of a step, for the version that was looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class SigningForm(StepForm):
    """A signature over the result that was looked at."""

    digest = forms.CharField(widget=forms.HiddenInput)


class ReasonedStepForm(StepForm):
    """One that needs a reason, which is kept for good."""

    reason = forms.CharField(
        max_length=1000, widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}), help_text="Kept for good."
    )
