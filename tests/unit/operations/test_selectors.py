"""What people are shown of a job."""

from __future__ import annotations

from apps.operations.selectors import FaultRow, counts_in, faults_in


def test_counts_are_in_the_order_of_the_import_whatever_the_database_made_of_it() -> None:
    result = {"scores": 24, "events": 1, "event_ids": ["a"], "contests": 1, "rows_read": 7}

    assert counts_in(result) == [("events", 1), ("contests", 1), ("scores", 24), ("rows read", 7)]
    assert counts_in(None) == []


def test_a_problems_pointers_become_file_line_and_column() -> None:
    problem = {
        "errors": [
            {"pointer": "#/files/judge-scores.csv/rows/12/score", "code": "X", "detail": "Too high."},
            {"pointer": "#/files/judge-scores.csv/rows/13", "code": "X", "detail": "Too short."},
            {"pointer": "#/files/archive.zip", "code": "X", "detail": "No archive."},
        ]
    }

    assert faults_in(problem) == [
        FaultRow("judge-scores.csv", "12", "score", "Too high."),
        FaultRow("judge-scores.csv", "13", "", "Too short."),
        FaultRow("archive.zip", "", "", "No archive."),
    ]
    assert faults_in(None) == []
