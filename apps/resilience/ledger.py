"""What one process has counted for one circuit, and which part of it the others don't know yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from apps.core.correlation.context import current_correlation_id
from apps.resilience.config import Outcome


class Totals(NamedTuple):
    """Calls since this process began (or, from the store, since the circuit exists in the cluster)."""

    succeeded: int = 0
    failed: int = 0
    ignored: int = 0
    rejected: int = 0
    slow: int = 0

    @property
    def requests(self) -> int:
        """Everything that was asked of the circuit, refusals included."""
        return self.succeeded + self.failed + self.ignored + self.rejected

    def since(self, earlier: Totals) -> Totals:
        """The difference to an earlier reading."""
        return Totals(*(now - then for now, then in zip(self, earlier, strict=True)))

    def plus(self, more: Totals) -> Totals:
        """The sum."""
        return Totals(*(one + other for one, other in zip(self, more, strict=True)))


NOTHING = Totals()


class Ticker:
    """A counter that threads may advance without a lock, at the price of one C call.

    `itertools.count` is advanced atomically by the interpreter. Reading advances it too, so the readings are
    counted as well; only one thread at a time may read (the circuit's lock sees to that).
    """

    __slots__ = ("_read", "_seen", "advance")

    def __init__(self) -> None:
        self.advance: Callable[[], int] = count().__next__
        self._read = 0
        self._seen = 0

    def take(self) -> int:
        """How often it was advanced since the last `take`."""
        value = self.advance() - self._read
        self._read += 1
        fresh, self._seen = value - self._seen, value
        return fresh


@dataclass(slots=True)
class _Tally:
    succeeded: int = 0
    failed: int = 0
    slow: int = 0


class Bucketful(NamedTuple):
    """Calls that ended `age` seconds ago, not yet reported."""

    age: int
    succeeded: int
    failed: int
    slow: int


class ProbeReport(NamedTuple):
    """How a probe ended whose lease came from the store."""

    lease: str
    generation: int
    outcome: str


class Report(NamedTuple):
    """Everything a process has to tell about a circuit, as of one moment. `sequence` makes it idempotent."""

    sequence: int
    generation: int
    buckets: tuple[Bucketful, ...]
    totals: Totals
    probes: tuple[ProbeReport, ...]
    last_error: str
    failure_age: float | None
    success_age: float | None
    pause: float

    def aged(self, seconds: float) -> Report:
        """The same report told `seconds` later."""
        return self._replace(
            buckets=tuple(bucket._replace(age=bucket.age + int(seconds)) for bucket in self.buckets),
            failure_age=None if self.failure_age is None else self.failure_age + seconds,
            success_age=None if self.success_age is None else self.success_age + seconds,
            pause=max(0.0, self.pause - seconds),
        )

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.buckets or self.probes or any(self.totals) or self.pause > 0)


class Ledger:
    """Counts of one circuit in one process. Guarded by the circuit's lock, but for the two tickers."""

    def __init__(self, *, reach: float) -> None:
        self.reach = reach
        self.successes = Ticker()
        self.rejections = Ticker()
        self.totals = Totals()
        self.last_error = ""
        self.last_failure: BaseException | None = None
        self.correlation_id = ""
        self.failed_at: float | None = None
        self.succeeded_at: float | None = None
        self._sent = Totals()
        self._tallies: dict[int, _Tally] = {}
        self._probes: list[ProbeReport] = []
        self._pause_until = 0.0
        self._sequence = 0
        self._unanswered: tuple[Report, float] | None = None

    def inherited(self) -> Ledger:
        """The ledger of a child after fork: empty, with the same tickers, since wrappers hold on to them."""
        child = Ledger(reach=self.reach)
        child.successes, child.rejections = self.successes, self.rejections
        child.successes.take()
        child.rejections.take()
        return child

    def drain(self, now: float) -> int:
        """Book what the tickers counted; returns the successes, for the window."""
        rejected, succeeded = self.rejections.take(), self.successes.take()
        if rejected:
            self.totals = self.totals._replace(rejected=self.totals.rejected + rejected)
        if succeeded:
            self.totals = self.totals._replace(succeeded=self.totals.succeeded + succeeded)
            self.succeeded_at = now
        return succeeded

    def book(self, outcome: Outcome, now: float, *, slow: bool) -> None:
        """Add one call to the totals."""
        totals = self.totals
        if slow:
            totals = totals._replace(slow=totals.slow + 1)
        if outcome is Outcome.SUCCESS:
            totals = totals._replace(succeeded=totals.succeeded + 1)
            self.succeeded_at = now
        elif outcome is Outcome.FAILURE:
            totals = totals._replace(failed=totals.failed + 1)
            self.failed_at = now
            self.correlation_id = current_correlation_id()
        else:
            totals = totals._replace(ignored=totals.ignored + 1)
        self.totals = totals

    def owe(self, now: float, *, succeeded: int = 0, failed: int = 0, slow: int = 0) -> None:
        """Remember calls of the current generation that the store has yet to hear of."""
        tally = self._tallies.setdefault(int(now), _Tally())
        tally.succeeded += succeeded
        tally.failed += failed
        tally.slow += slow
        if len(self._tallies) > self.reach:
            self._forget_old(now)

    def owe_probe(self, lease: str, generation: int, outcome: Outcome) -> None:
        """Remember the end of a probe."""
        self.correlation_id = current_correlation_id()
        self._probes.append(ProbeReport(lease, generation, str(outcome)))

    def pause(self, until: float) -> None:
        """The service asked not to be called before `until`."""
        self._pause_until = max(self._pause_until, until)

    def ages(self, now: float) -> tuple[float | None, float | None]:
        """Seconds since this process saw the service fail, and succeed."""
        failed, succeeded = self.failed_at, self.succeeded_at
        return None if failed is None else now - failed, None if succeeded is None else now - succeeded

    def disown(self) -> None:
        """Drop unreported window counts: a new generation began and they belong to the old one."""
        self._tallies.clear()

    @property
    def owes_failures(self) -> bool:
        """Whether a failure is still to be reported."""
        return any(tally.failed or tally.slow for tally in self._tallies.values())

    def take_report(self, generation: int, now: float) -> Report | None:
        """What to tell the store now, None when there is nothing.

        A report without an answer may have arrived all the same, so it is told again as it was, under its old
        sequence; what has happened since waits for the next one.
        """
        if self._unanswered is not None:
            report, taken_at = self._unanswered
            return report.aged(now - taken_at)
        self._forget_old(now)
        report = Report(
            sequence=self._sequence + 1,
            generation=generation,
            buckets=tuple(
                Bucketful(max(0, int(now) - second), tally.succeeded, tally.failed, tally.slow)
                for second, tally in self._tallies.items()
            ),
            totals=self.totals.since(self._sent),
            probes=tuple(self._probes),
            last_error=self.last_error,
            failure_age=None if self.failed_at is None else max(0.0, now - self.failed_at),
            success_age=None if self.succeeded_at is None else max(0.0, now - self.succeeded_at),
            pause=max(0.0, self._pause_until - now),
        )
        if report.empty:
            return None
        self._sequence = report.sequence
        self._tallies, self._probes, self._sent = {}, [], self.totals
        self._pause_until = 0.0
        self._unanswered = (report, now)
        return report

    def answered(self, report: Report) -> None:
        """The store has this report (two threads may have told the same one)."""
        if self._unanswered is not None and self._unanswered[0].sequence == report.sequence:
            self._unanswered = None

    def _forget_old(self, now: float) -> None:
        oldest = now - self.reach
        self._tallies = {second: tally for second, tally in self._tallies.items() if second >= oldest}
