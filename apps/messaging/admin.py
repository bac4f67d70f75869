"""The outbox in the admin: what waits, what was given up, and the button that tries again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.decorators import display

from apps.core.each import do_each
from apps.core.operators import OperatorsRecordsAdmin
from apps.core.outbox.models import STATES, MessageState, OutboxMessage
from apps.core.softdelete.admin import access_of
from apps.messaging.selectors import visible_messages
from apps.messaging.services import replay_message

LABELS = {
    MessageState.WAITING.label: "info",
    MessageState.RETRYING.label: "warning",
    MessageState.PARKED.label: "danger",
    MessageState.PUBLISHED.label: "success",
}


class StateFilter(admin.SimpleListFilter):
    """By state."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in MessageState.choices]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(STATES[MessageState(chosen)]) if chosen in MessageState.values else queryset


@admin.register(OutboxMessage)
class OutboxMessageAdmin(OperatorsRecordsAdmin):
    """Messages, newest first."""

    list_display = ["type", "subject", "sequence", "badge", "attempts", "last_error", "created_at"]
    list_filter = [StateFilter]
    search_fields = ["type", "subject", "correlation_id"]
    ordering = ["-id"]
    actions = ["replay"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[OutboxMessage]:
        return visible_messages(access_of(request))

    @display(description="State", label=LABELS)  # type: ignore[untyped-decorator]
    def badge(self, message: OutboxMessage) -> str:
        """The state."""
        return str(message.state.label)

    @admin.action(description="Replay", permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: models.QuerySet[OutboxMessage]) -> None:
        """Hand dead letters to their consumers again."""
        actor_id = access_of(request).user_id
        do_each(
            request,
            queryset,
            lambda message: replay_message(message_id=message.pk, actor_id=actor_id),
            done="Messages that the relay tries again",
        )
