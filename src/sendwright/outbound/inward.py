"""Addresses that no stranger's DNS may send us to (attack A14): ourselves, our networks, and what is no place at all.

An explicit list, because the library's `is_private` and `is_global` differ between Python versions and let pass, among
others, 100.64.0.1 and addresses that wrap 127.0.0.1 (NAT64, 6to4, IPv4-compatible).
"""

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in text.split())


# No server can be there, whatever the operator allows.
NOWHERE = _networks("0.0.0.0/8 224.0.0.0/4 240.0.0.0/4 ::/128 ff00::/8")

# IANA's special-purpose registries for IPv4 and IPv6, and what wraps an IPv4 address.
INWARD = _networks(
    "10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
    "::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 "
    "3fff::/20 5f00::/16 fc00::/7 fe80::/10 fec0::/10"
)


def is_inward(address: str, *, own: Collection[str] = (), allow_private: bool = False) -> bool:
    """Whether no connection may be made to this IP address. Raises ValueError when it is none.

    `own`: our own addresses in their canonical text. `allow_private`: for tests and closed networks; our own addresses
    and those that are no place stay refused.
    """
    ip: IPv4Address | IPv6Address = ip_address(address)
    if str(ip) in own or _within(ip, NOWHERE):
        return True
    return not allow_private and _within(ip, INWARD)


def _within(ip: IPv4Address | IPv6Address, networks: tuple[Network, ...]) -> bool:
    return any(ip.version == network.version and ip in network for network in networks)
