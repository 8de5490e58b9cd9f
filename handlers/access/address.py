"""The address that somebody asks from, as far as it stands for one visitor."""

from __future__ import annotations

import ipaddress

NETWORK_BITS = 64  # of an IPv6 address: whoever has one has all of its network


def network_of(address: str) -> str:
    """Return the part of an address by which tries are counted; what is no address stands for itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found), NETWORK_BITS), strict=False))
        found = found.ipv4_mapped
    return str(found)


def without_port(text: str) -> str:
    """Return the address of a text such as `198.51.100.7:46532`, `2001:db8::7:46532` or `[2001:db8::7]:46532`.

    Source: Amazon CloudFront developer guide, "Add CloudFront request headers", CloudFront-Viewer-Address.
    """
    return text.rpartition(":")[0].strip("[]")
