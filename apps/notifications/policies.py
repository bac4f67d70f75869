"""Which events an endpoint wants, and which mails people can do without: pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from apps.notifications.enums import ALWAYS_SENT

PATTERN = re.compile(r"(?:\*|[a-z][a-z0-9_]*)(?:\.(?:\*|[a-z][a-z0-9_]*))*")


def is_pattern(text: str) -> bool:
    """Whether a text is an event type, with `*` in place of any part: `contest.locked`, `contest.*`, `*`."""
    return PATTERN.fullmatch(text) is not None


def is_wanted(event_type: str, patterns: Sequence[str]) -> bool:
    """Whether an event's type is one of those that an endpoint wants."""
    return _reader(tuple(patterns)).fullmatch(event_type) is not None


@lru_cache(maxsize=4096)
def _reader(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """`*` stands for one part or more of a type, so that `dataset.*` means `dataset.version.created` too."""
    return re.compile("|".join(re.escape(pattern).replace(r"\*", ".+") for pattern in patterns) or r"(?!)")


def is_optional(topic: str) -> bool:
    """Whether people can switch the mails of a topic off."""
    return topic not in ALWAYS_SENT
