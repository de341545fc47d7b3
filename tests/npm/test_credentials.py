"""Credentials of ours by other makers' verifiers (Digital Bazaar's, jose), theirs by ours, and what nobody may believe by both."""

import json
from copy import deepcopy
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from safepassage import credentials
from safepassage.credentials.issuers import did_document, keys_of_document
from safepassage.credentials.linked_data import CLR_2, OPEN_BADGES_3
from safepassage.credentials.securing import secured, with_data_integrity
from safepassage.credentials.status_list import StatusEntry, status_list_credential
from safepassage.credentials.validity import issuer_of
from safepassage.credentials.verification import verify_credential
from safepassage.problems import SuiteError
from safepassage.problems.credentials import CredentialNotValidNow, CredentialRevoked
from services.records.formats.clr import Heading, transcript
from services.records.release import release
from shared.clock import system_clock
from tests.npm.scripts import script
from tests.records.formats.test_clr import ELEMENTS, HEADING
from tests.records.whole_record import whole_record
from tests.sdk.credentials.badges import ENTRY, ISSUER, KEY, LIST_URL, OTHER_KEY, as_file, badge

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

NOW = system_clock().replace(microsecond=0) - timedelta(hours=1)
CONTEXTS = {url: json.loads((Path(credentials.__file__).parent / "contexts" / name).read_text(encoding="utf-8"))
            for url, name in ((CLR_2, "clr-v2p0-2.0.1.json"), (OPEN_BADGES_3, "ob-v3p0-3.0.3.json"))}  # fmt: skip
HARD = 'Núñez-O\u2019Brien "Zoë" \\ 李小龙 שרה \u200f\u202e 👩🏽\u200d🎓 e\u0301 \u2028 \n\t' + "ñ" * 250
"""Diacritics, quotes, a backslash, three scripts, marks of direction, a joined emoji, a separator of lines, a name without end."""


def signed(document: dict[str, Any], form: Any = "data-integrity", key: Any = KEY) -> Any:
    return secured(document, form=form, key=key.public, sign=key.private.sign, now=NOW)


def given(**changed: Any) -> dict[str, Any]:
    """A badge of today, not signed."""
    document = badge(changed.pop("entry", ENTRY)).document()
    return document | {"validFrom": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "validUntil": f"{NOW + timedelta(days=365):%Y-%m-%dT%H:%M:%SZ}"} | changed


def transcript_of_today() -> dict[str, Any]:
    """A whole learner record, with hard texts and with credits of which a binary number is none."""
    record = release(whole_record(), ELEMENTS)
    assert record.identity is not None
    assert record.identity.name is not None
    assert record.academics is not None
    assert record.academics.transcript is not None
    [first, *others] = record.academics.transcript
    hard = [
        first.model_copy(update={"credit": first.credit.model_copy(update={"earned": Decimal(earned)})})
        for earned in ("0.3333", "1", "12.5", "0.1", "1234.567", "0")
        if first.credit is not None
    ]
    name = record.identity.name.model_copy(update={"last_1": HARD})
    record = record.model_copy(update={
        "identity": record.identity.model_copy(update={"name": name}),
        "academics": record.academics.model_copy(update={"transcript": (*hard, *others)}),
    })  # fmt: skip
    heading = Heading(HEADING.credential_id, HEADING.issuer, HEADING.custodian, StatusEntry(LIST_URL, 7), NOW)
    return transcript(record, heading, secure=signed)


def listing(*revoked: int, issuer: str = ISSUER, key: Any = KEY, url: str = LIST_URL, **changed: Any) -> dict[str, Any]:
    content = status_list_credential(url=url, issuer=issuer, revoked=revoked, now=NOW)
    content["credentialSubject"] |= changed
    return with_data_integrity(content, key=key.public, sign=key.private.sign, now=NOW)


async def theirs(offered: dict[str, Any], lists: dict[str, Any] | None = None) -> dict[str, Any]:
    documents = {CLR_2: CONTEXTS[CLR_2], ISSUER: did_document(ISSUER, [KEY.public])}
    said = await script(
        "credentials.mjs", documents=documents, credentials=offered, lists={LIST_URL: listing(5)} if lists is None else lists
    )
    verdicts: dict[str, Any] = said["verdicts"]
    return verdicts


