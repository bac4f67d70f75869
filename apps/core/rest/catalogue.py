"""Every `code` that a problem document can have, gathered from the error classes: what docs/api/errors.md lists."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass

import apps
from apps.core.errors import PodiumError
from apps.core.rest.problems import CODES, TYPE_BASE, status_of_class

# Rooms without errors of their own, some of which do things when they are imported.
NOT_IMPORTED = ("migrations", "management", "admin", "__main__")

INTRODUCTION = """\
# Errors

Every error of the API is a problem document ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), sent as
`application/problem+json`:

```json
{
  "type": "https://podium.dev/problems/stale-version",
  "title": "Somebody else changed it first",
  "status": 412,
  "detail": "Version 1 is no longer the current one; that is 2. Read it again.",
  "instance": "/api/v1/events/0198c1d2-7f4e-7d3a-9a51-5a0c2e1f4b6d/",
  "code": "STALE_VERSION",
  "request_id": "0198c1d2-8a10-7c44-b0f5-0d9e6c1b2a3f",
  "correlation_id": "0198c1d2-8a10-7c44-b0f5-0d9e6c1b2a3f",
  "errors": [],
  "current_version": 2
}
```

- `code` is stable: decide by it. `title` and `detail` are sentences for people, and may change.
- `errors` has one entry for each thing that is wrong. `pointer` is a JSON pointer into the body (`#/starts_at`), or
  names a query parameter (`?ordering`), a header (`If-Match`), or a row of a file by its line (`#/rows/12`).
- Some codes bring members of their own: `allowed`, `conflicts`, `current_version`, `limit`…
- 429, 503 and 504 say in `Retry-After` how many seconds to wait. 401 says in `WWW-Authenticate` how to sign in.
- Another organization's row, a deleted one and one that never was look the same: 404.
- Ask about an error with its `correlation_id`: every log line of the request has it.

This page is made by `manage.py error_codes`; a test compares it with the code.
"""


# What no class of ours stands for: the framework's own refusals.
FRAMEWORKS = {
    405: "The address is right and the method is not; `Allow` names those that are.",
    406: "`Accept` names no format or version that is offered; `supported` names the versions.",
    415: "The body's `Content-Type` is not one that is understood here.",
    500: "A fault of ours; it was logged under the `correlation_id`.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One code. `title` and `meaning` are those of the first class that has it."""

    code: str
    status: int
    title: str
    meaning: str


def error_codes() -> list[Entry]:
    """Every code with its status, by status and then by name."""
    found = {
        (code, status): Entry(code, status, title, FRAMEWORKS.get(status, ""))
        for status, (code, title) in CODES.items()
    }
    for kind in _error_classes():
        key = (kind.code, status_of_class(kind))
        known = found.get(key)
        if known is None or not known.meaning:
            found[key] = Entry(*key, kind.title, _meaning(kind))
    return sorted(found.values(), key=lambda entry: (entry.status, entry.code))


def markdown() -> str:
    """The text of docs/api/errors.md."""
    lines = [INTRODUCTION]
    status = 0
    for entry in error_codes():
        if entry.status != status:
            status = entry.status
            lines.append(f"\n## {status}\n\n| code | title | meaning |\n|---|---|---|\n")
        lines.append(f"| `{entry.code}` | {entry.title} | {entry.meaning} |\n")
    lines.append(f"\nThe `type` of a problem is `{TYPE_BASE}` and the code in lower case with dashes.\n")
    return "".join(lines)


def _meaning(kind: type[PodiumError]) -> str:
    paragraph = (inspect.getdoc(kind) or "").split("\n\n")[0]
    text = re.sub(r" HTTP \d{3}\.$", "", " ".join(paragraph.split()))
    return text.replace("|", "\\|")


def _error_classes() -> Iterator[type[PodiumError]]:
    """The error classes of all apps, families first."""
    for module in pkgutil.walk_packages(apps.__path__, "apps."):
        if not set(module.name.split(".")) & set(NOT_IMPORTED):
            importlib.import_module(module.name)
    waiting: list[type[PodiumError]] = [PodiumError]
    while waiting:
        kind = waiting.pop(0)
        if kind is not PodiumError and kind.__module__.startswith("apps."):
            yield kind
        waiting += kind.__subclasses__()
