"""Editing a row in the admin: nobody overwrites what they have not seen, and what is not there is not found."""

from __future__ import annotations

from typing import Any, NoReturn

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin

VERSION = "version_read"


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Says which version it was made from. One that is older than the row is refused, and keeps what was typed."""

    version_read = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._is_change():
            self.initial[VERSION] = self.instance.version

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self._is_change() and values.get(VERSION) != self.instance.version:
            raise ValidationError(
                "Somebody else changed this after you opened it, and nothing of yours was saved. "
                "Open it again to see what it says now.",
                code="stale",
            )
        return values

    def _is_change(self) -> bool:
        return not self.instance._state.adding


class FoundAdmin(ModelAdmin):  # type: ignore[misc]
    """Another organization's row, or one that is not there, is a 404 as everywhere."""

    def found(self, request: HttpRequest, object_id: str) -> Any:
        """The row, for those who may see it.

        Raises:
            Http404: it is not there for this caller.
        """
        row = self.get_object(request, object_id)
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id) if row is None else row

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> NoReturn:
        """Django's own name for what happens then; it would lead to the front page with a message."""
        del request
        raise Http404(f"There is no {opts.verbose_name} {object_id}, or none that you may see.")
