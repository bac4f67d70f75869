"""What a user's URL can't be made to reach, over real sockets and with a resolver that lies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from django.test import override_settings

from apps.resilience.http import Answer, BadAnswerError, ForbiddenTarget, OutboundFaultError, PinnedClient
from tests.receiver import Arrival, Receiver, answer, receiving

PUBLIC = "93.184.216.34"


class Script(AbstractResolver):
    """Answers each question with the next of its answers, then with the last one again and again."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if not found:
            raise OSError("no such host")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found
        ]

    async def close(self) -> None:
        return


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def run(work: Callable[[PinnedClient], Coroutine[Any, Any, Any]], resolver: AbstractResolver | None = None) -> Any:
    async def inside() -> Any:
        async with asyncio.timeout(20), PinnedClient(resolver=resolver) as client:
            return await work(client)

    return asyncio.run(inside())


def post(url: str, resolver: AbstractResolver | None = None, times: int = 1) -> list[Any]:
    async def work(client: PinnedClient) -> list[Any]:
        found: list[Any] = []
        for _ in range(times):
            try:
                found.append(await client.post(url, body=b"{}", headers={"Content-Type": "application/json"}))
            except Exception as error:  # noqa: BLE001 - the test looks at it
                found.append(error)
        return found

    return run(work, resolver)  # type: ignore[no-any-return]


def test_an_answer_is_asked_for_as_it_is_since_nobody_unpacks_it(receiver: Receiver) -> None:
    post(receiver.url)

    (arrival,) = receiver.arrivals
    sent = {name.lower(): value for name, value in arrival.headers.items()}
    assert sent == {
        "host": receiver.url.split("/")[2],
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": "2",
        "user-agent": sent["user-agent"],
    }


@override_settings(OUTBOUND_ALLOW_LOOPBACK=False)
@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fec0::1"],
    ],
)
def test_a_name_that_resolves_inwards_is_refused(addresses: list[str]) -> None:
    (error,) = post("https://innocent.example.org/", Script(addresses))

    assert isinstance(error, ForbiddenTarget)
    assert error.detail == "Podium connects to public addresses only."


@override_settings(OUTBOUND_ALLOW_LOOPBACK=False)
def test_one_forbidden_address_among_public_ones_is_enough() -> None:
    (error,) = post("https://innocent.example.org/", Script([PUBLIC, "127.0.0.1"]))

    assert isinstance(error, ForbiddenTarget)


def test_what_was_checked_is_what_is_connected_to(receiver: Receiver) -> None:
    """A name server that answers well when it is checked and badly when it is used is never asked a second time."""
    rebinding = Script(["127.0.0.1"], ["127.0.0.2"])

    first, second = post(f"http://rebinding.example.org:{receiver.port}/", rebinding, times=2)

    assert (first, second) == (Answer(200, b"thanks"), Answer(200, b"thanks"))
    assert rebinding.asked == ["rebinding.example.org"]


def test_a_rebound_name_is_checked_again_when_it_is_resolved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remembered answer is over, the next one points inwards: it is refused before any socket is made."""
    monkeypatch.setattr("apps.resilience.http.resolver.REMEMBERED", 0.0)
    rebinding = Script(["127.0.0.1"], ["10.0.0.1"])
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://rebinding.example.org:{nobody.getsockname()[1]}/"

        first, second = post(url, rebinding, times=2)

    assert isinstance(first, OutboundFaultError)
    assert first.code == "not_connected"
    assert isinstance(second, ForbiddenTarget)
    assert rebinding.asked == ["rebinding.example.org"] * 2


def test_a_redirect_inwards_is_an_answer_and_not_a_way(receiver: Receiver) -> None:
    receiver.answering = answer(307, {"Location": f"{receiver.url}/inside"})

    (found,) = post(f"{receiver.url}/in")

    assert (found.status, [arrival.path for arrival in receiver.arrivals]) == (307, ["/in"])


def test_no_message_shows_a_resolved_address(receiver: Receiver) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        (refused,) = post(f"http://name.example.org:{nobody.getsockname()[1]}/", Script(["127.0.0.1"]))
    (unknown,) = post("http://name.example.org/", Script([]))
    (no_tls,) = post(f"https://name.example.org:{receiver.port}/", Script(["127.0.0.1"]))

    codes = [(type(error), error.code) for error in (refused, unknown, no_tls)]
    assert codes == [
        (OutboundFaultError, "not_connected"),
        (OutboundFaultError, "name_not_found"),
        (OutboundFaultError, "tls_failed"),
    ]
    assert [error for error in (refused, unknown, no_tls) if "127.0.0.1" in str(error)] == []


def test_only_the_head_of_an_answer_is_kept_and_an_endless_one_is_cut_off(receiver: Receiver) -> None:
    sent = 0

    async def endless(arrival: Arrival) -> Any:
        nonlocal sent
        from aiohttp import web  # noqa: PLC0415

        response = web.StreamResponse()
        await response.prepare(arrival.request)
        while sent < 100_000_000:
            await response.write(b"x" * 65_536)
            sent += 65_536
        return response

    receiver.answering = endless

    (found,) = post(receiver.url)

    assert found == Answer(200, b"x" * 1024)
    assert sent < 20_000_000


def test_an_answer_is_not_decompressed(receiver: Receiver) -> None:
    receiver.answering = answer(200, {"Content-Encoding": "gzip"}, "no gzip at all")

    (found,) = post(receiver.url)

    assert found == Answer(200, b"no gzip at all")


def test_a_fault_of_the_receiver_says_when_to_come_back(receiver: Receiver) -> None:
    receiver.answering = answer(503, {"Retry-After": "999999999"}, "busy")

    (error,) = post(receiver.url)

    assert isinstance(error, BadAnswerError)
    assert (error.status_code, error.head, error.retry_after) == (503, b"busy", 86_400.0)
