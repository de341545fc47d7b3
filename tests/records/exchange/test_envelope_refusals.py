"""The receiver's table of refusals: each with its own code, signed, in quarantine, and nothing else changed (decisions 6)."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx2 as httpx
import pytest

from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.compact import split
from safepassage.envelope import CONTENT_TYPE, envelope_body
from safepassage.ids import uuid7
from safepassage.leaf import ABSENT, parse_leaf
from safepassage.problems.exchanges import NoSuchExchange
from safepassage.refusal import verify_refusal
from services.records.exchange.peers import PeerAnswer
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, QuarantineRow
from shared.keys import SigningKey
from tests.records.exchange.forging import Forger, Genuine, code_of, flipped, genuine, leaf_with
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio

Change = Callable[["Table"], Awaitable[PeerAnswer]]


class Table:
    """Two requests of Birch for two children, answered by Alder, nothing delivered yet."""

    def __init__(self, states: TwoStates, cases: tuple[Case, Case], genuine: Genuine, other: Genuine) -> None:
        self.states, self.cases, self.genuine, self.other = states, cases, genuine, other
        self.forger = Forger(states)

    @property
    def claims(self) -> dict[str, Any]:
        """The genuine envelope's, under a new id, so that it is no duplicate of anything."""
        return {**self.genuine.claims, "envelope_id": str(uuid7(self.states.clock()))}

    @property
    def entry(self) -> bytes:
        return from_base64url(self.genuine.claims["entry"])

    @property
    def origin(self) -> str:
        origin: str = self.genuine.claims["checkpoint"].partition("\n")[0]
        return origin

    async def send(self, **changed: Any) -> PeerAnswer:
        """The genuine envelope with some claims changed, signed again."""
        claims = {name: value for name, value in {**self.claims, **changed}.items() if value is not ...}
        return await self.forger.send_claims(claims, self.genuine.ciphertext)


@pytest.fixture(scope="module")
async def table(states: TwoStates) -> Table:
    cases = (await states.queued(), await states.queued())
    return Table(states, cases, *[await genuine(case) for case in cases])


async def with_accepted_leaf(table: Table) -> PeerAnswer:
    """The proof of an entry of the right log, of another kind."""
    accepted = split((await table.cases[0].request()).accepted)[1]
    return await table.send(**{name: accepted[name] for name in ("entry", "index", "path", "checkpoint")}, consistency=None)


async def inconsistent(table: Table) -> PeerAnswer:
    """A larger tree, signed by the log, that does not begin with the entries that Birch has seen the root of."""
    fork = table.forger.in_a_log_of_its_own(table.entry, origin=table.origin)
    seen = table.states.birch.exchange.peer_logs.largest_size(table.states.birch.exchange.trust.member(table.states.alder.entity_id))
    return await table.send(**fork, consistency={"from": seen, "path": fork["path"], "shared": 0})


async def unknown_to_its_own_log(table: Table) -> PeerAnswer:
    """A larger tree, signed by the log, of a size that the log itself does not know."""
    return await table.send(**table.forger.in_a_log_of_its_own(table.entry, origin=table.origin, grown_by=9), consistency=None)


async def without_decision(table: Table) -> PeerAnswer:
    entry = leaf_with(table.entry, decision=ABSENT)
    return await table.send(**table.forger.in_a_log_of_its_own(entry, origin=_next_year(table.origin)), consistency=None)


def _next_year(origin: str) -> str:
    """A log of Alder of which Birch has seen nothing yet: there a whole tree of its own passes."""
    stem, _, year = origin.rpartition("/")
    return f"{stem}/{int(year) + 1}"


