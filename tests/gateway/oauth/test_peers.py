"""Other nodes as clients: their keys come from the trust list and their statements, and from nowhere else."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OKPKey
from starlette.types import Receive, Scope, Send

from safepassage.canonical import digest_of, to_base64url
from safepassage.node_statement import EncryptionKey, NodeStatement
from safepassage.public_keys import PublicJwk
from safepassage.sealing import encryption_kid
from safepassage.suites import MLKEM768_X25519
from safepassage.trust_list import MAX_BYTES, TrustList, root_signing_input, trust_list_document
from safepassage.trust_members import Endpoints, Member
from services.gateway.trust_lists import look_at_trust_list
from shared.keys import SigningKey
from shared.peer_statements import STATEMENTS_PATH
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_endpoint, ask_token
from tests.gateway.house import ISSUER, Behind, House, claims_of, open_house

BIRCH = "https://birch.example"
RECEIPTS = "/v1/peer/receipts"


def jwk(key: SigningKey) -> PublicJwk:
    return PublicJwk.model_validate(key.jwk)


@dataclass
class Network:
    """A trust list with this node and Birch, and Birch's statement as records would hand it on."""

    file: Path
    root: SigningKey = field(default_factory=SigningKey.generate)
    statement_key: SigningKey = field(default_factory=SigningKey.generate)
    client_key: SigningKey = field(default_factory=SigningKey.generate)
    serial: int = 0
    previous: str | None = None
    statement_serial: int = 1
    asked: list[str] = field(default_factory=list)

    def publish(self, clock: StandingClock, **birch: Any) -> None:
        """A new list, signed by the root, into the file that the node reads."""
        self.serial += 1
        seconds = int(clock().timestamp())
        members = (self.member(ISSUER), self.member(BIRCH, **birch))
        content = TrustList(
            network="test",
            serial=self.serial,
            issued_at=seconds,
            expires_at=seconds + 86_400 * 20,
            previous_digest=self.previous,
            threshold=1,
            roots=(jwk(self.root),),
            members=members,
        )
        payload = content.payload()
        signature = self.root.sign(root_signing_input(payload, kid=self.root.kid))
        self.file.write_bytes(trust_list_document(payload, signatures={self.root.kid: signature}))
        self.previous = self.digest = digest_of(payload)

    def member(self, entity_id: str, **about: Any) -> Member:
        values: dict[str, Any] = {
            "entity_id": entity_id,
            "organisation": "Birch Department of Education",
            "state": "XB",
            "endpoints": Endpoints(gateway=entity_id),
            "statement_keys": (jwk(self.statement_key),),
        }
        return Member.model_validate(values | about)

    def statement(self, clock: StandingClock, *, key: SigningKey | None = None, **about: Any) -> str:
        seconds = int(clock().timestamp())
        hpke = bytes(MLKEM768_X25519.public_key_bytes)
        encryption = EncryptionKey(
            kid=encryption_kid(hpke),
            suite=MLKEM768_X25519.name,
            epoch=1,
            public_key=to_base64url(hpke),
            not_before=seconds,
            not_after=seconds + 99,
        )
        values: dict[str, Any] = {
            "iss": BIRCH,
            "serial": self.statement_serial,
            "iat": seconds,
            "exp": seconds + 86_400 * 7,
            "exchange_signing": (jwk(SigningKey.generate()),),
            "client_authentication": (jwk(self.client_key),),
            "suites": (MLKEM768_X25519.name,),
            "encryption": (encryption,),
        }
        statement = NodeStatement.model_validate(values | about)
        return (key or self.statement_key).sign_compact(typ=NodeStatement.TYPE, payload=statement.claims())

    def birch(self) -> Party:
        """Birch's records service as a client of this node."""
        secret = to_base64url(self.client_key._private.private_bytes_raw())
        key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": self.client_key.jwk["x"], "d": secret})
        return Party(BIRCH, ISSUER, kid=self.client_key.kid, key=key)


