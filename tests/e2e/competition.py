"""A small competition of invented skaters, as the three tidy CSV files of an import."""

from __future__ import annotations

import csv
import random
from pathlib import Path

NAME = "Lakeside Trophy 2026"
PROGRAMS = ("LADIES SHORT PROGRAM", "LADIES FREE SKATING")
SKATERS = (
    ("Aino Virtanen", "FIN"),
    ("Beatriz Moreno", "ESP"),
    ("Chiyo Tanabe", "JPN"),
    ("Dagny Larsen", "NOR"),
    ("Elif Kaya", "TUR"),
    ("Freya Nilsson", "SWE"),
)
COMPONENTS = ("Skating Skills", "Transitions", "Performance", "Composition", "Interpretation of the Music")
FACTORS = {PROGRAMS[0]: "0.80", PROGRAMS[1]: "1.60"}
JUDGES = tuple(f"J{seat}" for seat in range(1, 10))

PERFORMANCE_COLUMNS = [
    "performance_id",
    "competition",
    "program",
    "name",
    "nation",
    "rank",
    "starting_number",
    "total_segment_score",
    "total_element_score",
    "total_component_score",
    "total_deductions",
]
ASPECT_COLUMNS = [
    "aspect_id",
    "performance_id",
    "section",
    "aspect_num",
    "aspect_desc",
    "info_flag",
    "credit_flag",
    "base_value",
    "factor",
    "goe",
    "ref",
    "scores_of_panel",
]


def write_competition(folder: Path, *, name: str = NAME) -> list[Path]:
    """Write performances.csv, judged-aspects.csv and judge-scores.csv into `folder`; the same ones each time."""
    chance = random.Random(2026)
    performances, aspects, scores = [], [], []
    for program in PROGRAMS:
        for order, (skater, nation) in enumerate(SKATERS, start=1):
            key = f"p{len(performances):03}"
            technical = f"{chance.uniform(25, 70):.2f}"
            row = (key, name, program, skater, nation, order, order, "100.00", technical, "30.00", f"{order % 2}.00")
            performances.append(row)
            for component in COMPONENTS:
                aspect = f"a{len(aspects):04}"
                aspects.append(
                    (aspect, key, "components", "", component, "", "", "", FACTORS[program], "", "", "7.00")
                )
                level = chance.randint(20, 36)
                marks = [(level + chance.randint(-2, 2)) * 0.25 for _ in JUDGES]
                scores += [(aspect, judge, f"{mark:.2f}") for judge, mark in zip(JUDGES, marks, strict=True)]
    return [
        _write(folder / "performances.csv", PERFORMANCE_COLUMNS, performances),
        _write(folder / "judged-aspects.csv", ASPECT_COLUMNS, aspects),
        _write(folder / "judge-scores.csv", ["aspect_id", "judge", "score"], scores),
    ]


def _write(path: Path, columns: list[str], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path
