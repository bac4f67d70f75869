"""Token buckets, retry budget, bulkhead, adaptive limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.resilience.adaptive import AdaptiveLimit
from apps.resilience.buckets import RetryBudget, TokenBucket
from apps.resilience.bulkhead import Bulkhead
from apps.resilience.errors import BulkheadFull
from apps.resilience.store import StoreAwayError
from tests.unit.resilience.hands import Hands


def test_a_bucket_says_how_long_to_wait_and_takes_nothing_meanwhile() -> None:
    hands = Hands()
    bucket = TokenBucket(capacity=2, per_second=0.5, clock=hands)
    assert [bucket.take(), bucket.take(), bucket.take(), bucket.take()] == [0.0, 0.0, 2.0, 2.0]
    hands.go_on(2)
    assert bucket.take() == 0.0


@given(steps=st.lists(st.tuples(st.floats(0, 5), st.integers(0, 20)), max_size=50))
def test_a_bucket_never_lets_more_out_than_came_in(steps: list[tuple[float, int]]) -> None:
    hands = Hands()
    begin = hands()
    bucket = TokenBucket(capacity=3, per_second=2, clock=hands)
    taken = 0
    for seconds, wanted in steps:
        hands.go_on(seconds)
        taken += sum(bucket.take() == 0.0 for _ in range(wanted))
        assert taken <= 3 + 2 * (hands() - begin) + 1e-6


def test_retries_are_at_most_a_tenth_of_the_calls_beyond_the_reserve() -> None:
    budget = RetryBudget(clock=Hands())
    retries = 0
    for _ in range(1000):
        budget.earn()
        retries += sum(budget.spend() for _ in range(2))
    assert retries == pytest.approx(10 + 100, abs=1)


def test_a_quiet_service_may_retry_again_after_a_while() -> None:
    hands = Hands()
    budget = RetryBudget(clock=hands)
    assert sum(budget.spend() for _ in range(20)) == 10
    hands.go_on(30)
    assert sum(budget.spend() for _ in range(20)) == 3


def test_one_call_too_many_is_refused_at_once() -> None:
    bulkhead = Bulkhead("ai", limit=2)
    places = [bulkhead.enter(), bulkhead.enter()]
    with pytest.raises(BulkheadFull) as caught:
        bulkhead.enter()
    assert (caught.value.service, caught.value.retry_after, bulkhead.in_use) == ("ai", 1.0, 2)
    bulkhead.leave(places[0], failed=False)
    bulkhead.enter()


class Slots:
    limit = 1

    def __init__(self, answer: bool | Exception) -> None:
        self.answer = answer

    def take(self, _lease: str) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def give_back(self, _lease: str) -> None:
        return None


def test_a_full_cluster_refuses_and_keeps_no_place() -> None:
    bulkhead = Bulkhead("ai", limit=2, cluster=Slots(answer=False))  # type: ignore[arg-type]
    with pytest.raises(BulkheadFull):
        bulkhead.enter()
    assert bulkhead.in_use == 0


def test_with_the_store_away_the_process_limit_holds() -> None:
    bulkhead = Bulkhead("ai", limit=1, cluster=Slots(StoreAwayError()))  # type: ignore[arg-type]
    bulkhead.enter()
    with pytest.raises(BulkheadFull):
        bulkhead.enter()


def test_the_adaptive_limit_widens_while_calls_are_quick() -> None:
    limit = AdaptiveLimit(start=4, largest=20)
    for _ in range(200):
        limit.observe(0.1, failed=False, in_use=limit.limit)
    assert limit.limit == 20


def test_the_adaptive_limit_shrinks_once_for_one_slow_round() -> None:
    limit = AdaptiveLimit(start=20)
    limit.observe(0.1, failed=False, in_use=1)
    for _ in range(10):
        limit.observe(0.5, failed=False, in_use=10)
    assert limit.limit == 18


def test_the_adaptive_limit_never_closes_and_forgets_a_best_that_is_gone() -> None:
    limit = AdaptiveLimit(start=8, smallest=2)
    limit.observe(0.1, failed=False, in_use=1)
    for _ in range(2000):
        limit.observe(1.0, failed=True, in_use=1)
    assert limit.limit == 2
    for _ in range(5000):
        limit.observe(1.0, failed=False, in_use=limit.limit)
    assert limit.limit > 2


def test_an_idle_service_does_not_widen_its_limit() -> None:
    limit = AdaptiveLimit(start=8)
    for _ in range(100):
        limit.observe(0.1, failed=False, in_use=1)
    assert limit.limit == 8


def test_small_calls_are_never_slow() -> None:
    limit = AdaptiveLimit(start=8)
    for seconds in (0.0001, 0.05, 0.0001, 0.09):
        limit.observe(seconds, failed=False, in_use=1)
    assert limit.limit == 8