@dataclass
class Records(Behind):
    """records, which hands Birch's statement on as it holds it."""

    network: Network | None = None
    held: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == STATEMENTS_PATH and self.network is not None:
            self.network.asked.append(scope["query_string"].decode())
            body = {"token": self.held} if self.held else {}
            self.answer = (200 if self.held else 503, [(b"content-type", b"application/json")], json.dumps(body).encode())
        else:
            self.answer = (200, [(b"content-type", b"application/json")], b'{"answered":true}')
        await super().__call__(scope, receive, send)


@dataclass
class World:
    house: House
    network: Network
    records: Records

    async def token(self, party: Party) -> Answer:
        return await ask_token(self.house.app, party, self.house.now)

    async def send_receipt(self, party: Party, token: str) -> Answer:
        return await self.house.call(party, token, "POST", RECEIPTS, headers=[("content-type", "application/jose")], body=b"a.b.c")


@pytest.fixture
async def world(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[World]:
    network = Network(tmp_path / "list.jws")
    network.publish(clock)
    trust = {"trust_list_file": network.file, "trust_list_digest": network.digest}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **trust) as house:
        behind = house.behind["records"]
        records = Records(behind.service, behind.tokens, behind.clock, network=network, held=network.statement(clock))
        house.app.state.siblings._transports["records"].app = records
        yield World(house, network, records)


@pytest.mark.anyio
async def test_a_member_of_the_trust_list_comes_in_by_its_statements_key(world: World) -> None:
    birch = world.network.birch()
    answer = await world.token(birch)
    assert answer.status == 200, answer.body
    assert answer.json["scope"] == "exchange:peer"
    claims = claims_of(answer.json["access_token"])
    assert (claims["client_id"], claims["organisation_kind"]) == (BIRCH, "peer")
    assert (await world.send_receipt(birch, answer.json["access_token"])).status == 200
    caller = world.records.heard[-1].principal.caller
    assert caller is not None
    assert (caller.client_id, caller.organisation_kind, caller.details) == (BIRCH, "peer", {"entity_id": BIRCH})
    (entry,) = [one for one in await world.house.entries() if one.class_ == "authentication"]
    assert (entry.actor.kind, entry.actor.client_id) == ("peer", BIRCH)


@pytest.mark.anyio
async def test_members_are_organisations_of_this_node_and_the_log_says_which_list(world: World) -> None:
    (peer,) = [one for one in await world.house.hand.organisations() if one.kind == "peer"]
    assert (peer.entity_id, peer.name) == (BIRCH, "Birch Department of Education")
    acts = [one.context for one in await world.house.entries() if one.class_ == "administration"]
    assert [(one.operation, one.trust_serial) for one in acts] == [("organisation-added", None), ("trust-list-accepted", 1)]
    assert any(peer.entity_id in heard.body.decode() for heard in world.house.behind["audit"].heard if "organisations" in heard.path)


@pytest.mark.anyio
async def test_a_list_that_is_not_taken_is_a_refusal_on_the_log_as_often_as_it_is_shown(world: World, clock: StandingClock) -> None:
    first = world.network.file.read_bytes()
    world.network.publish(clock)
    await look_at_trust_list(world.house.app)
    reasons = []
    for shown in (first, b"no list", first, b" " * (MAX_BYTES + 1), first + b" " * (2 * MAX_BYTES)):
        world.network.file.write_bytes(shown)
        for _ in range(2):
            await look_at_trust_list(world.house.app)
        told = [one for one in await world.house.entries() if one.context.operation == "trust-list-refused"]
        assert {(one.class_, one.actor.job) for one in told} == {("refusal", "trust-list")}
        reasons = [one.context.reason for one in told]
    assert sorted(map(str, reasons)) == [*["trust-list-malformed"] * 3, *["trust-list-rolled-back"] * 2]


@pytest.mark.anyio
async def test_what_lies_beside_a_list_and_cannot_be_read_keeps_none_from_being_taken(world: World, clock: StandingClock) -> None:
    file = world.network.file
    file.with_suffix(f".old{file.suffix}").mkdir()
    file.with_suffix(f".gone{file.suffix}").symlink_to(file.with_name("nowhere"))
    world.network.publish(clock)  # not taken: the next one is shown a moment later
    file.replace(file.with_suffix(f".before{file.suffix}"))
    world.network.publish(clock)
    await look_at_trust_list(world.house.app)
    held = world.house.app.state.trust.held
    assert (held.serial, world.house.app.state.trust.refused) == (3, None)


