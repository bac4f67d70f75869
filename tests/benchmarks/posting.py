"""The bare client: `python -m tests.benchmarks.posting TOGETHER` posts what it reads, in batches of so many.

It reads lines of JSON, `[url, id, body]`, and prints the seconds that posting all of them took. A process of its own,
with nothing loaded but aiohttp: what else is in memory would cost it time.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from http import HTTPStatus

import aiohttp

from config.env import ROOT

Letter = tuple[str, str, bytes]
"""URL, id, body."""


async def post_all(letters: Sequence[Letter], *, together: int) -> None:
    """Batch after batch, nothing else."""

    async def post(url: str, key: str, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "webhook-id": key}
        async with session.post(url, data=body, headers=headers) as response:
            await response.read()
            if response.status != HTTPStatus.OK:
                raise RuntimeError(f"HTTP {response.status}")

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for start in range(0, len(letters), together):
            await asyncio.gather(*(post(*one) for one in letters[start : start + together]))


def seconds_to_post(letters: Sequence[Letter], *, together: int) -> float:
    """How long the bare client takes."""
    lines = "\n".join(json.dumps([url, key, body.decode()]) for url, key, body in letters)
    command = [sys.executable, "-m", "tests.benchmarks.posting", str(together)]
    answer = subprocess.run(command, cwd=ROOT, input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return float(answer.stdout)


def main(together: int) -> None:
    """Read, post, say how long it took."""
    letters = [(url, key, body.encode()) for url, key, body in map(json.loads, sys.stdin)]
    began = time.perf_counter()
    asyncio.run(post_all(letters, together=together))
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(int(sys.argv[1]))
