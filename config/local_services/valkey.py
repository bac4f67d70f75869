"""The embedded Valkey: append-only file, a password, and the loopback address."""

import contextlib
import signal
from typing import Final
from urllib.parse import quote

import redis

from config.local_services.ports import LOOPBACK
from config.local_services.processes import Signature, launch
from config.local_services.server import Server

# The password is in a file because a command line can be read by everybody on the machine.
CONFIGURATION: Final = """\
bind {address}
port {port}
requirepass {password}
databases 64
save ""
appendonly {appendonly}
set-proc-title no
"""


class Valkey(Server):
    """The Valkey server of one home."""

    name = "valkey"
    start_seconds = 30.0
    stop_ways = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))

    @property
    def url(self) -> str:
        """Where the server is; the path is the number of the database."""
        return f"redis://:{quote(self.password)}@{LOOPBACK}:{self.port}/0"

    @staticmethod
    def signature(marker: str) -> Signature:
        """By an option that has no other effect while the system log is off."""
        return Signature("valkey-server", marker)

    def start(self) -> None:
        """Start it and wait until it has loaded its data and answers."""
        configuration = self.folders.data / "valkey.conf"
        self.folders.write_for_server(
            configuration,
            CONFIGURATION.format(
                address=LOOPBACK,
                port=self.port,
                password=self.password,
                appendonly="yes" if self.durable else "no",
            ),
        )
        launch(
            [str(self.folders.valkey_server), str(configuration), "--syslog-ident", self.marker],
            signature=self.signature(self.marker),
            folder=self.folders.make_data_folder(self.name),  # where it keeps its append-only file
            log=self.log,
            account=self.folders.account,
        )
        self.wait_until_ready()

    def answers(self) -> bool:
        """Whether it takes our password and commands."""
        with contextlib.closing(redis.Redis.from_url(self.url, socket_timeout=2)) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False
