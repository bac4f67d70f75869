"""Writing lines one by one, or those of one stretch of work together."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO, cast


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes a line at once; inside `gathered_lines` those below a warning wait for the next `flush`.

    Each write lets go of the interpreter's lock: where several threads are busy, that costs more than the line.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.gathers = False
        self._waiting: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, behind those that wait, or let it wait."""
        try:
            self._waiting.append(self.format(record) + self.terminator)
            if not self.gathers or record.levelno >= logging.WARNING:
                self.flush()
        except Exception:  # noqa: BLE001 - as every handler does: what can't be logged stops nobody's work
            self.handleError(record)

    def flush(self) -> None:
        """Write what waits."""
        with cast("threading.RLock", self.lock):
            lines, self._waiting = self._waiting, []
            if lines:
                self.stream.write("".join(lines))
            super().flush()


@contextmanager
def gathered_lines() -> Iterator[Callable[[], None]]:
    """Let this process's lines wait, for a block that calls what it is given whenever they are to be written.

    A process that is killed loses those that wait, so they must tell of nothing that is already committed.
    """
    handlers = [handler for handler in logging.getLogger().handlers if isinstance(handler, LineHandler)]

    def write() -> None:
        for handler in handlers:
            with suppress(OSError, ValueError):  # the stream is gone, as `logging.shutdown` expects it to be
                handler.flush()

    for handler in handlers:
        handler.gathers = True
    try:
        yield write
    finally:
        for handler in handlers:
            handler.gathers = False
        write()
