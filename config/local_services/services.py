"""The PostgreSQL and the Valkey of one PODIUM_HOME, shared by all processes that use this home."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final

from config.local_services.errors import LocalServiceError
from config.local_services.folders import prepare_folders, prepare_state_folder, remove_folders
from config.local_services.identity import load_identity, save_identity
from config.local_services.lease import Lease
from config.local_services.ports import choose, is_free
from config.local_services.postgres import Postgres
from config.local_services.server import Server
from config.local_services.valkey import Valkey

PORT_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class Services:
    """Where the services are; empty for one that was not asked for."""

    database_url: str = ""
    redis_url: str = ""


class LocalServices:
    """One process's use of the services of a home: they run at least from `start` to `release`.

    The first user starts them, later ones join, the last one stops them. A forked child is not a user of its
    own: `release` does nothing in it.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self._home = home
        self._durable = durable
        self._owner = os.getpid()
        self._lease: Lease | None = None
        self._marker = ""

    def __enter__(self) -> Services:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def start(self, *, postgres: bool = True, valkey: bool = True) -> Services:
        """Have the services that are asked for run, and say where they are. Can be called again."""
        state = prepare_state_folder(self._home)
        lease = self._lease or Lease(state)
        with lease.change():
            lease.take()
            self._lease = lease
            self._marker = load_identity(state).marker
            try:
                return Services(
                    database_url=self._ensure_running(Postgres, state) if postgres else "",
                    redis_url=self._ensure_running(Valkey, state) if valkey else "",
                )
            except BaseException:
                self._give_back()
                raise

    def release(self) -> None:
        """Cease to use the services; stop them if nobody else does."""
        if self._lease is None or os.getpid() != self._owner:
            return
        prepare_state_folder(self._home)  # somebody may have removed it meanwhile, with its locks
        with self._lease.change():
            self._give_back()

    def destroy(self) -> None:
        """Stop the services, whoever uses them, and remove their data. For homes that tests make."""
        state = prepare_state_folder(self._home)
        with Lease(state).change():
            if self._lease is not None:
                self._lease.give_back()
                self._lease = None
            self._remove(state)

    def destroy_if_unused(self) -> bool:
        """The same, unless somebody uses them; whether they are gone."""
        state = prepare_state_folder(self._home)
        lease = Lease(state)
        with lease.change():
            lease.take()
            if not lease.give_back():
                return False
            self._remove(state)
            return True

    def _remove(self, state: Path) -> None:
        self._marker = load_identity(state).marker
        self._stop_all()
        remove_folders(prepare_folders(state, self._marker))

    def _give_back(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None and lease.give_back():
            self._stop_all()

    def _stop_all(self) -> None:
        Postgres.stop(self._marker)
        Valkey.stop(self._marker)

    def _ensure_running(self, kind: type[Server], state: Path) -> str:
        server = self._server(kind, state)
        if server.port and server.is_running():
            server.wait_until_ready()
            return server.url
        kind.stop(self._marker)  # what a killed server left behind
        for attempts_left in reversed(range(PORT_ATTEMPTS)):
            self._remember_port(kind, state, choose(server.port))
            server = self._server(kind, state)
            try:
                server.start()
            except LocalServiceError:
                if is_free(server.port) or not attempts_left:
                    raise  # nobody took the port in between, so that another one won't help
            else:
                break
        return server.url

    def _remember_port(self, kind: type[Server], state: Path, port: int) -> None:
        """Before the start: whoever finds the server running must know its port, even if we are killed."""
        identity = load_identity(state)
        save_identity(state, replace(identity, ports=identity.ports | {kind.name: port}))

    def _server(self, kind: type[Server], state: Path) -> Server:
        identity = load_identity(state)
        return kind(
            folders=prepare_folders(state, identity.marker),
            marker=identity.marker,
            password=identity.passwords[kind.name],
            port=identity.ports.get(kind.name, 0),
            durable=self._durable,
        )