def ours(credential: Any, lists: dict[str, Any] | None = None, *, now: datetime = NOW) -> str:
    """As they say it: holds, or revoked, or why not."""
    files = {url: as_file(one) for url, one in ({LIST_URL: listing(5)} if lists is None else lists).items()}
    try:
        verify_credential(as_file(credential), keys_of=lambda who: KEY.keys if who == ISSUER else {}, status_list_of=files.get, now=now)
    except CredentialRevoked:
        return "revoked"
    except SuiteError as refusal:
        return refusal.code
    return "holds"


@pytest.mark.requirement("VC-verified")
async def test_what_is_issued_here_holds_by_another_makers_verifier_with_the_published_contexts() -> None:
    whole = transcript_of_today()
    offered = {
        "badge": signed(given()),
        "jwt": signed(given(), "jwt"),
        "transcript": signed(whole),
        "transcript as jwt": signed(whole, "jwt"),
    }
    offered |= {f"course {number}": one for number, one in enumerate(whole["credentialSubject"]["verifiableCredential"])}
    offered["list"] = listing(5)
    verdicts = await theirs(offered)
    assert {name: (one["verified"], one["revoked"]) for name, one in verdicts.items()} == dict.fromkeys(offered, (True, False)), verdicts
    assert {ours(one) for name, one in offered.items() if name != "list"} == {"holds"}
    # Open Badges 3.0, section 8.2: four claims that repeat the credential, and its end; nothing else in the header.
    header, payload = verdicts["jwt"]["header"], verdicts["jwt"]["payload"]
    assert set(header) == {"alg", "kid", "typ"}
    assert (payload["iss"], payload["sub"], payload["jti"]) == (payload["issuer"]["id"], payload["credentialSubject"]["id"], payload["id"])
    assert [datetime.fromisoformat(payload[name]).timestamp() for name in ("validFrom", "validUntil")] == [payload["nbf"], payload["exp"]]


@pytest.mark.requirement("VC-revoked")
async def test_what_is_revoked_here_is_revoked_for_them() -> None:
    lists = {LIST_URL: listing(5, ENTRY.index)}
    offered = {"badge": signed(given()), "jwt": signed(given(), "jwt")}
    verdicts = await theirs(offered, lists)
    assert {name: one["revoked"] for name, one in verdicts.items()} == {"badge": True, "jwt": True}, verdicts
    assert {ours(one, lists) for one in offered.values()} == {"revoked"}


def tampered(*path: Any, value: Any) -> dict[str, Any]:
    document = signed(given(evidence=[{"id": "https://oak.example/essay", "type": ["Evidence"], "narrative": "An essay."}]))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(document)


def proofs(*changes: dict[str, Any]) -> dict[str, Any]:
    """A badge with several proofs, each as the right one but for what is changed."""
    document = signed(given())
    return {**document, "proof": [document["proof"] | change for change in changes]}


