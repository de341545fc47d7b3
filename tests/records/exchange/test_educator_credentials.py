"""An educator moves to another state with a micro-credential: issued and kept by Alder, brought to Birch, verified and filed there."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.client.calls import search_log
from safepassage.compact import ALGORITHM
from safepassage.credentials.achievements import (
    Achievement,
    AchievementCredential,
    AchievementSubject,
    Criteria,
    IdentityObject,
    Profile,
)
from safepassage.credentials.issuers import did_of
from safepassage.credentials.status_list import StatusEntry
from safepassage.problems import SuiteError
from safepassage.problems.credentials import (
    CredentialIssuerNotTrusted,
    CredentialMalformed,
    CredentialRevoked,
    StatusListNotObtained,
)
from safepassage.problems.requests import IdempotencyKeyReused, InvalidRequest, LogUnavailable, NotPermitted
from safepassage.problems.rights import IdentityCheckTooOld
from safepassage.problems.signatures import BadSignature
from safepassage.record.academics import Competency
from safepassage.wire_credentials import CredentialRevocation, Identified, IssuedCredential
from safepassage.wire_educators import Educator, EducatorId, HeldMicroCredential, NewMicroCredential, PresentedCredential
from safepassage.wire_log import EntrySearch
from services.records.credentials.issuer import Issuer
from services.records.educators import kept as credentials_kept
from services.records.educators.kept import KeptContent, keep
from services.records.tables import EducatorCredentialRow
from services.records.vault_rotation import rewrap_data_keys
from shared.keys import SigningKey
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio

CASE_ITEM = "https://case.example/ims/case/v1p1/CFItems/0b7c1c0e-2f4b-4d8a-9c53-2f1b6f1e7a10"


def educator(state: str = "XA") -> Educator:
    number = uuid4().hex[:12].upper()
    return Educator(name=f"Ines {number} Quiroga", identifier=EducatorId(system=state, value=number))


def micro_credential(of: Educator, **about: Any) -> NewMicroCredential:
    competency = Competency(uri=CASE_ITEM, code="UDL.2", statement="Plans lessons for every reader")
    words = {"name": "Universal design for learning", "description": "Forty hours with a coach.", "criteria": "A portfolio of six lessons."}
    return NewMicroCredential(educator=of, competencies=(competency,), **{**words, **about})


async def issued(states: TwoStates, of: Educator, **about: Any) -> IssuedCredential:
    async with states.alder.client("former-district") as session:
        return await session.issue_educator_credential(micro_credential(of, **about))


async def brought(states: TwoStates, one: IssuedCredential | dict[str, Any], as_: Educator) -> HeldMicroCredential:
    """Birch's district is shown it, and has made sure of who stands at the counter."""
    seen = Identified(assurance_level="ial2", method="in-person", evidence_ref="licence desk 4", authenticated_at=states.clock())
    given = {"document": one} if isinstance(one, dict) else {"document": one.document, "jwt": one.jwt}
    async with states.birch.client("new-district") as session:
        return await session.receive_educator_credential(PresentedCredential(educator=as_, identified=seen, **given))


async def kept(state: State, seat: str, of: Educator) -> tuple[HeldMicroCredential, ...]:
    async with state.client(seat) as session:
        return (await session.search_educator_credentials(of.identifier)).credentials


async def told(state: State, about: object) -> list[dict[str, Any]]:
    """What the node's log says of a credential."""
    await state.tell()
    async with state.client("state-agency") as auditor:
        found = [entry async for page in auditor.pages(search_log(EntrySearch(classes=("load",)))) for entry in page.entries]
    return [dict(entry.context) for entry in found if entry.context and entry.context.get("about") == f"credential:{about}"]


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
@pytest.mark.requirement("VC-educators")
async def test_a_credential_crosses_in_the_educators_hand_and_both_logs_have_it(states: TwoStates, form: Any) -> None:
    here, there = educator("XA"), educator("XB")
    one = await issued(states, here, form=form)
    filed = await brought(states, one, there)
    assert (filed.node, filed.issuer, filed.form, filed.holds) == (states.alder.entity_id, did_of(states.alder.entity_id), form, True)
    assert (filed.holder, filed.name) == (here.name, "Universal design for learning")
    [again] = await kept(states.birch, "new-district", there)
    assert again == filed
    [own] = await kept(states.alder, "former-district", here)
    assert (own.id, own.holds, own.document, own.jwt) == (one.id, True, one.document, one.jwt)
    [entry] = await told(states.alder, one.id)
    assert entry["operation"] == "educator-credential-issued"
    [entry] = await told(states.birch, filed.id)
    assert (entry["operation"], entry["basis"], entry["recipient_node"]) == (
        "educator-credential-received",
        "holder-presented",
        states.alder.entity_id,
    )


