"""Which processes are taken for servers of a home: never one that isn't."""

import pytest

from config.local_services.postgres import Postgres
from config.local_services.processes import Signature
from config.local_services.valkey import Valkey

POSTGRES = Postgres.signature("podium-0a")
VALKEY = Valkey.signature("podium-0a")


@pytest.mark.parametrize(
    ("signature", "arguments"),
    [
        (POSTGRES, ["/opt/some folder/bin/postgres", "-D", "/data", "-c", "cluster_name=podium-0a"]),
        (VALKEY, ["/opt/valkey-server", "/data/valkey.conf", "--syslog-ident", "podium-0a"]),
    ],
)
def test_a_server_is_known_by_its_program_and_marker(signature: Signature, arguments: list[str]) -> None:
    assert signature.is_server(arguments)
    assert not signature.is_child(arguments)


def test_a_child_of_postgresql_is_known_by_its_title() -> None:
    title = ["postgres: podium-0a: checkpointer "]
    assert POSTGRES.is_child(title)
    assert not POSTGRES.is_server(title)


@pytest.mark.parametrize(
    "arguments",
    [
        ["/usr/bin/postgres", "-D", "/data", "-c", "cluster_name=podium-0b"],
        ["/usr/bin/postgres", "-D", "/data"],
        ["postgres: podium-0b: checkpointer "],
        ["postgres: checkpointer "],
        ["less", "/var/lib/podium-local/podium-0a/postgres.log"],
        ["grep", "postgres: podium-0a: ", "cluster_name=podium-0a"],
        ["/bin/sh", "-c", "postgres -c cluster_name=podium-0a"],
        ["valkey-server", "/data/valkey.conf", "--syslog-ident", "podium-0b"],
        ["valkey-server *:6379"],
    ],
)
def test_what_is_not_ours_is_left_alone(arguments: list[str]) -> None:
    for signature in (POSTGRES, VALKEY):
        assert not signature.is_server(arguments)
        assert not signature.is_child(arguments)
