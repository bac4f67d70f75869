"""The outbound guard: which addresses Podium connects to for its users.

A user's URL may point anywhere, also at what only this machine can reach. So a host is resolved once, every address
that it has is checked, and the connection goes to those addresses and to no other: there is no second look-up whose
answer could differ. Refusals never say what a name resolved to.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from yarl import URL

from apps.resilience.http.errors import ForbiddenTarget

# IANA's special-purpose registry (RFC 6890 and its updates), and multicast.
NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' shared space
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, and the metadata services of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Of IPv6 only global unicast is public. That leaves out ::/96 with the unspecified address and loopback, IPv4-mapped
# addresses, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), fc00::/7, fe80::/10, fec0::/10 and multicast.
GLOBAL_UNICAST = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
LONGEST = 2000
LONGEST_LABEL = 63  # RFC 1035, section 2.3.4; longer and empty ones are nothing that a resolver is asked for
# RFC 3986 allows none of these; parsers disagree on what they mean.
SUSPICIOUS = re.compile(r"[\x00-\x20\x7f\\]")
CREDENTIALS = re.compile(r"://[^/?#]*@")  # also empty ones, which the parser drops
ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?$")


@lru_cache(maxsize=4096)
def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anybody's in the open Internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in NOT_PUBLIC_4)
    return address in GLOBAL_UNICAST and not any(address in network for network in NOT_PUBLIC_6)


def may_connect(address: str) -> bool:
    """Whether Podium may connect to a numeric address; anything else is refused."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.scope_id:
        return False
    return is_public(parsed) or (settings.OUTBOUND_ALLOW_LOOPBACK and parsed.is_loopback)


def check_url(url: str) -> URL:
    """The URL as it will be requested, read by the parser that will request it.

    Raises:
        ForbiddenTarget: Podium does not connect there. A name that resolves to a forbidden address is only found
            out when it is connected to.
    """
    if SUSPICIOUS.search(url) or len(url) > LONGEST:
        raise ForbiddenTarget(f"An address has no spaces, control characters or backslashes, and {LONGEST} at most.")
    try:
        parsed = URL(url)
        host, port = parsed.host, parsed.port
    except ValueError as error:
        raise ForbiddenTarget("This is no address.") from error
    schemes = ("https", "http") if settings.OUTBOUND_ALLOW_LOOPBACK else ("https",)
    if parsed.scheme not in schemes:
        raise ForbiddenTarget(f"An address begins with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
    if parsed.user is not None or parsed.password is not None or CREDENTIALS.search(url):
        raise ForbiddenTarget("An address holds no user name and no password.")
    if not host or not port:
        raise ForbiddenTarget("An address names a host.")
    if _is_numeric(host):
        if not may_connect(host):
            raise ForbiddenTarget("Podium connects to public addresses only.")
    elif not all(0 < len(label) <= LONGEST_LABEL for label in str(parsed.raw_host).removesuffix(".").split(".")):
        raise ForbiddenTarget(f"Each part of a host's name has 1 to {LONGEST_LABEL} characters.")
    return parsed


def _is_numeric(host: str) -> bool:
    """Whether a host is an address and no name, in any spelling that a system's resolver would take for one."""
    return ":" in host or ENDS_IN_A_NUMBER.search(host) is not None
