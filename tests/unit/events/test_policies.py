"""Where events go."""

from __future__ import annotations

from apps.events.enums import EventStatus as S
from apps.events.policies import NEXT, may_go


def test_the_way_of_an_event_is_the_one_in_the_design() -> None:
    steps = {(source, target) for source in S for target in S if may_go(source, target)}
    assert steps == {
        (S.DRAFT, S.PUBLISHED),
        (S.PUBLISHED, S.LIVE),
        (S.LIVE, S.COMPLETED),
        (S.COMPLETED, S.ARCHIVED),
        (S.DRAFT, S.CANCELLED),
        (S.PUBLISHED, S.CANCELLED),
        (S.LIVE, S.CANCELLED),
    }


def test_no_way_leads_back() -> None:
    def after(status: S) -> set[S]:
        return set(NEXT[status]).union(*(after(following) for following in NEXT[status]))

    assert [status for status in S if status in after(status)] == []
    assert after(S.DRAFT) == set(S) - {S.DRAFT}