@pytest.mark.requirement("VC-educators")
async def test_what_is_revoked_after_it_was_filed_holds_no_more_and_is_not_taken_again(states: TwoStates) -> None:
    there = educator("XB")
    one = await issued(states, educator())
    await brought(states, one, there)
    async with states.alder.client("former-district") as session:
        await session.revoke_credential(one.id, CredentialRevocation(reason="obtained-by-fraud"))
    [held] = await kept(states.birch, "new-district", there)
    assert (held.holds, held.problem_code) == (False, "credential-revoked")
    with pytest.raises(CredentialRevoked):
        await brought(states, one, educator("XB"))


@pytest.mark.requirement("VC-educators")
async def test_while_the_issuer_cannot_be_asked_nothing_is_taken_and_nothing_said_to_hold(states: TwoStates) -> None:
    there = educator("XB")
    one = await issued(states, educator())
    await brought(states, one, there)
    await states.alder.sleep()
    try:
        with pytest.raises(StatusListNotObtained):
            await brought(states, one, educator("XB"))
        [held] = await kept(states.birch, "new-district", there)
    finally:
        await states.alder.wake()
    assert (held.holds, held.problem_code) == (False, "status-list-not-obtained")


@pytest.mark.requirement("VC-educators")
async def test_what_is_brought_twice_is_kept_once_and_what_would_have_expired_is_not_issued(states: TwoStates) -> None:
    there = educator("XB")
    one = await issued(states, educator(), valid_until=states.clock() + timedelta(hours=1))
    first, second = await brought(states, one, there), await brought(states, one, there)
    assert first.id == second.id
    assert len(await kept(states.birch, "new-district", there)) == 1
    with pytest.raises(InvalidRequest):
        await issued(states, educator(), valid_until=states.clock())


def forged(states: TwoStates, *, node: str, key: SigningKey, url: str | None = None) -> dict[str, Any]:
    """A badge that says it is by a node's agency."""
    issuer = Issuer(node, key)
    badge = AchievementCredential(
        id=uuid4().urn,
        name="Universal design for learning",
        issuer=Profile(id=issuer.id),
        valid_from=states.clock(),
        status=StatusEntry(url or issuer.list_url(1), 1),
        credential_subject=AchievementSubject(
            id=uuid4().urn,
            identifier=(IdentityObject(identity_hash="Ines Quiroga", identity_type="name"),),
            achievement=Achievement(
                id=uuid4().urn,
                achievement_type="MicroCredential",
                name="Universal design for learning",
                description="Forty hours.",
                criteria=Criteria(narrative="A portfolio."),
            ),
        ),
    )
    made = issuer.secured(badge.document(), form="data-integrity", now=states.clock())
    assert isinstance(made, dict)
    return made


@pytest.mark.requirement("VC-educators")
async def test_what_is_not_the_trust_lists_or_was_altered_is_not_filed(states: TwoStates) -> None:
    alder, stranger = states.alder.entity_id, SigningKey.generate()
    real = states.alder.exchange.signing.keys[ALGORITHM]
    assert isinstance(real, SigningKey)
    one = await issued(states, educator())
    assert one.document is not None
    altered = {**one.document, "name": "Doctor of education"}
    before = len(await states.birch.rows(EducatorCredentialRow))
    cases: tuple[tuple[dict[str, Any], type[SuiteError]], ...] = (
        (forged(states, node="https://mill.example", key=stranger), CredentialIssuerNotTrusted),
        (forged(states, node=alder, key=stranger), CredentialIssuerNotTrusted),
        (forged(states, node=alder, key=real, url=f"{states.birch.entity_id}/v1/credential-status-lists/1"), StatusListNotObtained),
        (
            forged(states, node=alder, key=real, url=f"{alder}/v1/credential-status-lists/1?x=/v1/credential-status-lists/1"),
            StatusListNotObtained,
        ),
        (forged(states, node=alder, key=real, url=f"{alder}/v1/credential-status-lists/9"), StatusListNotObtained),
        (altered, BadSignature),
        ({name: member for name, member in one.document.items() if name != "proof"}, CredentialMalformed),
    )
    for document, refusal in cases:
        with pytest.raises(refusal):
            await brought(states, document, educator("XB"))
    assert len(await states.birch.rows(EducatorCredentialRow)) == before
    assert await brought(states, forged(states, node=alder, key=real), educator("XB"))  # nothing else was wrong with them


