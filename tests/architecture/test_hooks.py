"""Upward calls: every hook that core and its neighbours declare, and who answers."""

from __future__ import annotations

from apps.core.hooks import Hook


def test_every_hook_is_answered_or_known_to_be_silent() -> None:
    answered = {
        name: sorted({function.__module__.split(".")[1] for function in hook}) for name, hook in Hook.registry.items()
    }

    assert answered["resolve_access"] == ["accounts"]
    assert all(hook.meaning for hook in Hook.registry.values())
    assert sorted(answered) == sorted(EXPECTED)
    assert answered == EXPECTED


# Hook → the apps that register a function, in alphabetical order. An empty list: nobody needs it so far.
EXPECTED: dict[str, list[str]] = {
    "api_resources": [
        "accounts",
        "contests",
        "core",
        "datasets",
        "events",
        "messaging",
        "notifications",
        "operations",
        "resilience",
    ],
    "circuit_changed": ["messaging"],
    "erasing": ["accounts", "notifications"],
    "event_types": ["accounts", "contests", "core", "datasets", "events", "messaging", "notifications"],
    "job_finished": ["contests"],
    "mails_about": ["contests", "notifications"],
    "may_delete": ["accounts", "contests"],
    "may_purge": ["contests"],
    "may_restore": ["accounts", "contests"],
    "messages_published": ["notifications"],
    "resolve_access": ["accounts"],
    "restore_effects": ["contests"],
    "retention_days": ["accounts"],
    "rows_deleted": ["accounts", "contests", "notifications", "resilience"],
    "rows_purging": ["datasets"],
    "rows_restoring": ["contests", "resilience"],
}
