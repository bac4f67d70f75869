"""What an exception says about the service that was called."""

from __future__ import annotations

from apps.resilience.config import CircuitBreakerConfig, Outcome
from apps.resilience.errors import BulkheadFull, CircuitOpen, RateLimited

REFUSALS = (CircuitOpen, BulkheadFull, RateLimited)


def classify(error: BaseException, config: CircuitBreakerConfig) -> Outcome:
    """Judge by exception.

    A cancelled coroutine or an interpreter that is told to stop says nothing, and so does a refusal that came
    from further in. A generator can only be closed after it gave something, and an `Exception` that is no
    failure is an answer in time: both are successes.
    """
    if isinstance(error, GeneratorExit):
        return Outcome.SUCCESS
    if not isinstance(error, Exception) or isinstance(error, REFUSALS):
        return Outcome.IGNORED
    if config.ignores is not None and config.ignores(type(error), error):
        return Outcome.IGNORED
    if config.counts_as_failure is None or config.counts_as_failure(type(error), error):
        return Outcome.FAILURE
    return Outcome.SUCCESS


def describe(error: BaseException) -> str:
    """Type and message on one line, short enough for a log, a row and a page."""
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - an exception with a broken __str__ must not break the caller's call
        message = ""
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return " ".join(text.split())[:300]


def keepsake(error: BaseException) -> BaseException:
    """A copy with the type and arguments only: the original's traceback would keep its frames alive."""
    try:
        copy = type(error).__new__(type(error), *error.args)
        copy.args = error.args
    except Exception:  # noqa: BLE001 - some types can't be built from their own arguments
        return RuntimeError(describe(error))
    return copy