@pytest.mark.requirement("VC-educators")
async def test_an_organisation_finds_what_it_keeps_and_nobody_elses_nor_does_the_disk_tell(states: TwoStates) -> None:
    of, exchange = educator(), states.alder.exchange
    one = await issued(states, of)
    other = uuid4()
    async with exchange.database.transaction() as tx:
        content = KeptContent(educator=of, credential="{}")
        await keep(tx, exchange.vault, content, id_=uuid4(), organisation_id=other, node="x", credential_id=uuid4().urn, now=states.clock())
    assert [held.id for held in await kept(states.alder, "former-district", of)] == [one.id]
    async with states.alder.client("state-agency") as unauthorised:
        with pytest.raises(NotPermitted):
            await unauthorised.search_educator_credentials(of.identifier)
    async with states.alder.without("audit"):
        with pytest.raises(LogUnavailable):  # nothing is shown before the log has who asked
            await kept(states.alder, "former-district", of)
    on_disk = b"".join(path.read_bytes() for path in states.alder.folder.path.rglob("records.db*"))
    for text in (of.name, of.identifier.value, "Universal design"):
        assert text.encode() not in on_disk
    assert str(states.alder.organisation(MOVER_DISTRICT)) != str(other)


async def test_of_more_credentials_than_are_told_the_newest_are_and_how_many_are_not(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = educator()
    for number in range(3):
        await states.advance(seconds=1)
        await issued(states, known, name=f"Reading {number}")
    monkeypatch.setattr(credentials_kept, "MOST_HELD", 2)
    async with states.alder.client("former-district") as session:
        told = await session.search_educator_credentials(known.identifier)
    assert [one.name for one in told.credentials] == ["Reading 1", "Reading 2"]
    assert told.older == 1


async def test_a_rotation_of_the_key_encryption_key_takes_them_along(states: TwoStates) -> None:
    of, exchange = educator(), states.alder.exchange
    one = await issued(states, of)
    [before] = [row for row in await states.alder.rows(EducatorCredentialRow) if row.id == one.id]
    exchange.vault.provider.rotate()
    await rewrap_data_keys(exchange.database, exchange.vault)
    [after] = [row for row in await states.alder.rows(EducatorCredentialRow) if row.id == one.id]
    assert before.sealed != after.sealed
    assert [held.id for held in await kept(states.alder, "former-district", of)] == [one.id]


@pytest.mark.requirement("VC-educators")
async def test_how_staff_made_sure_who_brought_it_is_kept_with_it_and_told_by_nobody_else(states: TwoStates) -> None:
    there, one = educator("XB"), await issued(states, educator())
    filed = await brought(states, one, there)
    assert filed.identified is not None
    assert (filed.identified.method, filed.identified.evidence_ref) == ("in-person", "licence desk 4")
    assert await kept(states.birch, "new-district", there) == (filed,)
    assert (await brought(states, one, there)).identified == filed.identified, "the first one's"
    [row] = [row for row in await states.birch.rows(EducatorCredentialRow) if row.id == filed.id]
    assert b"licence desk" not in row.sealed
    [entry] = [one for one in await told(states.birch, filed.id) if one["outcome"] == "filed"]
    assert "licence desk" not in str(entry)


AGES = (
    (timedelta(days=30, milliseconds=-1), None),
    (timedelta(days=30, milliseconds=1), IdentityCheckTooOld),
    (timedelta(milliseconds=-1), InvalidRequest),
)


@pytest.mark.requirement("VC-educators")
@pytest.mark.parametrize(("age", "refusal"), AGES, ids=["of-thirty-days", "older", "to-come"])
async def test_on_an_old_check_or_one_to_come_nothing_is_filed(states: TwoStates, age: timedelta, refusal: type[SuiteError] | None) -> None:
    there, one, key = educator("XB"), await issued(states, educator()), str(uuid4())
    seen = Identified(assurance_level="ial2", method="in-person", evidence_ref="desk 4", authenticated_at=states.clock() - age)
    presented = PresentedCredential(educator=there, identified=seen, document=one.document, jwt=one.jwt)
    async with states.birch.client("new-district") as session:
        if refusal is None:
            filed = await session.receive_educator_credential(presented, idempotency_key=key)
            states.clock.advance(seconds=5)
            assert await session.receive_educator_credential(presented, idempotency_key=key) == filed, "it was said in time"
            return
        with pytest.raises(refusal) as refused:
            await session.receive_educator_credential(presented, idempotency_key=key)
    assert refused.value.field == "identified.authenticated_at"
    assert await kept(states.birch, "new-district", there) == ()


async def test_a_reception_that_is_sent_again_is_answered_as_before_and_verified_once(states: TwoStates) -> None:
    there, one, key = educator("XB"), await issued(states, educator()), str(uuid4())
    seen = Identified(assurance_level="ial2", method="in-person", evidence_ref="licence desk 4", authenticated_at=states.clock())
    presented = PresentedCredential(educator=there, identified=seen, document=one.document, jwt=one.jwt)
    async with states.birch.client("new-district") as session:
        first = await session.receive_educator_credential(presented, idempotency_key=key)
        again = await session.receive_educator_credential(presented, idempotency_key=key)
        assert again == first
        assert len(await told(states.birch, first.id)) == 1
        other = presented.model_copy(update={"educator": educator("XB")})
        with pytest.raises(IdempotencyKeyReused):
            await session.receive_educator_credential(other, idempotency_key=key)
