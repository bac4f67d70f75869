"""Real processes that share a store, and what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LIMIT = 90.0
"""Seconds for whatever real processes have to do, on a machine that may be busy."""


class Cluster:
    """`number` members, each with a thread that reads what it says."""

    def __init__(self, number: int, order: dict[str, Any], environment: dict[str, str] | None = None) -> None:
        self.said: list[list[dict[str, Any]]] = [[] for _ in range(number)]
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.resilience.member", json.dumps(order)],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            for _ in range(number)
        ]
        self._readers = [
            threading.Thread(target=self._read, args=(process, lines), daemon=True)
            for process, lines in zip(self.processes, self.said, strict=True)
        ]
        for reader in self._readers:
            reader.start()
        self.wait(lambda lines: any("ready" in line for line in lines), what="ready")

    def wait(self, condition: Callable[[list[dict[str, Any]]], bool], *, what: str, limit: float = LIMIT) -> None:
        """Until `condition` holds for what each member has said so far."""
        deadline = time.monotonic() + limit
        while not all(condition(lines) for lines in self.said):
            assert time.monotonic() < deadline, f"{what}: not within {limit} s: {[lines[-3:] for lines in self.said]}"
            time.sleep(0.01)  # real processes: there is no clock to turn

    def wait_for_outcome(self, outcome: str) -> list[float]:
        """Until the newest outcome of each member is this one; when each first said so after its last other one."""
        self.wait(lambda lines: self._last_outcome(lines)[0] == outcome, what=outcome)
        return [self._last_outcome(lines)[1] for lines in self.said]

    @staticmethod
    def _last_outcome(lines: list[dict[str, Any]]) -> tuple[str, float]:
        outcomes = [line for line in list(lines) if "outcome" in line]
        return (outcomes[-1]["outcome"], outcomes[-1]["at"]) if outcomes else ("", 0.0)

    def events(self) -> list[dict[str, Any]]:
        """Transitions that any member told, oldest first."""
        return sorted((line for lines in self.said for line in list(lines) if "event" in line), key=lambda e: e["at"])

    def finish(self) -> list[dict[str, Any]]:
        """End all members; their last words."""
        for process in self.processes:
            if process.stdin is not None:
                process.stdin.close()
        for process in self.processes:
            process.wait(timeout=LIMIT)
        for reader in self._readers:
            reader.join(timeout=LIMIT)
        return [next(line for line in lines if "last" in line) for lines in self.said]

    def kill(self) -> None:
        """Leave nothing behind."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    @staticmethod
    def _read(process: subprocess.Popen[bytes], lines: list[dict[str, Any]]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines += [json.loads(line)]
