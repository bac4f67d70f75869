"""Measuring two ways to the same answer: A B A B…, medians, one JSON line a figure."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal, Protocol

from config.env import ROOT

COMMITTED = ROOT / "docs" / "benchmarks.md"
TOLERANCE = 1.10
DEFAULT_ROUNDS = 5

Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `ratio` is ours / yardstick; `spread` half the range of the rounds' ratios, relative to it.

    `extrapolated` says how the yardstick was measured where it was too slow to be measured at full size.
    """

    benchmark: str
    figure: str
    ours: float
    yardstick: float
    yardstick_name: str
    unit: str
    better: Better
    rounds: int
    spread: float
    extrapolated: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.yardstick

    def line(self) -> str:
        """The figure as it is printed and committed."""
        shown: dict[str, Any] = {
            "benchmark": self.benchmark,
            "figure": self.figure,
            "ours": _round(self.ours),
            "yardstick": _round(self.yardstick),
            "yardstick_name": self.yardstick_name,
            "unit": self.unit,
            "ratio": _round(self.ratio),
            "better": self.better,
            "rounds": self.rounds,
            "spread": _round(self.spread),
        }
        if self.extrapolated:
            shown["extrapolated"] = self.extrapolated
        return json.dumps(shown)


class Benchmark(Protocol):
    """What a module `bench_<name>` offers."""

    def run(self, rounds: int, scale: float) -> Iterator[Figure]:
        """Set up, check, measure. `scale` multiplies the amount of data; 1 is what the figure's name says."""
        ...


class AnswersDiffer(RuntimeError):
    """The two sides don't compute the same thing: their times mean nothing."""


def race(
    benchmark: str,
    figure: str,
    *,
    ours: Callable[[], object],
    yardstick: Callable[[], object],
    yardstick_name: str,
    rounds: int,
    same: Callable[[Any, Any], bool] = lambda left, right: bool(left == right),
) -> Figure:
    """Time both sides in turn, after one round that warms up and checks that they give the same answer.

    Raises:
        AnswersDiffer: they don't.
    """
    left, right = ours(), yardstick()
    if not same(left, right):
        raise AnswersDiffer(f"{benchmark}/{figure}: ours and {yardstick_name} don't agree.")
    pairs = [(milliseconds(ours), milliseconds(yardstick)) for _ in range(rounds)]
    return figure_of(benchmark, figure, pairs, yardstick_name=yardstick_name, unit="ms", better="lower")


def figure_of(
    benchmark: str,
    figure: str,
    pairs: list[tuple[float, float]],
    *,
    yardstick_name: str,
    unit: str,
    better: Better,
    extrapolated: str = "",
) -> Figure:
    """The figure of rounds that were measured in another way than by `race`; each pair is (ours, yardstick)."""
    ratios = [ours / yardstick for ours, yardstick in pairs]
    return Figure(
        benchmark=benchmark,
        figure=figure,
        ours=median(ours for ours, _ in pairs),
        yardstick=median(yardstick for _, yardstick in pairs),
        yardstick_name=yardstick_name,
        unit=unit,
        better=better,
        rounds=len(pairs),
        spread=(max(ratios) - min(ratios)) / 2 / median(ratios),
        extrapolated=extrapolated,
    )


def milliseconds(work: Callable[[], object]) -> float:
    """How long `work` takes, with no garbage of others to collect meanwhile."""
    gc.collect()
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def rounds_and_scale() -> tuple[int, float]:
    """`ROUNDS` and `SCALE` from the environment; `SCALE=full` is 1, measured where it is extrapolated otherwise."""
    scale = os.environ.get("SCALE") or "1"
    return int(os.environ.get("ROUNDS") or DEFAULT_ROUNDS), 1.0 if scale == "full" else float(scale)


def committed_ratios(path: Path = COMMITTED) -> dict[tuple[str, str], float]:
    """The ratios of the latest committed set, by benchmark and figure."""
    if not path.exists():
        return {}
    lines = [line.strip() for line in path.read_text().splitlines()]
    found = [json.loads(line) for line in lines if line.startswith('{"benchmark"')]
    return {(line["benchmark"], line["figure"]): float(line["ratio"]) for line in found}


def is_worse(figure: Figure, committed: float) -> bool:
    """Whether the ratio is more than a tenth worse than the committed one."""
    if figure.better == "lower":
        return figure.ratio > committed * TOLERANCE
    return figure.ratio * TOLERANCE < committed


def _round(value: float) -> float:
    return float(f"{value:.4g}")
