"""A transcript for who may have it: decided, logged, signed; verified with what the node publishes, and revoked by its list."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from node.demo.seats import MOVER_DISTRICT
from safepassage.canonical import digest_of
from safepassage.client.calls import search_log
from safepassage.clock import system_clock
from safepassage.command import main
from safepassage.compact import thumbprint
from safepassage.credentials.issuers import did_of, keys_of_document
from safepassage.credentials.status_list import decoded_list
from safepassage.credentials.vc_jwt import written
from safepassage.credentials.verification import VerifiedCredential, verify_credential
from safepassage.problems.credentials import CredentialMalformed, CredentialNotPermitted, CredentialRevoked, NoSuchCredential
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.problems.rights import IdentityCheckTooOld
from safepassage.wire_credentials import ConsentedRecipient, CredentialRevocation, Identified, IssuedCredential, NewTranscript
from safepassage.wire_log import EntrySearch
from safepassage.wire_organisations import NewOrganisation
from safepassage.wire_policy import ActingFor, NewConsent
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from services.records.credentials.places import take_place
from services.records.formats.clr import ELEMENTS
from services.records.shredding import Shredder
from services.records.tables import CredentialKeyRow, IssuedCredentialRow, OrganisationRow
from shared.identity_checks import USUAL_DAYS
from tests.records.exchange.test_educator_credentials import brought, educator
from tests.records.exchange.test_hand_carry import acting, loaded, parents
from tests.records.exchange.test_transfer_confirmations import keys
from tests.records.exchange.two_states import State, TwoStates, ordinary_students

pytestmark = pytest.mark.anyio


async def with_transcript(states: TwoStates) -> tuple[UUID, dict[bool, UUID]]:
    """A student of the mover's district with finished courses, and the parents."""
    taken = {row.student_id for row in await states.alder.rows(IssuedCredentialRow)}
    for student in ordinary_students():
        academics = student.load.record.academics
        if academics is None or not academics.transcript:
            continue
        student_id = await states.alder.load(student, district=states.alder.organisation(MOVER_DISTRICT))
        known = await parents(states, student_id)
        if True in known and student_id not in taken:
            return student_id, known
    raise AssertionError("no such student is left")


@pytest.fixture(scope="module")
async def student(states: TwoStates) -> tuple[UUID, UUID]:
    """A student with finished courses, and a parent with rights."""
    student_id, known = await with_transcript(states)
    return student_id, known[True]


Check = TypeVar("Check", ActingFor, Identified)


def _long_ago(check: Check, now: datetime, days: int = USUAL_DAYS) -> Check:
    """A little more than what this node allows."""
    return check.model_copy(update={"authenticated_at": now - timedelta(days=days, minutes=5)})


async def issued(states: TwoStates, student_id: UUID, new: NewTranscript) -> IssuedCredential:
    async with states.alder.client("former-district") as session:
        return await session.issue_transcript(student_id, new)


def to_parent(states: TwoStates, parent: UUID, **about: Any) -> NewTranscript:
    return NewTranscript(acting_for=acting(states, parent), **about)


async def published(state: State, path: str) -> bytes:
    """What anybody reads at the node's door."""
    async with httpx2.AsyncClient() as stranger:
        answer = await stranger.get(path if path.startswith("http") else f"{state.entity_id}{path}")
        assert answer.status_code == 200
        return answer.content


def file_of(one: IssuedCredential) -> bytes:
    return one.jwt.encode() if one.jwt is not None else written(one.document or {})


async def verified(states: TwoStates, one: IssuedCredential) -> VerifiedCredential:
    """As a college does it: with the issuer's DID document and the status list, both read at its door."""
    issuer, known = keys_of_document(await published(states.alder, "/.well-known/did.json"))
    lists = {one.status_list: await published(states.alder, one.status_list)}
    assert issuer == did_of(states.alder.entity_id)
    return verify_credential(
        file_of(one), keys_of=lambda who: known if who == issuer else {}, status_list_of=lists.get, now=states.clock(), issuer=issuer
    )


