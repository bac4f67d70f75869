"""Standard competition ranking (1, 2, 2, 4) with tie-breakers, of any relation that has a merit.

The `keys` of a competitor are an array that starts as its merit and grows by two numbers a tie-breaker: whether it
has a value, and the value. Arrays compare item by item, so one `rank()` over the finished ones gives the places, and
where a prefix's group is larger than that of the next prefix, the tie-breaker in between has split it.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.contests.scoring.ranking import BEAT, DRAW

KEYS_A_TIE = 2


@dataclass(frozen=True, slots=True)
class Tie:
    """One tie-breaker of a ranked relation, which its expressions call `base`.

    `value` is SQL for the number that it compares (NULL: none), `name` for how the result reports it, `joins` for
    what the value needs beside `base`. `head_to_head` is the condition under which a competitor `a` gets
    `victories.points` counted; empty where nobody does.
    """

    value: str
    name: str
    joins: str = ""
    head_to_head: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """What is ranked.

    `source` is a relation with `id`, `scope` (who competes with whom) and `merit` (an array of `merit_size` numbers;
    NULL: not ranked). `ballots` is a relation with `id`, `seat_id` and `total`. The places end up in a relation
    `result`: `id`, `place`, `shared`, `decided_by`.
    """

    source: str
    merit_size: int
    ballots: str
    result: str

    @property
    def medians(self) -> str:
        """The relation of `median_steps`."""
        return f"{self.result}_median"


def median_steps(ranked: Ranked) -> list[str]:
    """The median of each competitor's ballots: `id`, `median`."""
    return [
        f"""{ranked.result}_ballot AS (
    SELECT id, total, row_number() OVER (PARTITION BY id ORDER BY total) AS place,
        count(*) OVER (PARTITION BY id) AS n
    FROM {ranked.ballots} WHERE total IS NOT NULL
)""",
        f"""{ranked.medians} AS (
    SELECT id, sum(total) * CASE WHEN mod(min(n), 2) = 0 THEN 0.5 ELSE 1 END AS median
    FROM {ranked.result}_ballot WHERE place IN ((n + 1) / 2, (n + 2) / 2)
    GROUP BY id
)""",
    ]


def ranking_steps(ranked: Ranked, ties: list[Tie]) -> list[str]:
    """The steps from the source to `ranked.result`."""
    stage = f"{ranked.result}_keyed"
    steps = [
        f"{stage} AS (SELECT id, scope, merit AS keys FROM {ranked.source} WHERE merit IS NOT NULL)",
    ]
    for place, tie in enumerate(ties):
        before, stage = stage, f"{ranked.result}_tie_{place}"
        if tie.head_to_head:
            steps.append(_victories(ranked, before, stage, tie))
        steps.append(_stage(ranked, before, stage, tie))
    return [*steps, places_step(ranked, stage, ties)]


def _stage(ranked: Ranked, before: str, stage: str, tie: Tie) -> str:
    victories = f"LEFT JOIN {stage}_victories victories ON victories.id = before.id" if tie.head_to_head else ""
    return f"""{stage} AS (
    SELECT before.id, before.scope,
        before.keys || ARRAY[(tie.value IS NOT NULL)::int::numeric, coalesce(tie.value, 0)] AS keys
    FROM {before} before JOIN {ranked.source} base USING (id) {tie.joins} {victories}
    CROSS JOIN LATERAL (SELECT {tie.value} AS value) tie
)"""


def _victories(ranked: Ranked, before: str, stage: str, tie: Tie) -> str:
    """Copeland's method among those who are still tied: who has no say on one of the two prefers neither."""
    return f"""{stage}_victories AS (
    SELECT id, sum(CASE WHEN lead > 0 THEN {BEAT} WHEN lead = 0 THEN {DRAW} ELSE 0 END) AS points
    FROM (
        SELECT a.id, coalesce(sum(sign(mine.total - theirs.total)), 0) AS lead
        FROM {before} a
        JOIN {ranked.source} base ON base.id = a.id AND {tie.head_to_head}
        JOIN {before} b ON b.scope = a.scope AND b.keys = a.keys AND b.id <> a.id
        LEFT JOIN {ranked.ballots} mine ON mine.id = a.id
        LEFT JOIN {ranked.ballots} theirs ON theirs.id = b.id AND theirs.seat_id = mine.seat_id
        GROUP BY a.id, b.id
    ) duel
    GROUP BY id
)"""


def places_step(ranked: Ranked, stage: str, ties: list[Tie], *, ahead: str = "0") -> str:
    """The places by the finished keys of a relation `stage`, which holds each group of equals whole.

    Args:
        ahead: SQL for how many better ones of a `scope` are not in it.
    """
    decided = ",\n        ".join(
        f"CASE WHEN count(*) OVER (PARTITION BY stage.scope, stage.keys[1:{size}])"
        f" <> count(*) OVER (PARTITION BY stage.scope, stage.keys[1:{size + KEYS_A_TIE}]) THEN {tie.name} END"
        for size, tie in zip(
            range(ranked.merit_size, ranked.merit_size + KEYS_A_TIE * len(ties), KEYS_A_TIE), ties, strict=True
        )
    )
    reasons = f"array_remove(ARRAY[{decided}], NULL)" if ties else "ARRAY[]::text[]"
    return f"""{ranked.result} AS (
    SELECT stage.id, stage.keys,
        {ahead} + rank() OVER (PARTITION BY stage.scope ORDER BY stage.keys DESC) AS place,
        count(*) OVER (PARTITION BY stage.scope, stage.keys) > 1 AS shared,
        {reasons} AS decided_by
    FROM {stage} stage JOIN {ranked.source} base USING (id)
)"""
