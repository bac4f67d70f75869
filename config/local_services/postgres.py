"""The embedded PostgreSQL: made with initdb, started and stopped without pg_ctl.

pg_ctl passes its arguments through a shell, which breaks on some paths, and believes any pid file. `postgres`
itself takes a list of arguments and the three shutdown signals of its manual.
"""

import shutil
import signal
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from config.local_services.errors import LocalServiceError
from config.local_services.ports import LOOPBACK
from config.local_services.processes import Signature, command_of, launch, run
from config.local_services.server import Server

DATABASE: Final = "podium"
SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, and PODIUM_HOME may be deep
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",  # compiling a plan costs more than our short queries take
}
# For data that nobody will miss: a crash of the machine, not of the server, can damage it.
THROWAWAY_SETTINGS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """The PostgreSQL server of one home."""

    name = "postgres"
    start_seconds = 60.0
    # "Fast" and "immediate" shutdown (manual, chapter 18.5), then the end of patience.
    stop_ways = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    @property
    def url(self) -> str:
        """Where the application's database is."""
        return self._url(DATABASE)

    @staticmethod
    def signature(marker: str) -> Signature:
        """By a setting that PostgreSQL also puts in the process titles of its children."""
        return Signature("postgres", f"cluster_name={marker}", f"postgres: {marker}: ")

    @property
    def cluster(self) -> Path:
        """PostgreSQL's data directory."""
        return self.folders.data / self.name / "cluster"

    def start(self) -> None:
        """Start it, on a new cluster when there is none, and make the application's database."""
        self._make_cluster()
        self._remove_stale_pid_file()
        settings = SETTINGS | ({} if self.durable else THROWAWAY_SETTINGS)
        settings |= {"port": str(self.port), "cluster_name": self.marker}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        launch(
            [self._program("postgres"), "-D", str(self.cluster), *options],
            signature=self.signature(self.marker),
            folder=self.cluster,
            log=self.log,
            account=self.folders.account,
        )
        self.wait_until_ready()
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def answers(self) -> bool:
        """Whether it takes our password; not yet while it recovers from a crash."""
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _url(self, database: str) -> str:
        return f"postgresql://{DATABASE}:{quote(self.password)}@{LOOPBACK}:{self.port}/{database}"

    def _program(self, name: str) -> str:
        return str(self.folders.postgres_programs / name)

    def _make_cluster(self) -> None:
        """Run initdb in a draft, which becomes the cluster when it is whole: a crash leaves no half one."""
        folder = self.folders.make_data_folder(self.name)
        if self.cluster.exists():
            self._check_version()
            return
        draft = folder / "cluster.draft"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.folders.data / "initdb.password"
        self.folders.write_for_server(password_file, self.password)
        command = [
            self._program("initdb"),
            f"--pgdata={draft}",
            f"--username={DATABASE}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ]
        try:
            run(
                command if self.durable else [*command, "--no-sync"],
                folder=folder,
                account=self.folders.account,
            )
        finally:
            password_file.unlink(missing_ok=True)
        draft.rename(self.cluster)

    def _check_version(self) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        printed = subprocess.run(
            [self._program("postgres"), "--version"], check=True, capture_output=True, text=True
        ).stdout
        installed = printed.split()[-1].partition(".")[0]
        if made_by != installed:
            raise LocalServiceError(
                f"The data in {self.cluster} is of PostgreSQL {made_by}, and {installed} is installed: "
                f"dump it with the old one and load it, or start with another PODIUM_HOME."
            )

    def _remove_stale_pid_file(self) -> None:
        """Remove a postmaster.pid that names a process which isn't this cluster's server.

        PostgreSQL sees to a dead process itself, but refuses to start when the id belongs to a zombie, or was
        given to another process of the same account meanwhile.
        """
        path = self.cluster / "postmaster.pid"
        try:
            lines = path.read_text().splitlines()
            pid, data_directory = int(lines[0]), lines[1]
        except FileNotFoundError:
            return
        except (ValueError, IndexError):
            path.unlink()  # it was cut short by the crash
            return
        command = command_of(pid)
        if command and Path(command[0]).name == "postgres" and data_directory == str(self.cluster):
            raise LocalServiceError(f"Another PostgreSQL, process {pid}, uses {self.cluster}: stop it first.")
        path.unlink()
