"""Processes that use embedded services, driven through their standard input and output."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from config.env import ROOT

# SIGHUP is ignored below nohup and SIGINT in a shell's background, and children inherit that.
USER = """
import json, os, signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
from config.local_services import ensure_services
ensure_services()
print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}), flush=True)
sys.stdin.read()
"""

WITHOUT_URLS = {"DATABASE_URL": "", "REDIS_URL": "", "DJANGO_SETTINGS_MODULE": ""}


@dataclass(frozen=True)
class Urls:
    """What a user found in its environment."""

    database: str
    redis: str


class UserProcess:
    """A process that uses the services of a home until it is told to end, as a `manage.py` command does."""

    def __init__(self, home: Path, *, script: str = USER, environ: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PODIUM_HOME": str(home), **WITHOUT_URLS, **(environ or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def urls(self) -> Urls:
        """Wait until it has its services, and say which."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            _, errors = self.process.communicate()
            raise AssertionError(errors)
        found = json.loads(line)
        return Urls(database=found["DATABASE_URL"], redis=found["REDIS_URL"])

    def end(self) -> tuple[int, str, str]:
        """Close its standard input and wait for its end: exit code and what it printed since."""
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output, errors


def pids_of(text: str, *, executable: str) -> list[int]:
    """Processes of an executable that have the text in their command line, zombies aside."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                arguments = (folder / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if text in arguments and Path(arguments.split("\0")[0]).name.startswith(executable):
                found.append(int(folder.name))
    return sorted(found)
