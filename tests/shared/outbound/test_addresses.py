"""Which addresses may be called: public ones in every spelling, others only where a setting names their network."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.outbound.addresses import LOOPBACK, AddressRefused, is_inside, require_reachable
from shared.outbound.calls import Reachable

INSIDE = (
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "168.63.129.16", "100.100.100.200",
    "100.64.0.1", "0.1.0.0", "0.0.0.1", "192.0.0.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00::1", "fd00:ec2::254", "ff02::1", "ff0e::1",
    "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::7f00:1", "::8.8.8.8", "2002:7f00:1::", "2002:c0a8:101::1", "2002:a9fe:a9fe::1",
    "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "2001:db8::1", "2001::1", "3fff::1", "100::1", "4000::1", "5f00::1",
)  # fmt: skip
OUTSIDE = (
    "8.8.8.8", "193.0.6.139", "172.32.0.1", "192.167.255.255", "2a00:1450:4001::7", "2600::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    "2002:808:808::1",
)  # fmt: skip
NEVER = ("169.254.169.254", "168.63.129.16", "0.1.2.3", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0",
         "fec0::1", "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1")  # fmt: skip
EVERYTHING = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@pytest.mark.requirement("DOOR-ssrf")
@pytest.mark.parametrize("address", INSIDE)
def test_an_address_inside_is_refused_in_every_spelling(address: str) -> None:
    assert is_inside(address)
    with pytest.raises(AddressRefused):
        require_reachable(address, inside=())


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is_not(address: str) -> None:
    require_reachable(address, inside=())


@pytest.mark.parametrize("address", NEVER)
def test_no_setting_opens_a_clouds_metadata_or_what_is_no_host(address: str) -> None:
    with pytest.raises(AddressRefused):
        require_reachable(address, inside=EVERYTHING)


def test_a_setting_opens_its_networks_and_no_other() -> None:
    inside = (ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd12::/16"))
    for address in ("10.20.0.1", "10.20.255.255", "::ffff:10.20.0.1", "fd12::1"):
        require_reachable(address, inside=inside)
    for address in ("10.21.0.1", "192.168.0.1", "127.0.0.1", "fd13::1", "::1", "::ffff:10.21.0.1", "2002:a14:1::1", "64:ff9b::a14:1"):
        with pytest.raises(AddressRefused):
            require_reachable(address, inside=inside)


@given(st.integers(0, 2**32 - 1))
def test_what_an_ipv6_address_stands_for_is_what_is_looked_at(number: int) -> None:
    plain = ipaddress.IPv4Address(number)
    for embedding in ((0xFFFF << 32) | number, (0x64FF9B << 96) | number, (0x2002 << 112) | (number << 80) | 1):
        assert is_inside(str(ipaddress.IPv6Address(embedding))) == is_inside(str(plain))


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_public_that_the_standard_library_calls_anything_else(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    special = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified
    stands_for_another = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if special and stands_for_another is None:
        assert is_inside(str(address))


@given(st.ip_addresses(v=6))
def test_of_ipv6_only_global_unicast_is_public(address: ipaddress.IPv6Address) -> None:
    first = int(address) >> 125
    if first != 1 and address.ipv4_mapped is None and int(address) >> 32 != 0x64FF9B << 64:
        assert is_inside(str(address))


SPELLINGS = ("2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.1", "127.0.1", "127.000.000.001", "0", "0x0")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_a_resolver_reads_a_number_the_socket_is_for_the_address_that_it_means(spelling: str) -> None:
    try:
        found = socket.getaddrinfo(spelling, 443, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return  # this machine's resolver does not know the spelling: there is nothing to connect to
    assert found
    for where in found:
        with pytest.raises(AddressRefused):
            Reachable(()).socket_for(where)


def test_only_insecure_development_reaches_this_machine() -> None:
    where = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))
    Reachable(LOOPBACK, development=True).socket_for(where).close()
    with pytest.raises(AddressRefused):
        Reachable(()).socket_for(where)
