"""What a test run gets before it starts, and what a skip means where everything must run."""

from types import SimpleNamespace

import pytest

from config.env import ROOT
from tests.services import REQUIRE_ALL, needs_services, pytest_runtest_makereport, pytest_xdist_setupnodes


@pytest.mark.parametrize(
    "arguments",
    [
        ["tests/unit"],
        ["tests/unit", "-n", "2", "-q"],
        ["tests/unit/config/test_env.py::test_an_unset_variable_has_its_default"],
        ["tests/architecture", "tests/unit"],
        [str(ROOT / "tests" / "unit"), "-k", "scoring"],
        ["--collect-only"],
        ["tests/integration", "--collect-only"],
        ["--help"],
    ],
)
def test_a_run_without_a_database_starts_none(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert not needs_services(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-n", "2"],
        ["tests"],
        ["tests/unit", "tests/integration"],
        ["tests/e2e"],
        ["tests/integration/config/test_local_services.py::test_any_path_will_do"],
        ["-k", "unit"],
    ],
)
def test_every_other_run_gets_services(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert needs_services(arguments)


def test_each_worker_has_a_valkey_database_and_a_home_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:7000/0")
    monkeypatch.setenv("PODIUM_HOME", "/var/home")
    specs = [SimpleNamespace(env={}), SimpleNamespace(env={})]
    pytest_xdist_setupnodes(specs)
    assert [spec.env for spec in specs] == [
        {"REDIS_URL": "redis://:secret@127.0.0.1:7000/1", "PODIUM_HOME": "/var/home/worker-1"},
        {"REDIS_URL": "redis://:secret@127.0.0.1:7000/2", "PODIUM_HOME": "/var/home/worker-2"},
    ]


def reported(outcome: str, reason: str) -> pytest.TestReport:
    """What the hook makes of a test's report."""
    longrepr = ("test_x.py", 1, f"Skipped: {reason}") if outcome == "skipped" else None
    report = pytest.TestReport("test_x", ("test_x.py", 1, "test_x"), {}, outcome, longrepr, "call")  # type: ignore[arg-type]
    hook = pytest_runtest_makereport()
    next(hook)
    with pytest.raises(StopIteration) as stopped:
        hook.send(report)
    result: pytest.TestReport = stopped.value.value
    return result


def test_a_skip_is_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(REQUIRE_ALL, raising=False)
    assert reported("skipped", "no browser").outcome == "skipped"


def test_a_skip_is_a_failure_where_everything_must_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_ALL, "1")
    report = reported("skipped", "no browser")
    assert report.outcome == "failed"
    assert "no browser" in str(report.longrepr)


def test_data_outside_the_repository_may_be_missing_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REQUIRE_ALL, "1")
    assert reported("skipped", "../shared/data is not there").outcome == "skipped"
    assert reported("passed", "").outcome == "passed"
