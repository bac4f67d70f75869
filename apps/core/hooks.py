"""Typed hooks: how something low reaches something high without importing it.

The lower app declares a `Hook` here; the upper app registers a function in its `AppConfig.ready`. Hooks are called
in order of registration, in the caller's transaction. A test lists every hook and who is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Hook(Generic[P, R]):
    """A named list of functions with one signature."""

    registry: dict[str, Hook[..., object]] = {}

    def __init__(self, name: str, meaning: str) -> None:
        if name in self.registry:
            raise ValueError(f"The hook {name!r} is declared twice.")
        self.name = name
        self.meaning = meaning
        self._functions: list[Callable[P, R]] = []
        self.registry[name] = self  # type: ignore[assignment]

    def register(self, function: Callable[P, R]) -> Callable[P, R]:
        """Add `function`; registering the same one again changes nothing (`ready()` may run twice)."""
        if function not in self._functions:
            self._functions.append(function)
        return function

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Call every registered function and return what they answered, in order of registration."""
        return [function(*args, **kwargs) for function in self._functions]

    def __iter__(self) -> Iterator[Callable[P, R]]:
        return iter(self._functions)
