"""The table of what `make run` runs. A new process is one more row."""

import sys
from dataclasses import dataclass, field
from typing import Final

PYTHON: Final = (sys.executable,)
WORKER_PROCESSES: Final = 2
WEBHOOKS: Final = "webhooks"  # the queue
# Celery means machines on which tasks could be sent by others: here the broker is local and messages are JSON.
WITHOUT_ROOT_WARNING: Final = ("-W", "ignore:You're running the worker with superuser privileges")


@dataclass(frozen=True)
class Program:
    """A command, the name and colour (ANSI) of its lines, and the seconds it may take to end."""

    name: str
    arguments: tuple[str, ...]
    colour: int
    seconds_to_stop: float = 15.0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def command(self) -> tuple[str, ...]:
        """What is executed."""
        return (*PYTHON, *self.arguments)


SUPERVISOR_COLOUR: Final = 97

MIGRATE: Final = Program(
    "migrate",
    ("manage.py", "migrate", "--no-input", "--verbosity", "0"),
    colour=90,
    environment={"PODIUM_PROCESS": "command"},
)
BOOTSTRAP: Final = Program(
    "bootstrap", ("manage.py", "bootstrap"), colour=92, environment={"PODIUM_PROCESS": "command"}
)


def processes(*, host: str, port: int) -> tuple[Program, ...]:
    """What runs until the end, in the order of their start. The worker takes all queues of the settings."""
    celery = ["-m", "celery", "--quiet", "--app", "config.celery:app"]
    server = ("-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port))
    quietly = ["--no-access-log", "--no-server-header", "--lifespan", "off", "--timeout-graceful-shutdown", "8"]
    alone = f"--without-gossip --without-mingle --concurrency {WORKER_PROCESSES}".split()
    sender = ["--without-gossip", "--without-mingle", "--concurrency", "1", "--hostname", "sender@%h"]
    return (
        Program("web", (*server, *quietly), colour=96, environment={"PODIUM_PROCESS": "web"}),
        Program(
            "worker",
            (*WITHOUT_ROOT_WARNING, *celery, "worker", *alone, "--exclude-queues", WEBHOOKS),
            colour=93,
            seconds_to_stop=20.0,
            environment={"PODIUM_PROCESS": "worker"},
        ),
        # A round of webhooks lasts as long as the slowest receiver: nobody else's task shall wait behind it.
        Program(
            "sender",
            (*WITHOUT_ROOT_WARNING, *celery, "worker", *sender, "--queues", WEBHOOKS),
            colour=91,
            seconds_to_stop=25.0,
            environment={"PODIUM_PROCESS": "sender"},
        ),
        Program("beat", (*celery, "beat"), colour=95, environment={"PODIUM_PROCESS": "beat"}),
        Program("relay", ("manage.py", "relay"), colour=94, environment={"PODIUM_PROCESS": "relay"}),
    )
