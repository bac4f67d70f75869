"""A test's own transaction, which is rolled back, is none that the code may count on: outside it, there is none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection, transaction

# What has an effect for the rest of a transaction only.
COUNTS_ON_ONE: Final = re.compile(
    r"\A\s*SELECT .* FOR (NO KEY )?(UPDATE|SHARE)|pg_(try_)?advisory_xact_lock|SET LOCAL|set_config\([^)]*true\)",
    re.DOTALL,
)


class NoTransactionError(AssertionError):
    """This statement would run by itself, outside a test."""


@contextmanager
def of_a_test() -> Iterator[None]:
    """A transaction that the code below it shall not count on."""
    block: Any = transaction.atomic()
    block._from_testcase = True  # as Django's TestCase says it
    with block:
        yield


def refuse_to_count_on_a_test(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Execute it, unless it wants a transaction and there is none but the tests'."""
    blocks: list[Any] = connection.atomic_blocks
    text = sql if isinstance(sql, str) else sql.as_string(None)
    if blocks and all(block._from_testcase for block in blocks) and COUNTS_ON_ONE.search(text):
        raise NoTransactionError(text)
    return execute(sql, params, many, context)
