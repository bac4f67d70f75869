"""The embedded services of one process: start, stop, crash, odd places."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from config.env import ROOT
from config.local_services import LocalServiceError, LocalServices, Services
from config.local_services.identity import load_identity
from config.local_services.processes import wait_until
from tests.integration.config.processes import pids_of

# Real servers, started, killed and broken: a minute in all.
pytestmark = pytest.mark.slow

ServicesOf = Callable[[Path], LocalServices]

IS_ROOT = os.geteuid() == 0


def remember(services: Services, word: str) -> None:
    with psycopg.connect(services.database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory (word text)")
        connection.execute("INSERT INTO memory VALUES (%s)", [word])
    with redis.Redis.from_url(services.redis_url) as client:
        client.rpush("memory", word)


def recall(services: Services) -> tuple[list[str], list[str]]:
    with psycopg.connect(services.database_url) as connection:
        rows = connection.execute("SELECT word FROM memory ORDER BY word").fetchall()
    with redis.Redis.from_url(services.redis_url, decode_responses=True) as client:
        return [word for (word,) in rows], client.lrange("memory", 0, -1)


def server_pids(home: Path) -> dict[str, list[int]]:
    marker = load_identity(home / "services").marker
    return {name: pids_of(marker, executable=name) for name in ("postgres", "valkey-server")}


def cluster_of(home: Path) -> Path:
    marker = load_identity(home / "services").marker
    data = Path("/var/lib/podium-local", marker) if IS_ROOT else home / "services"
    return data / "postgres" / "cluster"


def test_a_second_start_keeps_the_data_and_the_addresses(home: Path) -> None:
    local = LocalServices(home)
    with local as first:
        remember(first, "kept")
    assert server_pids(home) == {"postgres": [], "valkey-server": []}
    with local as second:
        assert second == first
        assert recall(second) == (["kept"], ["kept"])


@pytest.mark.parametrize(
    "name",
    ["with some spaces", 'it\'s $HOME "quoted" `x` \\ %s', "deep/" + "a-folder-with-a-long-name/" * 8, "naïve-ü"],
    ids=["spaces", "quotes", "deep", "unicode"],
)
def test_any_path_will_do(tmp_path: Path, services_of: ServicesOf, name: str) -> None:
    with services_of(tmp_path / name) as services:
        remember(services, "here")
        assert recall(services) == (["here"], ["here"])


def test_two_homes_have_services_of_their_own(tmp_path: Path, services_of: ServicesOf) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with services_of(one) as first, services_of(two) as second:
        remember(first, "first")
        remember(second, "second")
        assert recall(first) == (["first"], ["first"])
        assert recall(second) == (["second"], ["second"])
    assert server_pids(one) == server_pids(two) == {"postgres": [], "valkey-server": []}


def test_a_killed_server_starts_again_with_what_it_had(home: Path) -> None:
    local = LocalServices(home)
    remember(local.start(), "before")
    killed = [pid for pids in server_pids(home).values() for pid in pids]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    services = local.start()
    assert recall(services) == (["before"], ["before"])
    assert not set(killed) & {pid for pids in server_pids(home).values() for pid in pids}
    local.release()
    assert server_pids(home) == {"postgres": [], "valkey-server": []}


def test_a_busy_query_of_a_killed_server_does_not_block_the_next_start(home: Path) -> None:
    local = LocalServices(home, durable=False)
    services = local.start()
    connection = psycopg.connect(services.database_url)
    backend = connection.info.backend_pid

    def turn_for_ever() -> None:
        with pytest.raises(psycopg.OperationalError):
            connection.execute("DO $$ BEGIN LOOP NULL; END LOOP; END $$")

    busy = threading.Thread(target=turn_for_ever)
    busy.start()
    with psycopg.connect(services.database_url, autocommit=True) as watcher:
        state = "SELECT state FROM pg_stat_activity WHERE pid = %s"
        assert wait_until(lambda: watcher.execute(state, [backend]).fetchone() == ("active",), 10)
    postmaster = int((cluster_of(home) / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    assert backend in server_pids(home)["postgres"]

    remember(local.start(), "after")
    assert backend not in server_pids(home)["postgres"]
    busy.join()
    connection.close()
    local.release()


def test_a_pid_file_that_names_another_process_is_not_believed(home: Path) -> None:
    local = LocalServices(home)
    remember(local.start(), "kept")
    pid_file = cluster_of(home) / "postmaster.pid"
    left_behind = pid_file.read_text()
    local.release()

    account = pid_file.parent.stat().st_uid
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=account) as other:
        pid_file.write_text("\n".join([str(other.pid), *left_behind.splitlines()[1:]]) + "\n")
        os.chown(pid_file, account, -1)
        assert recall(local.start()) == (["kept"], ["kept"])
        local.release()
        assert other.communicate(b"alive") == (b"alive", None)


def test_a_pid_file_cut_short_by_a_crash_is_removed(home: Path) -> None:
    local = LocalServices(home)
    remember(local.start(), "kept")
    local.release()
    (cluster_of(home) / "postmaster.pid").write_text("")
    assert recall(local.start()) == (["kept"], ["kept"])
    local.release()


def test_ports_taken_by_others_are_replaced(home: Path) -> None:
    local = LocalServices(home)
    before = local.start()
    remember(before, "kept")
    local.release()
    ports = [urlsplit(url).port for url in (before.database_url, before.redis_url)]
    with socket.create_server(("127.0.0.1", ports[0] or 0)), socket.create_server(("127.0.0.1", ports[1] or 0)):
        after = local.start()
        assert recall(after) == (["kept"], ["kept"])
        local.release()
    assert not set(ports) & {urlsplit(url).port for url in (after.database_url, after.redis_url)}


def test_an_interrupted_initdb_is_done_again(home: Path) -> None:
    local = LocalServices(home, durable=False)
    local.start()
    local.release()
    cluster = cluster_of(home)
    shutil.rmtree(cluster)
    (cluster.parent / "cluster.draft").mkdir()
    (cluster.parent / "cluster.draft" / "PG_VERSION").write_text("18\n")
    remember(local.start(), "new")
    local.release()


def test_data_of_another_major_version_is_refused_by_name(home: Path) -> None:
    local = LocalServices(home, durable=False)
    local.start()
    local.release()
    (cluster_of(home) / "PG_VERSION").write_text("15\n")
    with pytest.raises(LocalServiceError, match="is of PostgreSQL 15, and 18 is installed"):
        local.start()
    assert server_pids(home) == {"postgres": [], "valkey-server": []}


def test_a_copied_home_gets_servers_of_its_own(tmp_path: Path, services_of: ServicesOf) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    with services_of(original) as first:
        remember(first, "original")
        shutil.copytree(original, copy)
        with services_of(copy) as second:
            remember(second, "copy")
            assert recall(first) == (["original"], ["original"])
            assert second.database_url != first.database_url
        assert recall(first) == (["original"], ["original"])


def test_a_moved_home_keeps_its_data(tmp_path: Path, services_of: ServicesOf) -> None:
    services_of(tmp_path / "new")
    with LocalServices(tmp_path / "old") as services:
        remember(services, "kept")
    (tmp_path / "old").rename(tmp_path / "new")
    with LocalServices(tmp_path / "new") as services:
        assert recall(services) == (["kept"], ["kept"])


def test_a_home_removed_while_its_servers_run_leaves_no_server(home: Path) -> None:
    local = LocalServices(home, durable=False)
    local.start()
    marker = load_identity(home / "services").marker
    shutil.rmtree(home)
    local.release()
    assert pids_of(marker, executable="postgres") == pids_of(marker, executable="valkey-server") == []
    shutil.rmtree(Path("/var/lib/podium-local", marker), ignore_errors=True)


def test_a_damaged_identity_is_named_and_kept(home: Path) -> None:
    (home / "services").mkdir(parents=True)
    identity = home / "services" / "identity.json"
    identity.write_text('{"marker": ')
    with pytest.raises(LocalServiceError, match=r"identity\.json is damaged"):
        LocalServices(home).start()
    assert identity.read_text() == '{"marker": '
    identity.unlink()


def test_no_mode_of_a_folder_that_was_there_is_changed(tmp_path: Path, services_of: ServicesOf) -> None:
    home = tmp_path / "shut" / "home"
    home.mkdir(parents=True)
    home.parent.chmod(0o700)
    watched = {*home.parents, home, Path.home(), *Path.home().parents, ROOT, *ROOT.parents, Path("/var/lib")}
    before = {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in watched}
    with services_of(home) as services:
        remember(services, "x")
    assert {folder: (folder.stat().st_mode, folder.stat().st_uid) for folder in watched} == before


def test_passwords_are_in_no_command_line_and_in_no_file_that_others_can_read(home: Path) -> None:
    with LocalServices(home, durable=False):
        identity = load_identity(home / "services")
        for password in identity.passwords.values():
            assert pids_of(password, executable="") == []
        holders = [path for path in (home / "services").rglob("*") if path.is_file()]
        holders += [cluster_of(home).parent.parent / "valkey.conf"]
        assert {path.name for path in holders if path.stat().st_mode & 0o077} == set()


def test_a_wrong_password_is_refused(home: Path) -> None:
    with LocalServices(home, durable=False) as services:
        identity = load_identity(home / "services")
        wrong = services.database_url.replace(identity.passwords["postgres"], "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with (
            redis.Redis.from_url(services.redis_url.replace(identity.passwords["valkey"], "guess")) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()


def test_servers_are_out_of_reach_of_the_terminal(home: Path) -> None:
    with LocalServices(home, durable=False):
        for pids in server_pids(home).values():
            assert os.getsid(0) not in {os.getsid(pid) for pid in pids}


@pytest.mark.skipif(not IS_ROOT, reason="only root has servers that run as somebody else")
def test_for_root_the_servers_run_as_an_unprivileged_account(home: Path) -> None:
    with LocalServices(home, durable=False):
        for pids in server_pids(home).values():
            assert pids
            assert 0 not in {Path("/proc", str(pid)).stat().st_uid for pid in pids}


@pytest.mark.skipif(not IS_ROOT, reason="only root can make a folder of somebody else")
def test_the_home_of_another_user_is_refused(home: Path) -> None:
    (home / "services").mkdir(parents=True)
    os.chown(home / "services", 65534, 65534)
    with pytest.raises(LocalServiceError, match="belongs to another user"):
        LocalServices(home).start()
    os.chown(home / "services", 0, 0)


ORDINARY_USER = """
import os, sys
from pathlib import Path
import psycopg, redis, encodings.idna  # the interpreter's own folder may be out of reach afterwards
from config.local_services import LocalServices
home = Path(sys.argv[1])
with_root_rights = os.geteuid() == 0
if with_root_rights:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for attempt in ("first", "second"):
    with LocalServices(home, durable=False) as services:
        psycopg.connect(services.database_url).close()
        with redis.Redis.from_url(services.redis_url) as client:
            client.ping()
print(*sorted(path.name for path in (home / "services").iterdir()))
"""


def test_an_ordinary_user_has_everything_in_their_home(tmp_path: Path) -> None:
    home = Path("/tmp", f"podium-ordinary-{os.getpid()}") if IS_ROOT else tmp_path  # noqa: S108 - others can enter it
    home.mkdir(exist_ok=True)
    if IS_ROOT:
        os.chown(home, 65534, 65534)
    try:
        done = subprocess.run(
            [sys.executable, "-c", ORDINARY_USER, str(home)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        assert done.stdout.split() == [
            *("change.lock", "identity.json", "postgres", "postgres.log", "postgres.log.1", "users.lock"),
            *("valkey", "valkey.conf", "valkey.log", "valkey.log.1"),
        ]
    finally:
        shutil.rmtree(home)
