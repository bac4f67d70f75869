"""Contests, the people in them, their marks and results."""

from apps.contests.models.certification import Certification, Signature
from apps.contests.models.draws import Draw
from apps.contests.models.freezes import BoardFreeze
from apps.contests.models.people import Assignment, Contestant, Entry, Judge, Recusal
from apps.contests.models.results import Deduction, Score
from apps.contests.models.structure import Category, Contest, Criterion
from apps.contests.models.totals import ContestantTotal, ContestTotals, EntryTotal, StaleTotal

__all__ = [
    "Assignment",
    "BoardFreeze",
    "Category",
    "Certification",
    "Contest",
    "ContestTotals",
    "Contestant",
    "ContestantTotal",
    "Criterion",
    "Deduction",
    "Draw",
    "Entry",
    "EntryTotal",
    "Judge",
    "Recusal",
    "Score",
    "Signature",
    "StaleTotal",
]
