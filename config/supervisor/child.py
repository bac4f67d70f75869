"""One child process: started in a process group of its own, kept running, and ended with all it has started."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import Final

from config.env import ROOT
from config.supervisor.console import Console
from config.supervisor.guard import Guard
from config.supervisor.programs import Program

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
SECONDS_UNTIL_STABLE: Final = 60.0
SECONDS_FOR_LAST_LINES: Final = 5.0


@dataclass(frozen=True)
class Surroundings:
    """What all children share: their console, their environment, their guard, and a file they keep open.

    The file carries the lock of the home (instance.py), which so is held until the last of them has ended.
    """

    console: Console
    environment: dict[str, str]
    guard: Guard
    lock: int


class Child:
    """A program and, most of the time, the process that runs it."""

    def __init__(self, program: Program, surroundings: Surroundings) -> None:
        self.program = program
        self._surroundings = surroundings
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()

    async def run_once(self) -> int:
        """Run the program to its end and write what it prints; its exit code."""
        # Not asyncio's own pipe: Python 3.11 waits for that to be closed, also by those who inherited it.
        readable, writable = os.pipe()
        copying = asyncio.create_task(self._copy(readable))
        try:
            self._process = process = await self._spawn(writable)
        finally:
            os.close(writable)
        if self._stopping.is_set():
            process.terminate()
        code = await process.wait()
        self._kill_group(process.pid)  # what it has left behind, such as the pool of a killed worker
        self._surroundings.guard.forget(process.pid)
        with contextlib.suppress(TimeoutError):  # its output may be in other hands too
            await asyncio.wait_for(copying, SECONDS_FOR_LAST_LINES)
        self._process = None
        return code

    async def keep_running(self) -> None:
        """Run the program again whenever it ends, after pauses that grow while it ends at once."""
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            started = clock()
            code = await self.run_once()
            if self._stopping.is_set():
                return
            if clock() - started > SECONDS_UNTIL_STABLE:
                pause = FIRST_PAUSE
            self._surroundings.console.say(
                f"{self.program.name} has ended ({describe(code)}); next start in {pause:g} s"
            )
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Ask it to end; end it and all it has started when it doesn't."""
        self._stopping.set()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.program.seconds_to_stop)
        except TimeoutError:
            self._surroundings.console.say(f"{self.program.name} does not end: killing it")
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self._stopping.set()
        if self._process is not None:
            self._kill_group(self._process.pid)

    async def _spawn(self, output: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._surroundings.guard.watched(self.program.command),
            cwd=ROOT,
            env={**self._surroundings.environment, **self.program.environment},
            stdin=self._surroundings.guard.ear,
            stdout=output,
            stderr=output,
            # Ctrl-C goes to the supervisor alone, which then ends its children in order.
            start_new_session=True,
            pass_fds=(self._surroundings.lock,),
        )

    async def _copy(self, readable: int) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(readable, "rb", buffering=0)
        )
        try:
            await self._surroundings.console.copy(reader, self.program.name, self.program.colour)
        finally:
            transport.close()

    @staticmethod
    def _kill_group(pid: int) -> None:
        # A process that starts a session leads a process group with its own id.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def describe(code: int) -> str:
    """An exit code in words; negative for the number of a signal."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