REFUSALS: dict[str, tuple[str, Change]] = {
    "no proof": ("without-proof", lambda t: t.send(entry=..., index=..., path=..., checkpoint=..., consistency=...)),
    "a foreign log": (
        "foreign-log",
        lambda t: t.send(**t.forger.in_a_log_of_its_own(t.entry, origin="somebody.example/log/2026"), consistency=None),
    ),
    "right log, wrong leaf": ("wrong-leaf", with_accepted_leaf),
    "leaf of another exchange": (
        "leaf-of-another-exchange",
        lambda t: t.send(**{name: t.other.claims[name] for name in ("entry", "index", "path", "checkpoint")}, consistency=None),
    ),
    "other ciphertext": ("other-ciphertext", lambda t: t.forger.send_claims(t.claims, t.other.ciphertext)),
    "other recipient": ("other-recipient", lambda t: t.send(recipient_organisation=str(uuid4()))),
    "checkpoint by an unknown key": (
        "checkpoint-not-signed",
        lambda t: t.send(checkpoint=t.forger.checkpoint(t.origin, 64, b"\0" * 32, key=SigningKey.generate())),
    ),
    "inconsistent checkpoint": ("consistency-not-proven", inconsistent),
    "checkpoint of a size that the log does not know": ("consistency-not-shown", unknown_to_its_own_log),
    "index not below size": ("index-beyond-log", lambda t: t.send(index=10**6)),
    "wrong path length": ("wrong-path-length", lambda t: t.send(path=to_base64url(from_base64url(t.claims["path"]) + bytes(32)))),
    "altered path": ("inclusion-not-proven", lambda t: t.send(path=flipped(t.claims["path"]))),
    "altered entry": (
        "inclusion-not-proven",
        lambda t: t.send(entry=to_base64url(leaf_with(t.entry, decision=parse_leaf(t.entry).digests.ct))),
    ),
    "decision missing": ("decision-missing", without_decision),
    "expired": ("message-expired", lambda t: t.send(exp=int(t.states.clock().timestamp()))),
    "valid for too long": ("message-not-yet-valid", lambda t: t.send(exp=int(t.states.clock().timestamp()) + 15 * 86400)),
    "issued in the future": ("message-not-yet-valid", lambda t: t.send(iat=int(t.states.clock().timestamp()) + 301)),
    "no request of ours": ("other-exchange", lambda t: t.send(exchange_id=str(uuid7(t.states.clock())))),
    "digest of another request": ("other-exchange", lambda t: t.send(request_digest=t.other.claims["request_digest"])),
    "suite that we do not list": ("suite-not-supported", lambda t: t.send(suite="rot13")),
    "encryption key that we do not hold": ("encryption-key-unknown", lambda t: t.send(enc_kid=flipped(t.claims["enc_kid"]))),
    "ciphertext of no size class": (
        "envelope-malformed",
        lambda t: t.forger.send_claims({**t.claims, "ct_digest": digest_of(b"short")}, b"short"),
    ),
    "another version": ("unsupported-version", lambda t: t.send(v=2)),
    "a member that the format does not have": ("malformed-token", lambda t: t.send(priority="high")),
    "another audience": ("wrong-audience", lambda t: t.send(aud="https://cedar.example")),
    "another issuer": ("wrong-issuer", lambda t: t.send(iss=t.states.birch.entity_id)),
    "another type of message": (
        "unexpected-type",
        lambda t: t.forger.send(envelope_body(t.forger.sign(t.claims, typ="sp-receipt+jws"), t.genuine.ciphertext)),
    ),
    "unknown signing key": (
        "unknown-key",
        lambda t: t.forger.send(envelope_body(t.forger.sign(t.claims, key=SigningKey.generate()), t.genuine.ciphertext)),
    ),
    "signature of other bytes": (
        "bad-signature",
        lambda t: t.forger.send(envelope_body(t.genuine.jws[:-8] + flipped(t.genuine.jws[-8:]), t.genuine.ciphertext)),
    ),
}


@pytest.mark.requirement("HARD-21", "EX-4", "EX-8", "EX-refusals")
@pytest.mark.parametrize("what", REFUSALS)
async def test_an_envelope_is_refused_with_its_own_code_and_quarantined(table: Table, what: str) -> None:
    code, change = REFUSALS[what]
    birch = table.states.birch
    before = {row.message_digest for row in await birch.rows(QuarantineRow)}
    answer = await change(table)
    assert code_of(answer) == code
    problem = json.loads(answer.body)
    assert problem["remedy"]
    assert problem["retry"] == "never"
    [quarantined] = [row for row in await birch.rows(QuarantineRow) if row.message_digest not in before]
    assert (quarantined.peer, quarantined.code) == (table.states.alder.entity_id, code)
    alder = table.states.alder.exchange
    keys = await alder.signing_keys_of(birch.entity_id)
    about = quarantined.message_digest
    verify_refusal(answer.body, issuer=birch.entity_id, audience=alder.entity_id, about=about, keys=keys)
    assert await birch.rows(IncomingEnvelopeRow) == []
    assert {row.state for row in await birch.rows(ExchangeRequestRow)} == {"accepted"}


async def test_what_is_no_envelope_at_all_is_refused(table: Table) -> None:
    for body in (b"", b"\0\0\0\1", b"\0\0\0\5abcde", b"\xff" * 100, b"\0\0\0\3a.b" + b"x"):
        answer = await table.forger.send(body)
        assert code_of(answer) in ("envelope-malformed", "malformed-token")
    assert await table.states.birch.rows(IncomingEnvelopeRow) == []


async def test_another_content_type_is_refused(table: Table) -> None:
    assert code_of(await table.forger.send(table.genuine.body, content_type="application/octet-stream")) == "unsupported-media-type"


async def test_a_client_of_the_node_itself_cannot_deliver(table: Table) -> None:
    path = "/v1/peer/envelopes"
    async with table.states.birch.client("new-district") as client, httpx.AsyncClient(trust_env=False) as plain:
        with pytest.raises(NoSuchExchange):  # so that it knows a nonce, as a node wants one that has just started
            await client.read_exchange_request(uuid4())
        headers = {**await client.headers_for("POST", path), "content-type": CONTENT_TYPE}
        answer = await plain.post(table.states.birch.entity_id + path, headers=headers, content=table.genuine.body)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-permitted")
    assert await table.states.birch.rows(IncomingEnvelopeRow) == []


@pytest.mark.requirement("EX-refusals")
async def test_the_same_refused_message_again_is_counted_and_not_kept_twice(table: Table) -> None:
    claims = {**table.claims, "exp": 1}
    jws = table.forger.sign(claims)
    for _ in range(3):
        await table.forger.send(envelope_body(jws, table.genuine.ciphertext))
    [kept] = [row for row in await table.states.birch.rows(QuarantineRow) if row.message_digest == digest_of(jws.encode())]
    assert kept.times == 3


@pytest.mark.requirement("EX-refusals")
async def test_after_all_that_the_genuine_ones_are_taken(table: Table) -> None:
    for case in table.cases:
        await case.finish()
        assert (await case.package()).state == "processed"
        assert (await case.told()).state == "applied"
