"""Nobody reaches the node's own networks by naming a receiver there, whatever its name says today; and TLS is what it should be."""

import socket
from pathlib import Path
from typing import Any

import pytest

from services.audit.destinations.addresses import Reach
from shared.outbound.addresses import AddressRefused
from tests.audit.destinations.keeping import Keeping, keeping
from tests.audit.destinations.receivers import WebhookReceiver, authority_and_server, syslog_receiver, webhook_receiver
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


def test_a_host_that_the_settings_name_may_be_inside_and_no_other() -> None:
    where = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.7", 443))
    for named in ("siem.alder.example", "SIEM.alder.example:443"):
        Reach("siem.alder.example", 443, named=[named]).socket_for(where).close()
    for named in ("siem.alder.example:6514", "alder.example", "10.0.0.7", "*"):
        reach = Reach("siem.alder.example", 443, named=[named])
        with pytest.raises(AddressRefused):
            reach.socket_for(where)
        assert reach.refused


async def fault_of(kept: Keeping, receiver: dict[str, Any]) -> str | None:
    made = await kept.make(receiver)
    await kept.turn()
    stands = await kept.stands(made.destination.id)
    assert (stands.index == made.destination.index) == (stands.last_fault is not None)
    return stands.last_fault


@pytest.mark.requirement("LOG-SIEM")
async def test_what_is_inside_gets_nothing_unless_it_is_named(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with keeping(store_url, node_keys, clock, destination_hosts=()) as kept, webhook_receiver() as one, syslog_receiver(None) as two:
        for host in ("127.0.0.1", "localhost"):
            assert await fault_of(kept, {"kind": "webhook", "url": f"http://{host}:{one.port}/"}) == "address-refused"
            assert await fault_of(kept, {"kind": "syslog", "host": host, "port": two.port, "transport": "tcp"}) == "address-refused"
    assert (one.connections, two.came) == (0, [])


async def test_a_network_that_a_setting_names_may_be_sent_to(store_url: str, node_keys: Path, clock: StandingClock) -> None:
    async with (
        keeping(store_url, node_keys, clock, destination_hosts=(), inside_networks=("127.0.0.0/8",)) as kept,
        webhook_receiver() as one,
    ):
        assert await fault_of(kept, {"kind": "webhook", "url": f"http://127.0.0.1:{one.port}/"}) is None
    assert one.connections == 1


async def test_a_name_that_has_another_address_by_now_does_not_reach_it(
    kept: Keeping, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the name is that of a receiver outside, and resolves to this machine when the connection is made."""
    found = socket.getaddrinfo("127.0.0.1", receiver.port, type=socket.SOCK_STREAM)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    made = await kept.make({"kind": "webhook", "url": "https://siem.alder.example/"})
    await kept.turn()
    assert (await kept.stands(made.destination.id)).last_fault == "address-refused"
    assert receiver.connections == 0


@pytest.mark.slow
@pytest.mark.parametrize("receiver", [{"kind": "syslog", "host": "a..b"}, {"kind": "webhook", "url": "https://a..b/"}])
async def test_a_name_that_is_none_is_not_reached_and_tried_again_as_any_other(kept: Keeping, receiver: dict[str, Any]) -> None:
    assert await fault_of(kept, receiver) == "no-connection"


async def test_a_certificate_has_to_be_of_the_host_and_of_an_authority_that_is_believed(
    store_url: str, node_keys: Path, clock: StandingClock, tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("good", "unknown", "other")]
    for folder in folders:
        folder.mkdir()
    authority, good = authority_and_server(folders[0])
    _, unknown = authority_and_server(folders[1])
    async with keeping(store_url, node_keys, clock, insecure_development=False, destination_authorities_file=authority) as kept:
        for context, fault in ((good, None), (unknown, "certificate")):
            async with webhook_receiver(context) as one, syslog_receiver(context) as two:
                assert await fault_of(kept, {"kind": "webhook", "url": f"https://127.0.0.1:{one.port}/"}) == fault
                assert await fault_of(kept, {"kind": "syslog", "host": "127.0.0.1", "port": two.port}) == fault
                assert bool(one.came) == (fault is None)
    other, misnamed = authority_and_server(folders[2], "siem.alder.example")
    async with keeping(store_url, node_keys, clock, destination_authorities_file=other) as kept, webhook_receiver(misnamed) as one:
        assert await fault_of(kept, {"kind": "webhook", "url": f"https://127.0.0.1:{one.port}/"}) == "certificate"
        assert one.came == []
