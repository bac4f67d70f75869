"""Where an event may go from where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from apps.events.enums import EventStatus as S

NEXT: Mapping[S, tuple[S, ...]] = MappingProxyType(
    {
        S.DRAFT: (S.PUBLISHED, S.CANCELLED),
        S.PUBLISHED: (S.LIVE, S.CANCELLED),
        S.LIVE: (S.COMPLETED, S.CANCELLED),
        S.COMPLETED: (S.ARCHIVED,),
        S.ARCHIVED: (),
        S.CANCELLED: (),
    }
)


def may_go(source: S, target: S) -> bool:
    """Whether one step leads from `source` to `target`."""
    return target in NEXT[source]
