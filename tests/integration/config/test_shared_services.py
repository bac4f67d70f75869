"""Several processes and one home: who starts, who joins, who stops."""

import os
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from config.local_services import LocalServices
from config.local_services.identity import load_identity
from tests.integration.config.processes import UserProcess, pids_of

# Real servers, started, killed and broken: a minute in all.
pytestmark = pytest.mark.slow


def running(home: Path) -> list[int]:
    """Process ids of the two servers, or what is there of them."""
    marker = load_identity(home / "services").marker
    return pids_of(f"cluster_name={marker}", executable="postgres") + pids_of(marker, executable="valkey-server")


def test_the_last_one_out_stops_the_servers_whoever_started_them(home: Path) -> None:
    with UserProcess(home) as first, UserProcess(home) as second:
        urls = first.urls()
        assert second.urls() == urls
        servers = running(home)
        assert first.end() == (0, "", "")
        assert running(home) == servers
        psycopg.connect(urls.database).close()
        assert second.end() == (0, "", "")
    assert running(home) == []


def test_users_that_start_at_the_same_moment_share_one_pair_of_servers(home: Path) -> None:
    with UserProcess(home) as first, UserProcess(home) as second, UserProcess(home) as third:
        assert first.urls() == second.urls() == third.urls()
        assert len(running(home)) == 2
        for user in (first, second, third):
            assert user.end() == (0, "", "")
    assert running(home) == []


def test_what_a_killed_user_left_running_is_joined_and_then_stopped(home: Path) -> None:
    with UserProcess(home) as killed:
        killed.urls()
    servers = running(home)
    assert len(servers) == 2
    with UserProcess(home) as next_user:
        next_user.urls()
        assert running(home) == servers
        assert next_user.end() == (0, "", "")
    assert running(home) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_user_that_is_asked_to_end_stops_its_servers(home: Path, number: signal.Signals) -> None:
    with UserProcess(home) as user:
        user.urls()
        user.process.send_signal(number)
        user.process.wait(timeout=60)
    assert running(home) == []


FORKING_USER = """
import os, sys, json
from config.local_services import ensure_services
ensure_services()
if os.fork() == 0:
    sys.exit(0)
os.wait()
print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}), flush=True)
sys.stdin.read()
"""


def test_a_forked_child_that_ends_stops_nothing(home: Path) -> None:
    with UserProcess(home, script=FORKING_USER) as user:
        urls = user.urls()
        psycopg.connect(urls.database).close()
        assert user.end() == (0, "", "")
    assert running(home) == []


def test_only_what_is_missing_is_started(home: Path) -> None:
    given = "redis://127.0.0.1:1/0"
    with UserProcess(home, environ={"REDIS_URL": given}) as user:
        urls = user.urls()
        assert urls.redis == given
        psycopg.connect(urls.database).close()
        assert len(running(home)) == 1
    with LocalServices(home):
        pass


def test_a_url_from_a_file_counts_as_given(home: Path, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://elsewhere/podium\n")
    with LocalServices(home, durable=False) as services:
        redis_url = services.redis_url
    script = "import os; from config.local_services import ensure_services; ensure_services(); print(os.environ)"
    environ = {"DATABASE_URL_FILE": str(tmp_path / "url"), "REDIS_URL": redis_url}
    with UserProcess(home, script=script, environ=environ) as user:
        code, output, errors = user.end()
    assert (code, errors) == (0, "")
    assert "'DATABASE_URL': ''" in output
    assert running(home) == []


def test_production_settings_start_nothing(home: Path) -> None:
    script = "from config.local_services import ensure_services; ensure_services()"
    environ = {"DJANGO_SETTINGS_MODULE": "config.settings.production"}
    with UserProcess(home, script=script, environ=environ) as user:
        assert user.end() == (0, "", "")
    assert not home.exists()


def test_a_start_that_fails_says_why_in_one_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with UserProcess(tmp_path / "file") as user:
        code, output, errors = user.end()
    assert (code, output) == (1, "")
    assert errors == f"PODIUM_HOME={tmp_path / 'file'} can't be used: File exists.\n"


def test_each_user_sees_what_the_other_wrote(home: Path) -> None:
    with UserProcess(home) as first, LocalServices(home) as services:
        urls = first.urls()
        with redis.Redis.from_url(urls.redis) as writer, redis.Redis.from_url(services.redis_url) as reader:
            writer.set("written-by", os.getpid())
            assert reader.get("written-by") == str(os.getpid()).encode()
        first.end()
