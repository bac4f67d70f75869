"""The ordered list that says what parts entries with the same total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.contests.scoring.reading import RuleReader
from apps.core.errors import FieldError


class TieBreakerKind(StrEnum):
    """In each, the better value is ahead and a missing one is behind all others.

    `technical_points`, `component_total`, `criterion` and `category` compare numbers that the result shows.
    `higher_median` compares the median of the judges' raw totals, `head_to_head` how many of those still
    tied an entry beats by a majority of judges (see `ranking`).
    """

    TECHNICAL_POINTS = "technical_points"
    COMPONENT_TOTAL = "component_total"
    CRITERION = "criterion"
    CATEGORY = "category"
    HEAD_TO_HEAD = "head_to_head"
    HIGHER_MEDIAN = "higher_median"


NAMED = frozenset({TieBreakerKind.CRITERION, TieBreakerKind.CATEGORY})


@dataclass(frozen=True, slots=True)
class TieBreaker:
    """`of` names the criterion or category; in a contest a criterion is `<category>/<criterion>`."""

    kind: TieBreakerKind
    of: str | None = None

    @property
    def name(self) -> str:
        """As the result reports it: `technical_points`, `criterion:skating-skills`."""
        return self.kind.value if self.of is None else f"{self.kind.value}:{self.of}"

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind.value, "of": self.of}


def read_tie_breakers(reader: RuleReader) -> tuple[TieBreaker, ...]:
    """The list under `tie_breakers`; errors go to the reader."""
    tie_breakers = []
    for item in reader.items("tie_breakers"):
        tie_breakers.append(TieBreaker(item.choice("kind", TieBreakerKind.TECHNICAL_POINTS), item.text("of")))
        reader.errors.extend(item.finish())
    return tuple(tie_breakers)


def tie_breaker_faults(
    tie_breakers: Sequence[TieBreaker], *, refused: frozenset[TieBreakerKind]
) -> Iterator[FieldError]:
    """A kind that has no meaning here, a name too few or too many, or the same one twice."""
    seen: set[TieBreaker] = set()
    for position, tie_breaker in enumerate(tie_breakers):
        pointer = f"#/tie_breakers/{position}"
        if tie_breaker.kind in refused:
            sentence = f"'{tie_breaker.kind}' has no meaning with the rest of this rule"
            yield FieldError(f"{pointer}/kind", "invalid", sentence)
        if (tie_breaker.of is not None) != (tie_breaker.kind in NAMED):
            needs = "needs the name of one" if tie_breaker.kind in NAMED else "takes no name"
            yield FieldError(f"{pointer}/of", "invalid", f"'{tie_breaker.kind}' {needs}")
        if tie_breaker in seen:
            yield FieldError(pointer, "duplicate", "the same tie-breaker can't decide twice")
        seen.add(tie_breaker)
