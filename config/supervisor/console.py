"""One console for many processes: each line with the name of the process it comes from."""

import asyncio
import os
from collections.abc import Callable
from typing import Final, TextIO

from config.supervisor.programs import SUPERVISOR_COLOUR

NAME_WIDTH: Final = 10
CHUNK: Final = 1 << 16


class Console:
    """Writes whole lines, coloured when a person looks at them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._has_colours = stream.isatty()
        self._when_closed: Callable[[], None] | None = None

    def on_closed(self, act: Callable[[], None]) -> None:
        """What to do when nobody reads any more."""
        self._when_closed = act

    @property
    def has_colours(self) -> bool:
        """Whether somebody looks at it."""
        return self._has_colours

    def say(self, text: str) -> None:
        """A message of the supervisor's own, of one or more lines."""
        for line in text.splitlines():
            self.write("podium", SUPERVISOR_COLOUR, line)

    def write(self, name: str, colour: int, line: str) -> None:
        """One line of one process."""
        label = f"{name:<{NAME_WIDTH}}|"
        if self._has_colours:
            label = f"\x1b[{colour}m{label}\x1b[0m"
        try:
            self._stream.write(f"{label} {line}\n")
            self._stream.flush()
        except BrokenPipeError:  # `make run | head`, or a terminal that was closed
            # Python flushes at its end, and would complain again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            if self._when_closed is not None:
                self._when_closed()

    async def copy(self, reader: asyncio.StreamReader, name: str, colour: int) -> None:
        """Write everything that a process prints, to the end, also a last line that is not finished."""
        pending = b""
        while chunk := await reader.read(CHUNK):
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                self.write(name, colour, _text(line))
        if pending:
            self.write(name, colour, _text(pending))


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")
