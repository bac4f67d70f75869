"""`python -m config.supervisor`: start Podium, show what it says, stop it on Ctrl-C."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.local_services import LocalServiceError, LocalServices, export_services
from config.supervisor.child import Child, Surroundings, describe
from config.supervisor.console import Console
from config.supervisor.guard import Guard
from config.supervisor.instance import AlreadyRunningError, only_instance
from config.supervisor.programs import BOOTSTRAP, MIGRATE, Program, processes

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_OF_ONE_REQUEST: Final = 1.0  # make, timeout and the like pass on what the terminal sends anyway
READY_POLL_SECONDS: Final = 0.2
READY_ANSWER_SECONDS: Final = 5.0

READY: Final = """
Podium is ready.

  Admin     {url}/admin/
  API       {url}/api/v1/
  API docs  {url}/api/v1/docs/

  Data is in {home}. Ctrl-C stops everything and keeps it.
"""


class StartError(Exception):
    """Podium can't be started; the message says why."""


class Supervisor:
    """One run, from the first service to the last."""

    def __init__(self, surroundings: Surroundings, home: Path, host: str, port: int) -> None:
        self._console = surroundings.console
        self._surroundings = surroundings
        self._host, self._port, self._home = host, port, home
        self._asked_to_stop_at = 0.0
        self._stopping = asyncio.Event()
        self._children: list[Child] = []

    async def run(self) -> None:
        """Run until a signal says stop. Raises StartError when it doesn't get that far."""
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        self._console.say("Bringing the database up to date")
        for step in (MIGRATE, BOOTSTRAP):
            await self._run_step(step)
        if self._stopping.is_set():
            return
        self._children = [
            Child(program, self._surroundings) for program in processes(host=self._host, port=self._port)
        ]
        running = [asyncio.create_task(child.keep_running()) for child in self._children]
        await self._announce()
        await self._stopping.wait()
        self._console.say("Stopping")
        await asyncio.gather(*(child.stop() for child in self._children), *running)

    def stop(self) -> None:
        """Begin to stop."""
        self._stopping.set()

    async def _run_step(self, step: Program) -> None:
        if self._stopping.is_set():
            return
        child = Child(step, self._surroundings)
        self._children = [child]
        running = asyncio.create_task(child.run_once())
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if self._stopping.is_set():
            await child.stop()
        code = await running
        if code and not self._stopping.is_set():
            raise StartError(f"{step.name} has failed ({describe(code)}); its lines above say why.")

    def _on_signal(self) -> None:
        now = asyncio.get_running_loop().time()
        if not self._stopping.is_set():
            self._asked_to_stop_at = now
            self.stop()
        elif now - self._asked_to_stop_at > SECONDS_OF_ONE_REQUEST:
            self._console.say("Stopping at once")
            for child in self._children:
                child.kill()

    async def _announce(self) -> None:
        """Say where to go, once everything that a user needs answers."""
        while not self._stopping.is_set():
            if await _is_ready(self._host, self._port):
                self._console.say(READY.format(url=_url(self._host, self._port), home=self._home))
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), READY_POLL_SECONDS)


async def _is_ready(host: str, port: int) -> bool:
    """Whether `/health/ready` answers 200. A handful of bytes: an HTTP client would be more than it takes."""
    try:
        async with asyncio.timeout(READY_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(_reachable(host), port)
            try:
                writer.write(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
                await writer.drain()
                status = await reader.readline()
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound


def _url(host: str, port: int) -> str:
    name = _reachable(host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def _check_port(host: str, port: int) -> None:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
    except OSError as error:
        raise StartError(
            f"Port {port} of {host} can't be used: {error.strerror or error}.\n"
            f"Choose another one: PORT={port + 10} make run"
        ) from error


def main() -> int:
    """The exit code: 0 after a stop that was asked for, 1 when Podium could not start."""
    _handle_signals(signal.default_int_handler)
    console = Console(sys.stdout)
    try:
        home, host, port = env.read(env.PODIUM_HOME), env.read(env.HOST), env.read(env.PORT)
        os.environ["PODIUM_HOME"] = str(home)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
        with only_instance(home, _url(host, port), console) as lock:
            _check_port(host, port)
            local = LocalServices(home)
            try:
                console.say(f"Starting {_services_to_start()}")
                export_services(local)
                asyncio.run(_supervise(console, lock, home, host, port))
            finally:
                _handle_signals(signal.SIG_IGN)  # one more Ctrl-C must not leave a server running
                local.release()
    except (StartError, AlreadyRunningError, LocalServiceError, ImproperlyConfigured) as error:
        console.say(str(error))
        return 1
    except KeyboardInterrupt:  # before the supervisor has taken over the signals
        pass
    console.say("Stopped")
    return 0


def _services_to_start() -> str:
    wanted = {"PostgreSQL": env.DATABASE_URL, "Valkey": env.REDIS_URL}
    embedded = [name for name, url in wanted.items() if not env.is_set(url)]
    return " and ".join(embedded) or "with the services that DATABASE_URL and REDIS_URL name"


def _handle_signals(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, handler)


async def _supervise(console: Console, lock: int, home: Path, host: str, port: int) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if console.has_colours:
        environment.setdefault("FORCE_COLOR", "1")
    with Guard(lock) as guard:
        supervisor = Supervisor(Surroundings(console, environment, guard, lock), home, host, port)
        console.on_closed(supervisor.stop)
        await supervisor.run()


if __name__ == "__main__":
    sys.exit(main())
