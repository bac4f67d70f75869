"""What a process has loaded is not looked at again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from apps.core.heap import MANY, settle_heap


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """As it was before."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Ring:
    def __init__(self) -> None:
        self.self = self


def test_what_is_there_is_set_aside_and_what_comes_later_is_still_collected() -> None:
    before = len(gc.get_objects())
    settle_heap()
    assert gc.get_freeze_count() >= before // 2
    assert len(gc.get_objects()) < before // 10
    assert gc.get_threshold()[0] == MANY

    Ring()
    assert gc.collect() > 0


def test_garbage_is_gone_before_it_could_be_kept_for_good() -> None:
    gc.disable()
    try:
        for _ in range(1000):
            Ring()
        settle_heap()
    finally:
        gc.enable()
    gc.unfreeze()
    assert [thing for thing in gc.get_objects() if type(thing) is Ring] == []
