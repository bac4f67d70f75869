"""What resilience keeps in the database: operators' overrides, and the history of every circuit."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from apps.core import clock
from apps.core.access import Capability
from apps.core.ids import new_id
from apps.core.softdelete.base import SoftDeletedModel
from apps.core.softdelete.fields import unique_live


class ModeChoice(models.TextChoices):
    """`apps.resilience.config.Mode` for people."""

    ENFORCE = "enforce", "Enforce"
    MONITOR = "monitor", "Monitor: count and report, refuse nothing"
    DISABLED = "disabled", "Disabled: neither count nor refuse"
    FORCED_OPEN = "forced_open", "Forced open: refuse every call"


class StateChoice(models.TextChoices):
    """`apps.resilience.config.State` for people."""

    CLOSED = "closed", "Closed"
    OPEN = "open", "Open"
    HALF_OPEN = "half_open", "Half-open"


def _count(meaning: str) -> models.PositiveIntegerField[int | None, int | None]:
    return models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)], help_text=meaning)


def _seconds(meaning: str) -> models.FloatField[float | None, float | None]:
    return models.FloatField(null=True, blank=True, validators=[MinValueValidator(0.1)], help_text=meaning)


class ServicePolicy(SoftDeletedModel):
    """Numbers and mode of one circuit that replace the settings while everything runs.

    An empty number leaves the settings' one; deleting the row falls back to the settings altogether. The rows are
    mirrored to the shared store, from which every process has them within a second.
    """

    deletion_capability = Capability.OPERATE

    service = models.CharField(max_length=100, help_text="A service of the settings, or `webhook` for all endpoints.")
    mode = models.CharField(max_length=20, choices=ModeChoice, default=ModeChoice.ENFORCE)
    failure_threshold = _count("Failures within the window that open it.")
    failure_rate = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(1.0)],
        help_text="Or: this share of the calls failed.",
    )
    volume_threshold = _count("Calls within the window before either is judged.")
    failure_window = _seconds("Length of the window in seconds.")
    recovery_timeout = _seconds("Seconds open before the first probe.")
    success_threshold = _count("Successful probes that close it.")
    half_open_max_calls = _count("Probes at a time, over the whole cluster.")
    slow_call_duration = _seconds("Seconds from which a call counts as failed.")
    reason = models.CharField(max_length=500, help_text="Why; shown on the breakers page and in the history.")

    impersonal_fields: ClassVar[tuple[str, ...]] = ("service", "reason")

    class Meta:
        verbose_name = "service policy"
        verbose_name_plural = "service policies"
        ordering = ("service",)
        constraints = [
            unique_live("service", name="resilience_one_policy_a_service"),
            models.CheckConstraint(condition=Q(mode__in=ModeChoice.values), name="resilience_policy_mode_known"),
        ]

    def __str__(self) -> str:
        return self.service


class CircuitTransition(models.Model):
    """One change of a circuit: a transition of its state, or an operator's action (`action` is then set).

    Append-only. `scope` is `process` where the store was away: then each process that changed wrote a row.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    circuit_name = models.CharField(max_length=100, editable=False)
    source = models.CharField(max_length=10, choices=StateChoice, editable=False)
    target = models.CharField(max_length=10, choices=StateChoice, editable=False)
    generation = models.PositiveBigIntegerField(editable=False)
    cause = models.CharField(max_length=600, editable=False)
    failure_count = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    scope = models.CharField(max_length=10, editable=False)
    action = models.CharField(max_length=20, blank=True, editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    occurred_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name = "circuit transition"
        ordering = ("-occurred_at", "-id")
        indexes = [
            # the history of one circuit, newest first
            models.Index(fields=["circuit_name", "-occurred_at", "-id"], name="resilience_transition_history"),
        ]

    def __str__(self) -> str:
        return f"{self.circuit_name}: {self.source} → {self.target}"
