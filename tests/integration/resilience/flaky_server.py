"""A real HTTP server that answers what it is told to, and remembers what it saw."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]


class Visit(NamedTuple):
    """One request from its arrival to its answer, in Unix seconds."""

    began: float
    ended: float
    status: int


@dataclass
class FlakyServer:
    """`answers` are used up in turn, then `status` is the answer."""

    status: int = 200
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    drip: bool = False
    hang: bool = False
    seen: list[Seen] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    delay: float = 0.0
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def next_answer(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the next answer."""
        with self.guard:
            return self.answers.pop(0) if self.answers else (self.status, {})

    def note(self, began: float, status: int) -> None:
        """Remember a visit: before its answer goes out, so that whoever has the answer finds it here."""
        with self.guard:
            self.visits.append(Visit(began, time.time(), status))


class Server(ThreadingHTTPServer):
    """One thread for each connection."""

    daemon_threads = True
    request_queue_size = 128
    state: FlakyServer


class Handler(BaseHTTPRequestHandler):
    """Answers for the `FlakyServer` that its server carries."""

    protocol_version = "HTTP/1.1"

    @property
    def state(self) -> FlakyServer:
        state: FlakyServer = self.server.state  # type: ignore[attr-defined]
        return state

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the standard library's names

    def log_message(self, *_args: object) -> None:
        return

    def handle(self) -> None:
        with suppress(ConnectionError):
            super().handle()

    def _answer(self) -> None:
        state, began = self.state, time.time()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with state.guard:
            state.seen.append(Seen(self.command, self.path, dict(self.headers)))
        if state.hang:
            state.over.wait(30)
            return
        if state.delay:
            time.sleep(state.delay)
        status, headers = state.next_answer()
        state.note(began, status)
        empty = status in {204, 304}
        body = b"" if empty else b"." * 50
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if not empty:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._write(body)

    def _write(self, body: bytes) -> None:
        if not self.state.drip:
            self.wfile.write(body)
            return
        for byte in body:
            if self.state.over.wait(0.1):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()


@contextmanager
def serving() -> Iterator[FlakyServer]:
    """A server on a free port of the loopback."""
    state = FlakyServer()
    server = Server(("127.0.0.1", 0), Handler)
    server.state = state
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
