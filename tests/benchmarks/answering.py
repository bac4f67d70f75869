"""An HTTP server for benchmarks of clients, in a process of its own: `python -m tests.benchmarks.answering`.

It prints its port. `POST /slow/…` is answered after 50 ms, `/hang/…` once `POST /release` has come, anything else at
once; `GET /` says how many messages have come, and how many different ones, and forgets them. It does so little for a
request that the client is what is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from config.env import ROOT

SLOW = 0.05
END = b"\r\n\r\n"


class Answering(asyncio.Protocol):
    """One connection; the counts are everybody's."""

    came = 0
    ids: set[bytes] = set()
    waiting: list[Answering] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(END)) >= 0:
            head = self._read[:end]
            whole = end + len(END) + int(_header(head, b"content-length") or 0)
            if len(self._read) < whole:
                return
            self._read = self._read[whole:]
            self._respond(head)

    def _respond(self, head: bytes) -> None:
        kind = type(self)
        if head.startswith(b"GET"):
            self.say(json.dumps([kind.came, len(kind.ids)]).encode())
            kind.came, kind.ids = 0, set()
            return
        if head.startswith(b"POST /release"):
            waiting, kind.waiting = kind.waiting, []
            for one in [*waiting, self]:
                one.say()
            return
        kind.came += 1
        kind.ids.add(head.split(b" ", 2)[1] + _header(head, b"webhook-id"))
        if head.startswith(b"POST /slow"):
            asyncio.get_running_loop().call_later(SLOW, self.say)
        elif head.startswith(b"POST /hang"):
            kind.waiting.append(self)
        else:
            self.say()

    def say(self, body: bytes = b"ok") -> None:
        """200."""
        if not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))  # type: ignore[attr-defined]


def _header(head: bytes, name: bytes) -> bytes:
    start = head.lower().find(b"\r\n" + name + b":")
    return b"" if start < 0 else head[start + len(name) + 3 :].split(b"\r\n", 1)[0].strip()


async def serve() -> None:
    """Until somebody ends the process."""
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def an_answering_server() -> AbstractContextManager[str]:
    """Its address."""
    return a_server("-m", "tests.benchmarks.answering")


@contextmanager
def a_server(*arguments: str) -> Iterator[str]:
    """The address of a server that Python runs with `arguments`, in a process of its own; it prints its port."""
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(serve())