def wrong() -> dict[str, tuple[Any, dict[str, Any] | None]]:
    """What nobody may believe: the credential, and the lists where they are other ones."""
    right = signed(given())
    far = {"validFrom": f"{NOW + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}
    past = {"validFrom": "2020-01-01T00:00:00Z", "validUntil": "2021-01-01T00:00:00Z"}
    context: list[Any] = right["@context"]
    head, body, signature = signed(given(), "jwt").split(".")
    return {
        "altered mark": (tampered("credentialSubject", "result", 0, "value", value="A"), None),
        "altered evidence": (tampered("evidence", 0, "narrative", value="Another essay."), None),
        "evidence taken away": (tampered("evidence", value=[]), None),
        "a member that no context defines": (tampered("honours", value="summa"), None),
        "no context": ({name: one for name, one in right.items() if name != "@context"}, None),
        "a context left out": ({**right, "@context": context[:1]}, None),
        "contexts in another order": ({**right, "@context": context[::-1]}, None),
        "a context more": ({**right, "@context": [*context, "https://evil.example/context"]}, None),
        "a context of the data model 1.1": (
            signed(given()) | {"@context": ["https://www.w3.org/2018/credentials/v1", *context[1:]]}, None),
        "not in force yet": (signed(given(**far)), None),
        "expired": (signed(given(**past)), None),
        "expired, as a JWT": (signed(given(**past), "jwt"), None),
        "by another's key": (signed(given(), key=OTHER_KEY), None),
        "of another purpose": ({**right, "proof": right["proof"] | {"proofPurpose": "authentication"}}, None),
        "of a suite that nobody knows": (proofs({"cryptosuite": "eddsa-rdfc-2099"}), None),
        "two proofs, neither right": (proofs({"proofValue": "z" + "2" * 87}, {"proofValue": "z" + "3" * 87}), None),
        "a proof taken from another": ({**right, "proof": signed(given(name="Algebra II"))["proof"]}, None),
        "no proof": ({name: one for name, one in right.items() if name != "proof"}, None),
        "a list of another purpose": (right, {LIST_URL: listing(statusPurpose="suspension")}),
        "another issuer's list": (right, {LIST_URL: listing(issuer="did:web:birch.example")}),
        "a list that was altered": (right, {LIST_URL: listing() | {"name": "x"}}),
        "no list": (right, {}),
        "a signature of another": (f"{head}.{body}.{signed(given(name='x'), 'jwt').split('.')[2]}", None),
        "no signature": (f"{head}.{body}.", None),
        "a signature cut short": (f"{head}.{body}.{signature[:-4]}", None),
    }  # fmt: skip


@pytest.mark.requirement("VC-refused")
async def test_both_refuse_what_nobody_may_believe() -> None:
    offered = wrong()
    mine = {name: ours(credential, lists) for name, (credential, lists) in offered.items()}
    assert {name: code for name, code in mine.items() if code in ("holds", "revoked")} == {}
    for name, (credential, lists) in offered.items():
        if lists is not None:
            verdict = (await theirs({name: credential}, lists))[name]
            assert not verdict["verified"], (name, verdict)
    verdicts = await theirs({name: credential for name, (credential, lists) in offered.items() if lists is None})
    assert {name: one for name, one in verdicts.items() if one["verified"]} == {}


@pytest.mark.parametrize("fragment", [None, "key-1"], ids=["a key by itself", "a key by a name"])
@pytest.mark.requirement("VC-verified")
async def test_what_another_maker_issues_is_verified_here_and_its_revocations_count(fragment: str | None) -> None:
    maker, url = "did:web:maker.example", "https://maker.example/lists/1"
    asked = {"issuer": maker, "fragment": fragment, "badge": given(entry=None), "url": url, "index": 77}
    times = {"now": f"{NOW:%Y-%m-%dT%H:%M:%SZ}", "later": f"{NOW + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"}
    [made] = (await script("credentials.mjs", documents={}, lists={}, issue=[asked], **times))["issued"]
    issuer, keys = keys_of_document(as_file(made["document"]))
    assert issuer == maker

    def verified(credential: Any, now: datetime = NOW) -> str:
        return issuer_of(
            verify_credential(
                as_file(credential),
                keys_of=lambda who: keys if who == maker else {},
                status_list_of={url: as_file(made["listing"])}.get,
                now=now,
            ).document
        )

    assert {verified(made[name]) for name in ("good", "undated", "jwt", "endedByClaim", "byRsa")} == {maker}
    with pytest.raises(CredentialNotValidNow):
        verified(made["endedByClaim"], NOW + timedelta(days=366))
    for name in ("revoked", "revokedJwt", "revokedByRsa"):
        with pytest.raises(CredentialRevoked):
            verified(made[name])
    altered = deepcopy(made["good"])
    altered["credentialSubject"]["result"][0]["value"] = "A"
    with pytest.raises(SuiteError):
        verified(altered)


async def test_the_context_that_is_shipped_is_the_published_one_but_for_two_terms_that_nothing_issued_here_uses() -> None:
    said = await script("credentials.mjs", documents={}, lists={})
    published, shipped = said["contexts"][OPEN_BADGES_3]["@context"], CONTEXTS[OPEN_BADGES_3]["@context"]
    assert {name: one for name, one in shipped.items() if name not in ("endorsementJwt", "jti")} == published
