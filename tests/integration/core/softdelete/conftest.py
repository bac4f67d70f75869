"""What tests of soft delete share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.core.tenancy import platform_scope


@pytest.fixture(autouse=True)
def _on_the_platform() -> Iterator[None]:
    """The zoo belongs to no organization."""
    with platform_scope("tests of soft delete look at everything"):
        yield
