"""A request for another name than the node's is misdirected: 421, whatever else is right about it."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.access import MisdirectedRequest
from services.gateway.door.entrances import AdministrationListener, Entrances, entrances
from services.gateway.settings import GatewaySettings
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask, ask_token
from tests.gateway.door.production import Production, production, status_of
from tests.gateway.house import ISSUER, House, open_house

__all__ = ["production"]

OURS = ("node.example", "NODE.Example", "node.example:443")
NOT_OURS = (
    "evil.example", "node.example.", "node.example:8443", "node.example:", "node.example.evil.example", "evilnode.example", "node",
    "user@node.example", "node.example/", "node.example#", "node.example, evil.example", "192.0.2.1", "127.0.0.1", "localhost", "[::1]", "",
    "n" * 10_000, "node.ex\u00e4mple",
)  # fmt: skip
STRANGER, THIS_MACHINE = "192.0.2.7", "127.0.0.1"
PATHS = ("/.well-known/oauth-authorization-server", "/oauth/jwks", "/v1/nothing", "/v1/decisions/1", "/sign-in", "/openapi.json")


def named(**about: object) -> Entrances:
    values = {"entity_id": ISSUER, "database_url": "sqlite+inline:///unused", "keys_directory": Path("unused"), **about}
    return entrances(GatewaySettings.model_validate(values), ())


def takes(made: Entrances, host: str, *, address: str = STRANGER, path: bytes = b"/v1/x", inside: bool = False) -> bool:
    entrance = made.administration if inside else made.public
    try:
        entrance.require_name([(b"host", host.encode("latin-1"))], path, address)
    except MisdirectedRequest:
        return False
    return True


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-names")
async def test_what_is_asked_of_another_name_is_misdirected(house: House) -> None:
    for path in PATHS:
        for host in OURS:
            assert (await ask(house.app, "GET", path, headers=[("host", host)])).status != 421, (path, host)
        for host in NOT_OURS:
            answer = await ask(house.app, "GET", path, headers=[("host", host), ("x-forwarded-host", "node.example")])
            assert (answer.status, answer.code) == (421, "misdirected-request"), (path, host)
            assert answer.headers["content-type"] == "application/problem+json"
            assert b"evil" not in answer.body


@pytest.mark.anyio
async def test_nobody_gets_a_token_or_an_answer_by_another_name(house: House) -> None:
    party = await house.sea_party("decisions:read")
    refused = await ask_token(house.app, party, house.now, headers=[("host", "evil.example")])
    assert (refused.status, refused.code) == (421, "misdirected-request")
    path = "/v1/decisions/019a0000-0000-7000-8000-000000000000"
    token = await house.token(party)
    assert (await house.call(party, token, "GET", path, headers=[("host", "evil.example")])).status == 421
    assert (await house.call(party, token, "GET", path)).status == 200


@pytest.mark.anyio
async def test_probes_come_by_address_and_are_answered_under_any_name(house: House) -> None:
    for host in ("10.1.2.3:8443", "evil.example", ""):
        for path in ("/livez", "/readyz"):
            assert (await ask(house.app, "GET", path, headers=[("host", host)])).status == 200
    assert (await ask(house.app, "GET", "/livez/", headers=[("host", "10.1.2.3:8443")])).status == 421


def test_on_this_machine_the_machines_own_names_are_taken_and_from_elsewhere_they_are_not() -> None:
    for host in ("127.0.0.1:8443", "localhost", "LOCALHOST:1", "[::1]:8443", "127.8.8.8"):
        assert takes(named(), host, address=THIS_MACHINE), host
        assert not takes(named(), host), host
    for host in ("evil.example", "localhost.evil.example", "10.0.0.1", "[::1", ":8443", ""):
        assert not takes(named(), host, address=THIS_MACHINE), host


def test_the_settings_name_others_with_their_ports() -> None:
    made = named(other_hosts=("127.0.0.1:8441", "Records.Alder.Example"))
    assert [takes(made, host) for host in ("127.0.0.1:8441", "127.0.0.1", "records.alder.example", "node.example")] == [
        True,
        False,
        True,
        True,
    ]


def test_a_node_at_a_port_is_asked_for_with_it() -> None:
    made = named(entity_id="https://node.example:8441")
    assert [takes(made, host) for host in ("node.example:8441", "node.example", "node.example:443")] == [True, False, False]


def test_each_address_has_its_own_names() -> None:
    made = named(administration_port=8444, administration_url="https://inside.example:8444", administration_address="10.0.0.5")
    for host, outside in (("node.example", True), ("inside.example:8444", False), ("10.0.0.5:8444", False), ("evil.example", None)):
        assert takes(made, host) == bool(outside), host
        assert takes(made, host, inside=True) == (outside is not None), host


@given(st.one_of(st.text(st.characters(max_codepoint=255), max_size=40), st.from_regex(r"[node.xampl:43\[\]@/]{1,20}", fullmatch=True)))
@settings(max_examples=300, deadline=None)
def test_no_other_text_is_the_nodes_name(text: str) -> None:
    assert takes(named(), text) == (text.lower() in ("node.example", "node.example:443"))


@pytest.mark.anyio
async def test_over_a_socket_a_foreign_name_is_misdirected_and_an_absolute_form_is_refused_whatever_it_names(
    production: Production,
) -> None:
    def get(target: str, host: str, *fields: str) -> bytes:
        return "\r\n".join([f"GET {target} HTTP/1.1", f"Host: {host}", *fields, "Connection: close", "", ""]).encode()

    told = [
        (get("/oauth/jwks", "node.example"), 200),
        (get("/oauth/jwks", f"127.0.0.1:{production.port}"), 200),
        (get("/oauth/jwks", "evil.example"), 421),
        (get("/oauth/jwks", "evil.example", "X-Forwarded-Host: node.example", "Forwarded: host=node.example"), 421),
        (get("/oauth/jwks", "node.example", "X-Forwarded-Host: evil.example"), 200),
        (get("/readyz", "10.1.2.3:8443"), 200),
        (get("http://evil.example/oauth/jwks", "node.example"), 400),
        (get("https://node.example/oauth/jwks", "node.example"), 400),
    ]
    answers = await asyncio.gather(*(production.ask(data) for data, _ in told))
    assert [status_of(answer) for answer in answers] == [status for _, status in told]


@pytest.mark.anyio
async def test_a_name_of_the_one_address_is_none_of_the_other(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    about = {"administration_port": 8444, "administration_url": "https://inside.example:8444"}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **about) as house:
        fields = [("host", "inside.example:8444")]
        assert (await ask(house.app, "GET", "/oauth/jwks", headers=fields)).status == 421
        assert (await ask(AdministrationListener(house.app), "GET", "/v1/organisations", headers=fields)).status == 401
