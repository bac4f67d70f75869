"""Contests, the people in them, their marks and results."""

from apps.contests.models.people import Assignment, Contestant, Entry, Judge, Recusal
from apps.contests.models.results import Certification, Deduction, Score
from apps.contests.models.structure import Category, Contest, Criterion

__all__ = [
    "Assignment",
    "Category",
    "Certification",
    "Contest",
    "Contestant",
    "Criterion",
    "Deduction",
    "Entry",
    "Judge",
    "Recusal",
    "Score",
]
