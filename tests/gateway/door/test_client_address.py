"""From where a client calls: what the log is told, and which of what proxies say is believed."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.door.client_address import client_address, counted_as
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.house import open_house

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
FORM = ("content-type", "application/x-www-form-urlencoded")
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def said(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode("latin-1")) for value in values]


@pytest.mark.parametrize(
    ("connected", "fields", "expected"),
    [
        ("192.0.2.7", (), "192.0.2.7"),
        ("192.0.2.7", ("198.51.100.9",), "192.0.2.7"),  # not a proxy of ours: what it says is its own affair
        ("10.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        ("10.0.0.1", ("203.0.113.5, 198.51.100.9",), "198.51.100.9"),  # the left one anybody may have written
        ("10.0.0.1", ("203.0.113.5, 198.51.100.9, 10.0.0.2",), "198.51.100.9"),
        ("10.0.0.1", ("203.0.113.5", "198.51.100.9"), "198.51.100.9"),  # the field twice is one list
        ("10.0.0.1", ("198.51.100.9, unknown",), "10.0.0.1"),
        ("10.0.0.1", (), "10.0.0.1"),
        ("10.0.0.1", ("203.0.113.5, 198.51.100.9:50123",), "198.51.100.9"),  # some proxies write the port too
        ("10.0.0.1", ("198.51.100.9:50123, 10.0.0.2:443",), "198.51.100.9"),
        ("10.0.0.1", ("[2001:db8::1]:50123",), "2001:db8::1"),
        ("10.0.0.1", ("[2001:db8::1]",), "2001:db8::1"),
        ("10.0.0.1", ("198.51.100.9:x",), "10.0.0.1"),
        ("10.0.0.1", ("[[2001:db8::1]]:1",), "10.0.0.1"),
        ("fd00::1", ("2001:DB8:0:0::1",), "2001:db8::1"),
        ("::ffff:10.0.0.1", ("198.51.100.9",), "198.51.100.9"),
        ("fe80::1%eth0", (), "fe80::1"),
        ("in-process", ("198.51.100.9",), None),
        (None, (), None),
    ],
)
def test_the_address_is_the_first_that_no_proxy_of_ours_has(connected: str | None, fields: tuple[str, ...], expected: str | None) -> None:
    assert client_address(connected, said(*fields), trusted=PROXIES) == expected


@pytest.mark.anyio
async def test_who_has_a_network_of_ipv6_addresses_is_one_and_the_same(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    few = {"anonymous_requests_per_second": 1, "anonymous_burst": 3, "legacy_clients": True}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **few) as house:
        addresses = ["2001:db8:0:1::1", "2001:db8:0:1::2", "2001:db8:0:1:ffff::3", "2001:db8:0:1::4", "2001:db8:0:2::1"]
        asked = [(await ask(house.app, "GET", "/livez", address=address)).status for address in addresses]
        assert asked == [200, 200, 200, 429, 200]
        attempts, form = house.app.state.token_endpoint.legacy.attempts, "client_id=x&client_secret=y&grant_type=client_credentials"
        clock.advance(minutes=1)
        await ask(house.app, "POST", "/oauth/token", headers=[FORM], body=form.encode(), address=addresses[0])
        assert list(attempts._failed) == [("x", "2001:db8:0:1::/64"), ("", "2001:db8:0:1::/64")]
    assert [counted_as(one) for one in ("192.0.2.7", None, "::1")] == ["192.0.2.7", "", "::/64"]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_whatever_strangers_write_in_front_changes_nothing(written: list[bytes]) -> None:
    fields = [(b"x-forwarded-for", value) for value in written]
    assert client_address("192.0.2.7", fields, trusted=PROXIES) == "192.0.2.7"
    assert client_address("10.0.0.1", [*fields, *said("198.51.100.9")], trusted=PROXIES) == "198.51.100.9"
    assert client_address("10.0.0.1", fields, trusted=()) == "10.0.0.1"


@pytest.mark.anyio
async def test_the_services_and_the_log_are_told_from_where_a_client_calls(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, trusted_proxies=["192.0.2.0/24"]) as house:
        reader = await house.sea_party("exchange:request")
        token = await house.token(reader)
        told = []
        for address in ("198.51.100.9", "203.0.113.5", "203.0.113.5"):  # one token, within the life of the internal token
            await house.call(reader, token, "GET", PATH, headers=[("X-Forwarded-For", address)])
            caller = house.heard().principal.caller
            assert caller is not None
            told.append(caller.address)
        assert told == ["198.51.100.9", "203.0.113.5", "203.0.113.5"]
        (issued,) = [entry for entry in await house.entries() if entry.context.operation == "token-issued"]
        assert issued.actor.address == "192.0.2.7"