@pytest.mark.anyio
async def test_a_peer_may_do_what_peers_do_and_nothing_else(world: World) -> None:
    birch = world.network.birch()
    token = (await world.token(birch)).json["access_token"]
    answer = await world.house.call(birch, token, "GET", "/v1/decisions/019a0000-0000-7000-8000-000000000000")
    assert (answer.status, answer.code) == (403, "not-permitted")
    more = await ask_token(world.house.app, birch, world.house.now, form=birch.form(world.house.now, scope="exchange:peer records:read"))
    assert (more.status, more.code) == (400, "invalid_scope")


@pytest.mark.anyio
async def test_who_is_no_member_is_unknown_and_nobody_is_asked_about_it(world: World) -> None:
    for name in (
        "https://evil.example",
        "https://birch.example.evil.example",
        "http://birch.example",
        "https://BIRCH.example",
        BIRCH + "/",
        ISSUER + "x",
    ):
        stranger = Party(name, ISSUER, kid=world.network.client_key.kid)
        answer = await world.token(stranger)
        assert (answer.status, answer.code) == (401, "invalid_client"), name
    assert world.network.asked == []


@pytest.mark.anyio
async def test_a_statement_counts_only_if_the_lists_key_signed_it(world: World) -> None:
    clock, network = world.house.clock, world.network
    for name, token in {
        "signed by another key": network.statement(clock, key=SigningKey.generate()),
        "of another node": network.statement(clock, iss="https://elm.example"),
        "expired": network.statement(clock, iat=1, exp=2),
        "lasting a month": network.statement(clock, exp=int(clock().timestamp()) + 86_400 * 30),
        "no statement": "a.b.c",
        "none": "",
    }.items():
        clock.advance(seconds=3)
        await world.house.app.state.standing.refresh()
        world.records.held = token
        answer = await world.token(network.birch())
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "temporarily_unavailable", "5"), name
    clock.advance(seconds=3)
    world.records.held = network.statement(clock)
    assert (await world.token(network.birch())).status == 200


@pytest.mark.anyio
async def test_an_older_statement_does_not_come_back(world: World) -> None:
    clock, network = world.house.clock, world.network
    old, old_party = world.records.held, network.birch()
    network.statement_serial, network.client_key = 2, SigningKey.generate()
    world.records.held = network.statement(clock)
    assert (await world.token(network.birch())).status == 200
    world.records.held = old
    clock.advance(hours=2)
    assert (await world.token(old_party)).status == 401
    assert (await world.token(network.birch())).status == 200


@pytest.mark.anyio
async def test_a_new_key_is_looked_for_at_most_once_a_minute(world: World) -> None:
    clock, network = world.house.clock, world.network
    assert (await world.token(network.birch())).status == 200
    network.statement_serial, network.client_key = 2, SigningKey.generate()
    world.records.held = network.statement(clock)
    asked = len(network.asked)
    for _ in range(5):
        assert (await world.token(network.birch())).status == 401
    assert len(network.asked) == asked
    clock.advance(minutes=1)
    assert (await world.token(network.birch())).status == 200
    assert len(network.asked) == asked + 1
    assert network.asked[-1].endswith(f"&kid={network.client_key.kid}")


@pytest.mark.anyio
async def test_that_a_key_is_not_known_is_never_said_while_the_statement_cannot_be_had(world: World) -> None:
    clock, network = world.house.clock, world.network
    assert (await world.token(network.birch())).status == 200
    network.statement_serial, network.client_key = 2, SigningKey.generate()
    world.records.held = None
    clock.advance(minutes=1)
    for _ in range(2):  # asked, then not asked again so soon
        assert (await world.token(network.birch())).status == 503
    world.records.held = network.statement(clock)
    clock.advance(minutes=1)
    assert (await world.token(network.birch())).status == 200


