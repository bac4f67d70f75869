"""docs/events.md: what there is to subscribe to, for people."""

from __future__ import annotations

from apps.core.outbox.catalogue import EventType
from apps.messaging.documents.envelope import documented

INTRODUCTION = """\
# Events

What happens in Podium is written down in the transaction that makes it happen, and told afterwards: at least once,
each with an id of its own, and numbered within its subject. How: [messaging.md](messaging.md).

- `type` says what has happened. New types and new members of `data` may come; pass over what you don't know.
- `subject` says to what. Its messages have a `sequence`: 1, 2, 3… in the order in which things happened. Deliveries
  that are tried again overtake each other; receivers order by `sequence`, or keep what has the highest.
- `data` has ids and figures, and no personal data. Ask the API for more.
- Subscriptions are patterns: `contest.*`, `*.deleted`, `contest.published`.
- Events of the platform, marked with ●, belong to no organization and are for its operators; no webhook carries them.

Machines read [api/openapi.yaml](api/openapi.yaml) (`webhooks`) and [api/asyncapi.yaml](api/asyncapi.yaml).
This page is made by `manage.py event_documents docs`; a test compares it with the code.
"""
DELETIONS = """
## Deletions

Each kind of row that can be deleted has three: to the recycle bin, back, and gone for good. The subject is the row,
`data` has {members}.

| row | types |
|---|---|
"""


def markdown() -> str:
    """The text of the page."""
    types = documented()
    deletions = [one for one in types if one.shape == "DeletionData"]
    lines = [INTRODUCTION]
    app = ""
    for one in sorted((one for one in types if one not in deletions), key=lambda one: (one.app, one.name)):
        if one.app != app:
            app = one.app
            lines.append(
                f"\n## {app.capitalize()}\n\n| type | what has happened | subject | data |\n|---|---|---|---|\n"
            )
        mark = " ●" if one.of_platform else ""
        lines.append(f"| `{one.name}`{mark} | {one.meaning} | `{one.subject}` | {_members(one)} |\n")
    lines.append(DELETIONS.format(members=_members(deletions[0])))
    for row in sorted({one.name.rpartition(".")[0] for one in deletions}):
        mark = " ●" if any(one.of_platform for one in deletions if one.name.startswith(f"{row}.")) else ""
        lines.append(f"| {row}{mark} | `{row}.deleted`, `{row}.restored`, `{row}.purged` |\n")
    return "".join(lines)


def _members(one: EventType) -> str:
    return ", ".join(f"`{name}`" for name in one.data)