async def entries(states: TwoStates, student_id: UUID, class_: str) -> list[dict[str, Any]]:
    await states.alder.tell()
    search = EntrySearch.model_validate({"student_id": student_id, "classes": (class_,)})
    async with states.alder.client("state-agency") as auditor:
        return [dict(one.context or {}) async for found in auditor.pages(search_log(search)) for one in found.entries]


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
@pytest.mark.requirement("VC-transcript")
async def test_a_parent_is_given_a_transcript_that_anybody_verifies_and_the_log_has_it(
    states: TwoStates, student: tuple[UUID, UUID], form: Any
) -> None:
    student_id, parent = student
    one = await issued(states, student_id, to_parent(states, parent, form=form))
    found = await verified(states, one)
    assert (found.form, found.document["id"]) == (form, one.id.urn)
    kinds = {part.document["credentialSubject"]["achievement"]["achievementType"] for part in found.parts}
    assert kinds == {"Course", "LearningProgram"}
    [entry] = [one_ for one_ in await entries(states, student_id, "disclosure") if one_["about"] == f"credential:{one.id}"]
    assert (entry["operation"], entry["basis"], entry["recipient_organisation"]) == ("transcript", "rights-holder", str(parent))
    assert set(entry["elements"]) <= set(ELEMENTS)
    assert str(student_id) not in file_of(one).decode()  # a node's id of a child never leaves it


@pytest.mark.parametrize("form", ["data-integrity", "jwt"])
async def test_a_students_transcript_is_filed_as_no_educators_credential(states: TwoStates, student: tuple[UUID, UUID], form: Any) -> None:
    student_id, parent = student
    one = await issued(states, student_id, to_parent(states, parent, form=form))
    with pytest.raises(CredentialMalformed):
        await brought(states, one, educator())


@pytest.mark.requirement("VC-transcript")
async def test_a_party_that_the_parent_consents_to_is_given_what_the_consent_covers(states: TwoStates, student: tuple[UUID, UUID]) -> None:
    student_id, parent = student
    settings = states.alder.folder.settings("gateway")
    assert isinstance(settings, GatewaySettings)
    async with administration(settings, clock=states.clock) as hand:
        college = NewOrganisation(kind="agency", name="Mill College", valid_from=states.clock().date() - timedelta(days=9))
        party = (await hand.add_organisation(college)).id
    await states.alder.tell()
    consent = NewConsent(
        student_id=student_id,
        acting_for=acting(states, parent),
        signed_on=states.clock().date() - timedelta(days=1),
        signature="paper",
        document=digest_of(b"the signed consent"),
        elements=("academics.transcript",),
        purposes=("enrollment",),
        recipient_id=str(party),
    )
    async with states.alder.client("former-district") as session:
        given = await session.record_consent(consent)
    identified = Identified.model_validate(acting(states, parent).model_dump(exclude={"person_id"}))
    named = ConsentedRecipient(kind="agency", id=party, consent_id=given.id, purpose="enrollment", identified=identified)
    one = await issued(states, student_id, NewTranscript(recipient=named))
    found = await verified(states, one)
    assert "identifier" not in found.document["credentialSubject"]  # the consent is for the courses alone
    assert {part.document["credentialSubject"]["achievement"]["achievementType"] for part in found.parts} == {"Course"}
    [entry] = [one_ for one_ in await entries(states, student_id, "disclosure") if one_["about"] == f"credential:{one.id}"]
    assert (entry["basis"], entry["recipient_organisation"], entry["consent_id"]) == ("consent", str(party), str(given.id))
    for other in (
        named.model_copy(update={"id": states.alder.organisation(MOVER_DISTRICT)}),
        named.model_copy(update={"purpose": "audit-evaluation"}),
    ):
        with pytest.raises(CredentialNotPermitted):
            await issued(states, student_id, NewTranscript(recipient=other))
    for recipient, acting_for, field in (
        (named.model_copy(update={"identified": _long_ago(identified, states.clock())}), None, "recipient.identified"),
        (None, _long_ago(acting(states, parent), states.clock()), "acting_for"),
    ):
        with pytest.raises(IdentityCheckTooOld) as refused:
            await issued(states, student_id, NewTranscript(recipient=recipient, acting_for=acting_for))
        assert refused.value.field == f"{field}.authenticated_at"
    tomorrow = {"authenticated_at": states.clock() + timedelta(days=1)}
    for new in (
        NewTranscript(recipient=named.model_copy(update={"identified": identified.model_copy(update=tomorrow)})),
        NewTranscript(acting_for=acting(states, parent).model_copy(update=tomorrow)),
    ):
        with pytest.raises(CredentialNotPermitted):
            await issued(states, student_id, new)


