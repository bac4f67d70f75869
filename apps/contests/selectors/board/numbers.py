"""Rounding and spelling of `numeric` expressions, as `scoring.rounding` does it."""

from __future__ import annotations

from apps.contests.scoring.rounding import WORKING_PLACES, Rounding


def rounded(value: str, places: str, mode: str) -> str:
    """SQL for `round_to(value, places, mode)`; all three are columns or literals, since they are repeated."""
    scale = f"10::numeric ^ {places}"
    return f"""CASE {mode}
        WHEN '{Rounding.HALF_EVEN}' THEN
            CASE WHEN mod(abs({value} * {scale}), 1) = 0.5
                THEN round(2 * round({value} * {scale} / 2) / ({scale}), {places})
                ELSE round({value}, {places}) END
        WHEN '{Rounding.DOWN}' THEN trunc({value}, {places})
        WHEN '{Rounding.UP}' THEN round(sign({value}) * ceil(abs({value} * {scale})) / ({scale}), {places})
        ELSE round({value}, {places}) END"""


def quotient(dividend: str, divisor: str) -> str:
    """SQL for `quotient`: the cast makes PostgreSQL carry enough places for the twentieth to be right."""
    return f"round(({dividend})::numeric(112, 40) / ({divisor}), {WORKING_PLACES})"


def square_root(value: str) -> str:
    """SQL for `square_root`."""
    return f"round(sqrt(({value})::numeric(112, 40)), {WORKING_PLACES})"


def spelled(value: str, places: str = "0") -> str:
    """SQL for a number as people read it: at least `places` decimals, more only where they say something."""
    return f"round({value}, greatest(min_scale({value}), {places}))::text"
