"""What the embedded PostgreSQL and the embedded Valkey have in common."""

import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from config.local_services.errors import LocalServiceError
from config.local_services.folders import Folders
from config.local_services.processes import Signature, end_of, is_running, stop, wait_until


@dataclass(frozen=True)
class Server(ABC):
    """A server of one home, on one port of the loopback address.

    One that is not `durable` is for data that nobody will miss: it is faster, and a crash of the machine may
    damage it.
    """

    folders: Folders
    marker: str
    password: str
    port: int
    durable: bool = True

    name: ClassVar[str]
    start_seconds: ClassVar[float]
    stop_ways: ClassVar[tuple[tuple[signal.Signals, float], ...]]

    @property
    @abstractmethod
    def url(self) -> str:
        """Where the application finds it."""

    @staticmethod
    @abstractmethod
    def signature(marker: str) -> Signature:
        """How the processes of the home with this marker are recognized."""

    @property
    def log(self) -> Path:
        """What the server writes while it runs."""
        return self.folders.data / f"{self.name}.log"

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it is ready."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it can be used now."""

    def is_running(self) -> bool:
        """Whether the server process is there; it may still be starting."""
        return is_running(self.signature(self.marker))

    def wait_until_ready(self) -> None:
        """Wait for a server that was started, by this process or another."""
        wait_until(lambda: self.answers() or not self.is_running(), self.start_seconds)
        if not self.answers():
            raise LocalServiceError(f"{self.name} did not start. The end of {self.log}:\n{end_of(self.log)}")

    @classmethod
    def stop(cls, marker: str) -> None:
        """Stop it with all its processes, also those left by a crash. What it was given is on disk then."""
        stop(cls.signature(marker), cls.stop_ways)
