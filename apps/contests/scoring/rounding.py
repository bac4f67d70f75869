"""Decimal arithmetic that is the same here and in PostgreSQL's `numeric`.

Sums, differences and products are exact. Only three operations lose digits, each at a declared place:

* `quotient` and `square_root` are rounded half-up to `WORKING_PLACES` = 20 places. In SQL that is
  `round(a::numeric(112,40) / b, 20)` and `round(sqrt(a::numeric(112,40)), 20)`: the cast makes
  PostgreSQL carry 40 places, so that its own rounding can't reach the twentieth;
* `round_to`, where a rule says so.

Half-up means half away from zero, as in `decimal` and as in PostgreSQL's `round(numeric, int)`. There is no
negative zero.
"""

from __future__ import annotations

import decimal
from contextlib import AbstractContextManager
from decimal import Decimal
from enum import StrEnum

WORKING_PLACES = 20
MAXIMUM_PLACES = 8
"""Most decimal places of a mark, a factor, a weight or a rounding; 20 working places leave room to spare."""
LARGEST = Decimal(10) ** 12
"""Every input number is smaller than this in size."""

_CONTEXT = decimal.Context(
    prec=100,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999_999,
    Emax=999_999,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow, decimal.FloatOperation],
)


class Rounding(StrEnum):
    """What happens to the digits cut off. SQL for p places, with `s = x * 10^p`:

    `half_up`: `round(x, p)`. `half_even`: `round(x, p)`, but where `abs(s) % 1 = 0.5`, `2 * round(s / 2) /
    10^p`. `down`: `trunc(x, p)`, towards zero. `up`: `sign(s) * ceil(abs(s)) / 10^p`, away from zero.
    """

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


_MODES = {
    Rounding.HALF_UP: decimal.ROUND_HALF_UP,
    Rounding.HALF_EVEN: decimal.ROUND_HALF_EVEN,
    Rounding.DOWN: decimal.ROUND_DOWN,
    Rounding.UP: decimal.ROUND_UP,
}


def exact_arithmetic() -> AbstractContextManager[decimal.Context]:
    """The context that every public function of this package computes in, whatever the caller's own is.

    One hundred digits hold all sums and products of valid inputs exactly; mixing in a float raises.
    """
    return decimal.localcontext(_CONTEXT)


def round_to(value: Decimal, *, places: int, mode: Rounding = Rounding.HALF_UP) -> Decimal:
    """The value with exactly this many places (trailing zeros kept)."""
    return _CONTEXT.plus(value.quantize(Decimal((0, (1,), -places)), rounding=_MODES[mode], context=_CONTEXT))


def quotient(dividend: Decimal, divisor: Decimal | int) -> Decimal:
    """The quotient, half-up to `WORKING_PLACES`.

    Rounding it again to `MAXIMUM_PLACES` or fewer gives the same as rounding the true quotient, where the
    dividend is a sum of input numbers: a quotient that is no tie is further from one than 20 places can hide.
    """
    return round_to(_CONTEXT.divide(dividend, Decimal(divisor)), places=WORKING_PLACES)


def square_root(value: Decimal) -> Decimal:
    """The square root, half-up to `WORKING_PLACES`."""
    return round_to(_CONTEXT.sqrt(value), places=WORKING_PLACES)


def number_fault(value: object) -> str | None:
    """Why this can't be a number of a rule or a sheet, or None where it can."""
    if not isinstance(value, Decimal):
        return f"must be a decimal number, not {type(value).__name__}"
    if not value.is_finite():
        return "must be a finite number"
    if value.copy_abs() >= LARGEST:
        return f"must be smaller than {LARGEST} in size"
    if _CONTEXT.compare(value, value.quantize(Decimal((0, (1,), -MAXIMUM_PLACES)), context=_CONTEXT)) != 0:
        return f"has more than {MAXIMUM_PLACES} decimal places"
    return None


def canonical(value: Decimal) -> str:
    """The one spelling of a number: no exponent, no trailing zeros, no negative zero."""
    return "0" if value == 0 else format(value.normalize(_CONTEXT), "f")
