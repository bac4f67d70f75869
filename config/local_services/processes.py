"""Starting, finding and stopping server processes that outlive whoever started them.

A server is found by its command line, not by a remembered process id: after a crash a pid file may name a
process that is long gone, or another one that has the same id by now. Each home has a random marker, which
its servers carry in their command line and PostgreSQL's children in their process title.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from config.local_services.errors import LocalServiceError

POLL_SECONDS: Final = 0.02
SECONDS_TO_APPEAR: Final = 10.0


@dataclass(frozen=True)
class Account:
    """The operating-system account a server runs as; None keeps the caller's own."""

    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True)
class Signature:
    """What tells a server of one home from everything else that runs on the machine.

    `child_title` is what the process titles of its children begin with, for a server that has children.
    """

    executable: str
    marker: str
    child_title: str | None = None

    def is_server(self, arguments: list[str]) -> bool:
        """Whether a command line is that of the server itself."""
        is_executable = Path(arguments[0]).name == self.executable
        return is_executable and any(self.marker in argument for argument in arguments[1:])

    def is_child(self, arguments: list[str]) -> bool:
        """Whether a command line is that of a process that the server forked."""
        return self.child_title is not None and arguments[0].startswith(self.child_title)


def launch(command: list[str], *, signature: Signature, folder: Path, log: Path, account: Account) -> None:
    """Start a server in a session of its own, so that Ctrl-C in the terminal doesn't reach it.

    The log of the run before is kept beside the new one, as `<log>.1`.
    """
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_name(f"{log.name}.1"))
    log.touch(mode=0o600)
    with log.open("wb") as output:
        process = _spawn(command, folder, account, output)
    # For a moment after it was executed a program has no command line, and would be taken for one that ended.
    wait_until(lambda: is_running(signature) or process.poll() is not None, SECONDS_TO_APPEAR)
    # Whoever starts it need not be the one that stops it, so it is no child to wait for.
    process.returncode = 0


def run(command: list[str], *, folder: Path, account: Account) -> None:
    """Run a program of the server's to its end, as the server's account."""
    with _spawn(command, folder, account, subprocess.PIPE) as process:
        output, _ = process.communicate()
    if process.returncode != 0:
        raise LocalServiceError(f"{command[0]} failed:\n{output.decode(errors='replace')}")


def _spawn(command: list[str], folder: Path, account: Account, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
            # Neither the user's PG* variables nor their locale may change what a server does.
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
            user=account.uid,
            group=account.gid,
            extra_groups=None if account.uid is None else [],
        )
    except OSError as error:
        raise LocalServiceError(f"{command[0]} could not be started: {error.strerror}.") from error


def end_of(log: Path) -> str:
    """The last lines of a log, for an error message."""
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    return "(no log)"


def is_running(signature: Signature) -> bool:
    """Whether such a server runs. A zombie has no command line, so it doesn't count."""
    return any(signature.is_server(arguments) for _, arguments in _command_lines())


def command_of(pid: int) -> list[str]:
    """The command line of one process; empty for a zombie and for a process that is gone."""
    return next((arguments for found, arguments in _command_lines() if found == pid), [])


def stop(signature: Signature, ways: tuple[tuple[signal.Signals, float], ...]) -> None:
    """End the server: each signal in turn, each with its number of seconds to take effect.

    Children are left to their server. Only those of a server that was killed get the signals themselves: a
    busy one would not notice for a while, and a new PostgreSQL refuses to start beside it.
    """
    for number, seconds in ways:
        for pid in _to_signal(signature):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        if wait_until(lambda: not _to_signal(signature), seconds):
            return
    still = ", ".join(map(str, _to_signal(signature)))
    raise LocalServiceError(f"{signature.executable} could not be stopped: end process {still} by hand.")


def _to_signal(signature: Signature) -> list[int]:
    running = list(_command_lines())
    servers = [pid for pid, arguments in running if signature.is_server(arguments)]
    return servers or [pid for pid, arguments in running if signature.is_child(arguments)]


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Poll until the condition holds; False when it doesn't within the time given."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    return _command_lines_of_proc() if sys.platform == "linux" else _command_lines_of_ps()


def _command_lines_of_proc() -> Iterator[tuple[int, list[str]]]:
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            raw = (folder / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if raw:
            yield int(folder.name), raw.rstrip(b"\0").decode(errors="surrogateescape").split("\0")


def _command_lines_of_ps() -> Iterator[tuple[int, list[str]]]:
    """The same from ps, which doesn't say where an argument ends: a path with spaces must stay together."""
    command = ["/bin/ps", "-axww", "-o", "pid=,command="]
    listing = subprocess.run(command, check=True, capture_output=True, text=True, errors="replace").stdout
    for line in listing.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        yield int(pid), arguments.replace(" -", "\0-").split("\0")
