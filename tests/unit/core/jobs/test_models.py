"""What a job's row says of itself."""

from __future__ import annotations

import pytest

from apps.core.jobs.models import FINISHED, UNFINISHED, Job, JobState


@pytest.mark.parametrize(
    ("progress", "total", "percent"),
    [(0, None, None), (5, None, None), (0, 10, 0), (3, 9, 33), (10, 10, 100), (11, 10, 100), (0, 0, None)],
)
def test_progress_in_percent_is_never_above_a_hundred(progress: int, total: int | None, percent: int | None) -> None:
    assert Job(progress=progress, total=total).percent == percent


def test_a_state_is_either_finished_or_not() -> None:
    assert sorted([*FINISHED, *UNFINISHED]) == sorted(JobState)
    assert [state for state in JobState if Job(state=state).is_finished] == list(FINISHED)
