"""Tables for paper."""

from __future__ import annotations

from decimal import Decimal

from apps.contests.api.v1.printing import printable
from apps.core.rest.sheets import Sheet


def test_columns_that_say_nothing_are_left_out_and_shared_places_marked() -> None:
    header = ("Place", "Shared", "Number", "Name", "Affiliation", "Composition", "Deductions", "Total")
    rows = [
        (1, "yes", 7, "Aada", "", Decimal(0), Decimal("0.00"), Decimal("9.50")),
        (1, "yes", 8, "Berit", "", Decimal(0), None, Decimal("9.50")),
        (None, "", 9, "Cecilia", "", None, None, None),
    ]
    table = printable(Sheet("Ladies", header, rows))

    assert [cell.text for cell in table.header] == ["Place", "Number", "Name", "Composition", "Total"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["1=", "7", "Aada", "0", "9.50"],
        ["1=", "8", "Berit", "0", "9.50"],
        ["", "9", "Cecilia", "", ""],
    ]
    assert [cell.is_number for cell in table.header] == [True, True, False, True, True]