@pytest.mark.anyio
async def test_a_peer_does_not_wait_for_what_was_loaded_of_clients_and_may_take_its_token_back(world: World) -> None:
    birch = world.network.birch()
    token = (await world.token(birch)).json["access_token"]
    world.house.clock.advance(minutes=1)
    assert (await world.send_receipt(birch, token)).status == 200
    form = birch.proven(world.house.now, token=token)
    assert (await ask_endpoint(world.house.app, "/oauth/revoke", form)).status == 200
    answer = await world.send_receipt(birch, token)
    assert (answer.status, answer.code) == (401, "access-token-not-valid")


@pytest.mark.anyio
async def test_a_key_that_left_the_statement_takes_its_tokens_along(world: World) -> None:
    clock, network = world.house.clock, world.network
    old = network.birch()
    token = (await world.token(old)).json["access_token"]
    assert (await world.send_receipt(old, token)).status == 200
    network.statement_serial, network.client_key = 2, SigningKey.generate()
    world.records.held = network.statement(clock)
    clock.advance(minutes=1)
    assert (await world.token(network.birch())).status == 200
    answer = await world.send_receipt(old, token)
    assert (answer.status, answer.code) == (401, "access-token-not-valid")


@pytest.mark.anyio
async def test_a_revoked_member_is_out_at_once_with_the_token_it_holds(world: World) -> None:
    clock, network = world.house.clock, world.network
    birch = network.birch()
    token = (await world.token(birch)).json["access_token"]
    assert (await world.send_receipt(birch, token)).status == 200
    network.publish(clock, status="revoked")
    assert await world.house.app.state.trust.refresh()
    assert (await world.send_receipt(birch, token)).status == 401
    assert (await world.token(birch)).status == 401


@pytest.mark.requirement("EX-8")
@pytest.mark.anyio
async def test_an_expired_list_lets_no_peer_in_and_an_older_one_is_not_taken(world: World) -> None:
    clock, network, trust = world.house.clock, world.network, world.house.app.state.trust
    first = network.file.read_bytes()
    network.publish(clock)
    assert await trust.refresh()
    network.file.write_bytes(first)
    assert not await trust.refresh()
    assert trust.held.serial == 2
    birch = network.birch()
    clock.advance(days=21)
    world.records.held = network.statement(clock)
    assert (await world.token(birch)).status == 503


@pytest.mark.requirement("EX-8")
@pytest.mark.anyio
async def test_a_service_that_has_missed_lists_takes_those_that_lie_beside_the_newest_and_only_a_whole_row(world: World) -> None:
    clock, network, trust = world.house.clock, world.network, world.house.app.state.trust
    between = []
    for _ in range(3):
        network.publish(clock)
        between.append(network.file.read_bytes())
    beside = [network.file.with_name(f"list.{name}.jws") for name in ("b", "a", "c")]
    beside[0].write_bytes(between[0])
    beside[2].write_bytes(b"no list")
    assert not await trust.refresh()
    assert trust.held.serial == 1
    beside[1].write_bytes(between[1])
    network.file.touch()
    assert await trust.refresh()
    assert trust.held.serial == 4


@pytest.mark.anyio
async def test_the_highest_serials_outlive_the_process(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    network = Network(tmp_path / "list.jws")
    network.publish(clock)
    trust = {"trust_list_file": network.file, "trust_list_digest": network.digest}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **trust):
        pass
    first = network.file.read_bytes()
    network.publish(clock)
    clock.advance(seconds=1)
    async with open_house(tmp_path, node_keys, clock, **trust) as house:
        assert house.app.state.trust.held.serial == 2
    network.file.write_bytes(first)
    async with open_house(tmp_path, node_keys, clock, **trust) as house:
        assert house.app.state.trust.held.serial == 2
    async with open_house(tmp_path, node_keys, clock, trust_list_digest=network.digest) as house:
        assert house.app.state.trust.held.serial == 2


@pytest.mark.anyio
async def test_a_first_list_that_is_not_the_agreed_one_is_not_taken(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    network = Network(tmp_path / "list.jws")
    network.publish(clock)
    for digest in (None, "A" * 43):
        trust: dict[str, Any] = {"trust_list_file": network.file, "trust_list_digest": digest}
        async with open_house(tmp_path, node_keys, clock, template=empty_store, **trust) as house:
            assert house.app.state.trust.held is None
            assert (await ask_token(house.app, network.birch(), house.now)).status == 401
