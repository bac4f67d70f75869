"""Reading tables from files: plain Python, in streams, without Django.

`survey_table` reads a file once as bytes and once as text, never as a whole, and says what is in it or what is wrong.
"""

from apps.datasets.reading.bytes import survey_bytes
from apps.datasets.reading.columns import Column, ColumnType
from apps.datasets.reading.problems import Limits, RowProblem, TableProblem
from apps.datasets.reading.table import TableSurvey, survey_table

__all__ = [
    "Column",
    "ColumnType",
    "Limits",
    "RowProblem",
    "TableProblem",
    "TableSurvey",
    "survey_bytes",
    "survey_table",
]