@pytest.mark.requirement("FERPA-99.31c")
async def test_a_node_may_ask_for_a_check_of_the_same_day(
    states: TwoStates, student: tuple[UUID, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    student_id, parent = student
    exchange = states.alder.exchange
    monkeypatch.setattr(exchange, "settings", exchange.settings.model_copy(update={"identity_check_days": 1}))
    with pytest.raises(IdentityCheckTooOld):
        await issued(states, student_id, NewTranscript(acting_for=_long_ago(acting(states, parent), states.clock(), days=1)))


@pytest.mark.requirement("VC-transcript")
async def test_who_has_no_right_to_it_is_given_none_and_a_stranger_learns_nothing(states: TwoStates, student: tuple[UUID, UUID]) -> None:
    student_id, parent = student
    before = len(await states.alder.rows(IssuedCredentialRow))
    ended, known = await loaded(states, "parent-rights-ended")
    for whose, person, level in ((ended, known[False], "ial2"), (student_id, uuid4(), "ial2"), (student_id, parent, "ial1")):
        with pytest.raises(CredentialNotPermitted):
            await issued(states, whose, NewTranscript(acting_for=acting(states, person, level)))
    with pytest.raises(NoSuchStudent):
        await issued(states, uuid4(), to_parent(states, parent))
    others = await states.alder.load(states.child())
    with pytest.raises(NoSuchStudent):
        async with states.birch.client("new-district") as stranger:
            await stranger.issue_transcript(others, to_parent(states, parent))
    assert len(await states.alder.rows(IssuedCredentialRow)) == before


async def test_facts_that_still_wait_are_pushed_before_it_is_decided(states: TwoStates) -> None:
    child = next(one for one in ordinary_students() if one.load.record.academics and one.load.record.academics.transcript)
    student_id = await states.alder.load(child, district=states.alder.organisation(MOVER_DISTRICT), told=False)
    known = await parents(states, student_id)
    assert await issued(states, student_id, to_parent(states, known[True]))


@pytest.mark.requirement("VC-transcript")
async def test_nothing_is_given_that_the_log_does_not_have(states: TwoStates, student: tuple[UUID, UUID]) -> None:
    student_id, parent = student
    async with states.alder.without("audit"):
        with pytest.raises(LogUnavailable):
            await issued(states, student_id, to_parent(states, parent))


@pytest.mark.requirement("VC-list")
async def test_a_revoked_transcript_is_refused_by_who_reads_the_list_and_the_log_says_who_revoked_it(
    states: TwoStates, student: tuple[UUID, UUID]
) -> None:
    student_id, parent = student
    one, other = [await issued(states, student_id, to_parent(states, parent)) for _ in range(2)]
    await verified(states, one)
    revocation = CredentialRevocation(reason="issued-in-error")
    async with states.birch.client("new-district") as stranger:
        with pytest.raises(NoSuchCredential):
            await stranger.revoke_credential(one.id, revocation)
    async with states.alder.client("state-agency") as unauthorised:
        with pytest.raises(NotPermitted):
            await unauthorised.revoke_credential(one.id, revocation)
    async with states.alder.client("former-district") as session:
        said = await session.revoke_credential(one.id, revocation)
        again = await session.revoke_credential(one.id, CredentialRevocation(reason="another-reason"))
        with pytest.raises(NoSuchCredential):
            await session.revoke_credential(uuid4(), revocation)
    assert (said.reason, again) == ("issued-in-error", said)
    with pytest.raises(CredentialRevoked):
        await verified(states, one)
    await verified(states, other)
    [entry] = await entries(states, student_id, "load")
    assert (entry["operation"], entry["reason"], entry["about"]) == ("credential-revoked", "issued-in-error", f"credential:{one.id}")


@pytest.mark.requirement("VC-list")
async def test_another_districts_credential_looks_absent(states: TwoStates) -> None:
    exchange, mine = states.alder.exchange, states.alder.organisation(MOVER_DISTRICT)
    async with exchange.database.reading() as tx:
        other = await tx.scalar(select(OrganisationRow.id).where(OrganisationRow.kind == "lea", OrganisationRow.id != mine).limit(1))
    assert other is not None
    credential_id = uuid4()
    async with exchange.database.transaction() as tx:
        await take_place(tx, credential_id, kind="transcript", student_id=None, organisation_id=other, now=states.clock())
    async with states.alder.client("former-district") as session:
        with pytest.raises(NoSuchCredential):
            await session.revoke_credential(credential_id, CredentialRevocation(reason="not-mine"))
    [row] = [row for row in await states.alder.rows(IssuedCredentialRow) if row.id == credential_id]
    assert row.revoked_at is None


@pytest.mark.requirement("VC-list")
async def test_a_transcript_is_revoked_after_the_record_was_destroyed_too(states: TwoStates) -> None:
    student_id, known = await with_transcript(states)
    one = await issued(states, student_id, to_parent(states, known[True]))
    exchange = states.alder.exchange
    async with exchange.database.transaction() as tx:
        await Shredder(exchange.vault, exchange.outbox, states.clock, about="destruction:test", jurisdiction="US-XA").student(
            tx, student_id
        )
    await verified(states, one)
    async with states.alder.client("former-district") as session:
        await session.revoke_credential(one.id, CredentialRevocation(reason="issued-in-error"))
    with pytest.raises(CredentialRevoked):
        await verified(states, one)


@pytest.mark.requirement("VC-list")
async def test_the_list_tells_how_many_were_revoked_and_not_whose(states: TwoStates, student: tuple[UUID, UUID]) -> None:
    student_id, parent = student
    several = [await issued(states, student_id, to_parent(states, parent)) for _ in range(3)]
    rows = {row.id: row for row in await states.alder.rows(IssuedCredentialRow)}
    places = [rows[one.id].place for one in several]
    assert places != sorted(places) or max(places) - min(places) > 3  # drawn, not counted
    document = json.loads(await published(states.alder, several[0].status_list))
    bits = decoded_list(document["credentialSubject"]["encodedList"])
    assert sum(byte.bit_count() for byte in bits) == sum(row.revoked_at is not None for row in rows.values())
    for told in (str(student_id), *(str(one.id) for one in several)):
        assert told not in json.dumps(document)
    async with httpx2.AsyncClient(base_url=states.alder.entity_id) as stranger:
        missing = await stranger.get("/v1/credential-status-lists/9")
    assert (missing.status_code, missing.json()["code"]) == (404, "no-such-status-list")


@pytest.mark.requirement("VC-offline")
async def test_a_node_of_the_network_verifies_it_by_the_trust_list_alone(
    states: TwoStates, student: tuple[UUID, UUID], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student_id, parent = student
    one = await issued(states, student_id, to_parent(states, parent))
    files = {"transcript.json": file_of(one), "list.json": await published(states.alder, one.status_list)}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    words = await keys(states, tmp_path)
    assert states.clock() - system_clock() < timedelta(minutes=1)
    assert main(["verify", str(tmp_path / "transcript.json"), *words, "--status-list", str(tmp_path / "list.json"), "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["found"]
    assert (found["issuer"], found["credential_id"]) == (did_of(states.alder.entity_id), one.id.urn)
    altered = files["transcript.json"].replace(b'"creditsEarned":1', b'"creditsEarned":2', 1)
    assert altered != files["transcript.json"]
    (tmp_path / "transcript.json").write_bytes(altered)
    assert main(["verify", str(tmp_path / "transcript.json"), *words, "--status-list", str(tmp_path / "list.json")]) == 1
    capsys.readouterr()


async def test_a_key_that_has_signed_stays_published(states: TwoStates, student: tuple[UUID, UUID]) -> None:
    await issued(states, student[0], to_parent(states, student[1]))
    [row] = await states.alder.rows(CredentialKeyRow)
    _, known = keys_of_document(await published(states.alder, "/.well-known/did.json"))
    assert row.kid in map(thumbprint, known.values())
