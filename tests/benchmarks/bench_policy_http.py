"""What a policy adds to a request that makes one outbound call, at the 95th percentile, over a real connection."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from statistics import quantiles

import httpx

from apps.resilience.defaults import build
from apps.resilience.http import HttpClient
from config.settings.resilience import RESILIENCE
from tests.benchmarks.answering import a_server
from tests.benchmarks.figures import Figure, figure_of

REQUESTS = 1000
SERVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`policy_http`: the same request with and without the policy."""
    number = max(100, round(REQUESTS * scale))
    registry = build({**RESILIENCE, "STORE_URL": os.environ["REDIS_URL"], "STORE_PREFIX": "benchmark:"})
    with a_server("-c", SERVER) as url, httpx.Client(base_url=url) as bare:
        protected = HttpClient(registry.policy("jira_api"), base_url=url)
        try:
            if protected.get("/").content != bare.get("/").content:
                raise RuntimeError("The two clients don't get the same answer.")
            pairs = [percentiles_95(lambda: protected.get("/"), lambda: bare.get("/"), number) for _ in range(rounds)]
        finally:
            protected.close()
            registry.close()
    yield figure_of("breaker", "policy_http", pairs, yardstick_name="same request, p95", unit="ms", better="lower")


def percentiles_95(
    ours: Callable[[], httpx.Response], yardstick: Callable[[], httpx.Response], number: int
) -> tuple[float, float]:
    """Milliseconds of both, request by request in turn; any answer but 200 is an error, not a figure."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(number):
        for request, kept in zip((ours, yardstick), times, strict=True):
            began = time.perf_counter()
            response = request()
            kept.append((time.perf_counter() - began) * 1000)
            response.raise_for_status()
    return quantiles(times[0], n=20)[-1], quantiles(times[1], n=20)[-1]
