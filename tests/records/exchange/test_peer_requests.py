"""A peer's request: everything that does not depend on the child is settled at once, with reason and remedy, signed (decisions 5)."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from safepassage.canonical import digest_of, from_base64url, to_base64url
from safepassage.compact import assemble, signing_input, split
from safepassage.ids import uuid7
from safepassage.recipient_key import RecipientKey
from safepassage.refusal import verify_refusal
from safepassage.request import MAX_LENGTH, Request, SealedSelector, Selector, selector_info
from safepassage.suites import MLKEM768_X25519, MLKEM1024_P384
from services.records.exchange.deliveries import JOSE
from services.records.exchange.own_requests import selector_of
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.seals import seal
from services.records.tables import PeerRequestRow
from shared.keys import SigningKey
from tests.records.exchange.forging import code_of, flipped
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

PATH = "/v1/peer/requests"


class Asking:
    """Birch, with its own keys, asking Alder whatever it likes."""

    def __init__(self, states: TwoStates, genuine: str, selector: Selector) -> None:
        self.states, self.genuine, self.selector = states, genuine, selector
        self.key = SigningKey.load(states.birch.folder.keys / "records" / "exchange-signing.json")

    async def send(self, token: str, *, content_type: str = JOSE) -> PeerAnswer:
        exchange = self.states.birch.exchange
        member = exchange.trust.member(self.states.alder.entity_id)
        return await exchange.peers.post(member, PATH, token.encode(), content_type=content_type)

    def signed(self, claims: Mapping[str, Any], *, key: SigningKey | None = None, typ: str = Request.TYPE) -> str:
        signer = key or self.key
        signed = signing_input(typ=typ, kid=signer.kid, payload=claims)
        return assemble(signed, signer.sign(signed))

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The genuine claims under a new id, their selector sealed anew, some of them changed."""
        made = self.request()
        return {**made, **changed}

    def request(self, *, sealed_for: dict[str, Any] | None = None, **about: Any) -> dict[str, Any]:
        """A request with another selector inside."""
        exchange_id = uuid7(self.states.clock())
        selector = Selector.model_validate({**self.selector.model_dump(), "exchange_id": exchange_id, **about})
        published = self.states.alder.exchange.epochs.published(self.states.clock())
        key = next(key for key in published if key.suite == MLKEM768_X25519.name)
        ids = {"iss": self.selector.iss, "aud": self.selector.aud, "exchange_id": exchange_id, **(sealed_for or {})}
        info = selector_info(**ids, suite=MLKEM768_X25519.name, enc_kid=key.kid)
        ciphertext = seal(selector.plaintext(), public_key=from_base64url(key.public_key), suite=MLKEM768_X25519, info=info)
        now = int(self.states.clock().timestamp())
        sealed = SealedSelector(suite=MLKEM768_X25519.name, enc_kid=key.kid, ciphertext=to_base64url(ciphertext))
        message = Request(iss=self.selector.iss, aud=self.selector.aud, jti=exchange_id, iat=now, exp=now + 86400, selector=sealed)
        return message.claims()

    def evidence(self, **changed: Any) -> dict[str, Any]:
        return {"evidence": self.selector.evidence.model_copy(update=changed)}


@pytest.fixture(scope="module")
async def asking(states: TwoStates) -> Asking:
    case = await states.ask(states.child().selector)
    row = await case.asked()
    return Asking(states, row.token, selector_of(states.birch.exchange, row))


def official(asking: Asking, **ahead: float) -> dict[str, Any]:
    attested = asking.selector.evidence.official.model_copy(update={"attested_at": asking.states.clock() + timedelta(**ahead)})
    return asking.evidence(official=attested)


def organisation(asking: Asking, **changed: Any) -> dict[str, Any]:
    return asking.evidence(receiving_organisation=asking.selector.evidence.receiving_organisation.model_copy(update=changed))


