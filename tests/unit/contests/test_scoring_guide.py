"""docs/scoring.md names every field of a rule, and its example can be applied."""

from __future__ import annotations

import json
import re

from apps.contests.scoring.contest_rule import ContestRule
from apps.contests.scoring.rule import ScoringRule
from config.env import ROOT

GUIDE = (ROOT / "docs" / "scoring.md").read_text()


def named_fields(heading: str) -> set[str]:
    """The fields in the first column of the table under a heading."""
    section = GUIDE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    first_columns = re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE)
    return {name for column in first_columns for name in re.findall(r"`(\w+)`", column)}


def test_the_guide_names_every_field_of_both_rules() -> None:
    assert named_fields("A category's rule") == set(ScoringRule().to_dict())
    assert named_fields("A contest's rule") == set(ContestRule().to_dict())


def test_the_guides_example_is_a_rule() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)

    assert ScoringRule.from_dict(json.loads(example)).drop_high == 1
