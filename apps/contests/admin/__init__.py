"""Contests in the admin."""

from apps.contests.admin.certifications import CertificationAdmin
from apps.contests.admin.contests import ContestAdmin
from apps.contests.admin.draws import DrawAdmin
from apps.contests.admin.marks import DeductionAdmin, ScoreAdmin
from apps.contests.admin.panels import AssignmentAdmin, JudgeAdmin, RecusalAdmin
from apps.contests.admin.people import ContestantAdmin, EntryAdmin
from apps.contests.admin.structure import CategoryAdmin, CriterionAdmin

__all__ = [
    "AssignmentAdmin",
    "CategoryAdmin",
    "CertificationAdmin",
    "ContestAdmin",
    "ContestantAdmin",
    "CriterionAdmin",
    "DeductionAdmin",
    "DrawAdmin",
    "EntryAdmin",
    "JudgeAdmin",
    "RecusalAdmin",
    "ScoreAdmin",
]
