"""The outbound guard: every way of writing an address that is not anybody's in the open Internet."""

from __future__ import annotations

import pytest
from django.test import override_settings

from apps.resilience.http.errors import ForbiddenTarget
from apps.resilience.http.guard import check_url, may_connect

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "2606:2800:220:1:248:1893:25c8:1946",
    "2a00:1450::1",
]
FORBIDDEN = {
    "unspecified": ["0.0.0.0", "::"],  # noqa: S104
    "this network": ["0.1.2.3"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "carriers": ["100.64.0.1", "100.127.255.255"],
    "link-local": ["169.254.0.1", "fe80::1", "fe80::1%eth0"],
    "metadata": ["169.254.169.254", "169.254.170.2", "fd00:ec2::254", "100.100.100.200", "192.0.0.192"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"],
    "IPv4-mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:7f00:1"],
    "IPv4-compatible": ["::127.0.0.1", "::7f00:1", "::8.8.8.8"],
    "site-local": ["fec0::1", "feff::1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1"],
    "6to4": ["2002:7f00:1::", "2002:808:808::1", "192.88.99.1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "documentation": ["2001:db8::1", "3fff::1"],
    "no address": ["localhost", "127.1", "2130706433", "0x7f.1", ""],
}
LITERALS = [address for kind in FORBIDDEN.values() for address in kind if address[:1].isdigit() or ":" in address]


@pytest.fixture(autouse=True)
def _as_in_production() -> object:
    with override_settings(OUTBOUND_ALLOW_LOOPBACK=False):
        yield


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert may_connect(address)


@pytest.mark.parametrize("address", [a for kind in FORBIDDEN.values() for a in kind], ids=str)
def test_others_may_not(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", LITERALS)
def test_a_url_with_such_an_address_is_refused_without_a_lookup(address: str) -> None:
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(ForbiddenTarget):
        check_url(f"https://{host}/hooks")


@pytest.mark.parametrize(
    "host",
    [
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.0.0.1",
        "127.0.1",
        "017700000001",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "１２７.0.0.1",  # noqa: RUF001
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:ffff:7f00:0001]",
        "[0000::1]",
        "[::]",
        "3232235777",
    ],
)
def test_no_spelling_of_a_forbidden_address_gets_through(host: str) -> None:
    with pytest.raises(ForbiddenTarget):
        check_url(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.example.org/",
        "ftp://receiver.example.org/",
        "file:///etc/passwd",
        "gopher://receiver.example.org/",
        "//receiver.example.org/",
        "receiver.example.org",
        "https://",
        "https:///path",
        "https://user@receiver.example.org/",
        "https://user:secret@receiver.example.org/",
        "https://:secret@receiver.example.org/",
        "https://@receiver.example.org/",
        "https://receiver.example.org\\@127.0.0.1/",
        "https://receiver.example.org /",
        "https://receiver.example.org/\r\nX: y",
        "https://receiver.example.org:99999/",
        "https://receiver.example.org:port/",
        "https://[::1",
        "https://" + "a" * 2000 + ".example.org/",
        "https://" + "a" * 64 + ".example.org/",
        "https://receiver..example.org/",
        "https://.example.org/",
        "",
    ],
)
def test_a_url_that_is_not_plainly_https_to_a_host_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenTarget):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://receiver.example.org/hooks?team=7",
        "https://receiver.example.org:8443/",
        "https://bücher.example/",
        "https://93.184.216.34/",
        "https://[2606:2800:220:1:248:1893:25c8:1946]/",
        "https://1and1.example.org/",
        "https://" + "a" * 63 + ".example.org./",
        "https://0x7f.example.org/",
    ],
)
def test_an_ordinary_url_passes(url: str) -> None:
    assert check_url(url).scheme == "https"


@override_settings(OUTBOUND_ALLOW_LOOPBACK=True)
@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/", "http://localhost:9000/", "https://[::1]:9000/"])
def test_development_may_reach_its_own_machine(url: str) -> None:
    assert str(check_url(url)) == url


@override_settings(OUTBOUND_ALLOW_LOOPBACK=True)
@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "0.1.2.3", "fe80::1"])
def test_and_nothing_else_that_is_not_public(address: str) -> None:
    assert not may_connect(address)


def test_a_refusal_names_no_address() -> None:
    with pytest.raises(ForbiddenTarget) as refused:
        check_url("https://169.254.169.254/latest/meta-data/")

    assert refused.value.detail == "Podium connects to public addresses only."