REFUSALS: dict[str, tuple[str, Callable[[Asking], str]]] = {
    "another purpose": ("purpose-not-served", lambda a: a.signed(a.request(purpose="recruiting"))),
    "another basis": ("purpose-not-served", lambda a: a.signed(a.request(basis="contractor"))),
    "basis consent, and none named": ("purpose-not-served", lambda a: a.signed(a.request(basis="consent"))),
    "a section that no record has": ("unknown-section", lambda a: a.signed(a.request(sections=("horoscope",)))),
    "attested in the future": ("evidence-not-accepted", lambda a: a.signed(a.request(**official(a, hours=1)))),
    "attested long ago": ("evidence-not-accepted", lambda a: a.signed(a.request(**official(a, days=-91)))),
    "enrolled, from next month on": (
        "evidence-not-accepted",
        lambda a: a.signed(a.request(**a.evidence(entry_date=a.states.clock().date() + timedelta(days=30)))),
    ),
    "a school with a district's number": (
        "evidence-not-accepted",
        lambda a: a.signed(a.request(**organisation(a, kind="school", nces_id="0300010"))),
    ),
    "a selector sealed for another request": (
        "ciphertext-unopened",
        lambda a: a.signed(a.request(sealed_for={"exchange_id": uuid7(a.states.clock())})),
    ),
    "a selector that says another request": (
        "sealed-ids-differ",
        lambda a: a.signed({**(made := a.request()), **_moved(a, made)}),
    ),
    "an unknown encryption key": (
        "encryption-key-unknown",
        lambda a: a.signed(a.claims(selector={**a.request()["selector"], "enc_kid": flipped(a.request()["selector"]["enc_kid"])})),
    ),
    "an unknown suite": ("suite-not-supported", lambda a: a.signed(a.claims(selector={**a.request()["selector"], "suite": "rot13"}))),
    "a suite over another suite's signature": (
        "suite-not-supported",
        lambda a: a.signed(a.claims(selector={**a.request()["selector"], "suite": MLKEM1024_P384.name})),
    ),
    "answers wanted in an unknown suite": (
        "suite-not-supported",
        lambda a: a.signed(a.request(answer_key=RecipientKey(suite="rot13", public_key="AAAA"))),
    ),
    "answers wanted under a key that is none": (
        "malformed-token",
        lambda a: a.signed(a.request(answer_key=RecipientKey(suite=MLKEM768_X25519.name, public_key=to_base64url(b"\xff" * 1216)))),
    ),
    "another audience": ("wrong-audience", lambda a: a.signed(a.claims(aud="https://cedar.example"))),
    "another issuer": ("wrong-issuer", lambda a: a.signed(a.claims(iss="https://cedar.example"))),
    "expired": ("message-expired", lambda a: a.signed(a.claims(exp=int(a.states.clock().timestamp())))),
    "valid for too long": ("message-not-yet-valid", lambda a: a.signed(a.claims(exp=int(a.states.clock().timestamp()) + 15 * 86400))),
    "another version": ("unsupported-version", lambda a: a.signed(a.claims(v=2))),
    "a member too many": ("malformed-token", lambda a: a.signed(a.claims(urgent=True))),
    "an id that is no UUIDv7": ("malformed-token", lambda a: a.signed(a.claims(jti="4bf5ad4e-6ae7-4f5e-9f4a-8b9a7ff2d4de"))),
    "another type": ("unexpected-type", lambda a: a.signed(a.claims(), typ="sp-receipt+jws")),
    "an unknown key": ("unknown-key", lambda a: a.signed(a.claims(), key=SigningKey.generate())),
    "a signature of other bytes": ("bad-signature", lambda a: a.signed(a.claims())[:-8] + flipped(a.genuine[-8:])),
}


def _moved(asking: Asking, made: dict[str, Any]) -> dict[str, Any]:
    """The selector of another request, sealed anew under this one's ids: what only a holder of that selector's plaintext could do."""
    exchange_id = made["jti"]
    published = asking.states.alder.exchange.epochs.published(asking.states.clock())
    key = next(key for key in published if key.suite == MLKEM768_X25519.name)
    info = selector_info(iss=made["iss"], aud=made["aud"], exchange_id=exchange_id, suite=MLKEM768_X25519.name, enc_kid=key.kid)
    other = asking.selector.plaintext()
    ciphertext = seal(other, public_key=from_base64url(key.public_key), suite=MLKEM768_X25519, info=info)
    return {"selector": {"suite": MLKEM768_X25519.name, "enc_kid": key.kid, "ciphertext": to_base64url(ciphertext)}}


@pytest.mark.requirement("EX-8")
@pytest.mark.parametrize("what", REFUSALS)
async def test_a_request_that_cannot_be_served_is_refused_at_once_and_signed(asking: Asking, what: str) -> None:
    code, make = REFUSALS[what]
    alder, before = asking.states.alder, len(await asking.states.alder.rows(PeerRequestRow))
    token = make(asking)
    answer = await asking.send(token)
    assert code_of(answer) == code
    assert json.loads(answer.body)["remedy"]
    birch = asking.states.birch.exchange
    keys = await birch.signing_keys_of(alder.entity_id)
    verify_refusal(answer.body, issuer=alder.entity_id, audience=birch.entity_id, about=digest_of(token.encode()), keys=keys)
    assert len(await alder.rows(PeerRequestRow)) == before


async def test_the_requester_is_told_why_it_was_refused(asking: Asking) -> None:
    states = asking.states
    case = await states.ask(states.child().selector)
    row = await case.asked()
    token = asking.signed({**split(row.token)[1], "aud": "https://cedar.example"})

    async with states.birch.exchange.database.transaction() as tx:
        held = await tx.get_one(type(row), row.id)
        held.token, held.request_digest = token, digest_of(token.encode())
    await case.deliver_request()
    told = await case.told()
    assert (told.state, told.problem_code) == ("refused", "wrong-audience")
    assert told.remedy


@pytest.mark.requirement("EX-8")
async def test_the_same_request_again_gets_the_same_receipt_and_another_under_its_id_none(asking: Asking) -> None:
    claims = asking.request()
    token = asking.signed(claims)
    first, again = await asking.send(token), await asking.send(token)
    assert (first.status, again.status, first.body) == (202, 202, again.body)
    other = await asking.send(asking.signed({**claims, "exp": claims["exp"] - 1}))
    assert (other.status, code_of(other)) == (422, "message-id-reused")


async def test_a_body_that_is_too_long_or_of_another_type_is_not_read(asking: Asking) -> None:
    assert (await asking.send("a" * (MAX_LENGTH + 1))).status == 413
    assert code_of(await asking.send(asking.signed(asking.request()), content_type="text/plain")) == "unsupported-media-type"


async def test_a_request_is_logged_before_its_receipt_and_not_taken_while_the_log_is_down(asking: Asking) -> None:
    alder, before = asking.states.alder, len(await asking.states.alder.rows(PeerRequestRow))
    token = asking.signed(asking.request())
    async with alder.without("audit"):
        assert (await asking.send(token)).status == 503
        assert len(await alder.rows(PeerRequestRow)) == before
    assert (await asking.send(token)).status == 202
