"""Which internet addresses may be called on behalf of a tenant.

Explicit lists instead of `ipaddress.is_global`, whose answer differs between versions of Python. From IANA's
registries of special-purpose addresses (2026), and what clouds keep behind addresses of their own.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

#: Addresses of a private network: allowed where the deployment allows private targets.
_PRIVATE = tuple(
    ip_network(text)
    for text in (
        *(
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "127.0.0.0/8",
            "100.64.0.0/10",
        ),  # the last: carrier-grade NAT
        *("::1/128", "fc00::/7"),
    )
)
#: Never allowed: nobody's, everybody's, or the machine's own (link-local has metadata and Lambda's runtime API).
_NEVER_V4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # metadata of a cloud
        "168.63.129.16/32",  # metadata of a cloud
        "169.254.0.0/16",
        "192.0.0.0/24",  # protocol assignments, and metadata of a cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_METADATA_V6 = ip_network("fd00:ec2::/32")
#: All that is ever assigned for use between networks. Outside are IPv4-mapped and -compatible forms, NAT64,
#: link-local, site-local, multicast.
_GLOBAL_V6 = ip_network("2000::/3")
_NEVER_V6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
#: Interface identifiers of ISATAP: an IPv4 address in the lower 32 bits.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def may_call(address: Address, *, allow_private: bool) -> bool:
    """Whether a tenant's target or webhook may have this address."""
    if isinstance(address, IPv4Address):
        if any(address in network for network in _NEVER_V4):
            return False
        return allow_private or not _is_private(address)
    if _is_private(address):
        return allow_private and address not in _METADATA_V6
    if address not in _GLOBAL_V6 or any(address in network for network in _NEVER_V6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP


def may_call_all(addresses: Sequence[Address], *, allow_private: bool) -> bool:
    """Whether a name with these addresses may be called: one that may not be called spoils all of them."""
    return bool(addresses) and all(may_call(address, allow_private=allow_private) for address in addresses)


def _is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)
