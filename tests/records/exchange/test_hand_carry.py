"""A parent carries an unofficial copy: decided and logged as a disclosure to the rights holder, verified without a network."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.client.calls import search_log
from safepassage.command import main
from safepassage.compact import split
from safepassage.hand_carry import NewHandCarryCopy, SignedHandCarry
from safepassage.offline.attached import attached_file
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.rights import IdentityCheckTooOld
from safepassage.problems.transfers import HandCarryAltered, NotForThisPerson
from safepassage.wire_log import EntrySearch
from safepassage.wire_policy import ActingFor
from services.records.reading import read_record
from shared.identity_checks import USUAL_DAYS
from tests.records.exchange.test_transfer_confirmations import keys
from tests.records.exchange.two_states import TwoStates, hard_case

pytestmark = pytest.mark.anyio


def acting(states: TwoStates, person_id: UUID, level: str = "ial2") -> ActingFor:
    about = {"method": "in-person", "evidence_ref": "desk-17", "authenticated_at": states.clock()}
    return ActingFor.model_validate({"person_id": person_id, "assurance_level": level, **about})


async def parents(states: TwoStates, student_id: UUID) -> dict[bool, UUID]:
    """A guardian with rights, and one whose rights have ended, by whether they have them."""
    exchange = states.alder.exchange
    async with exchange.database.reading() as tx:
        record = (await read_record(tx, exchange.vault, student_id)).record
    assert record.contacts is not None
    found = [one for one in record.contacts.guardians or () if one.rights is not None and one.person_id is not None]
    return {one.rights.ended_on is None: one.person_id for one in found if one.rights and one.person_id}


async def loaded(states: TwoStates, case: str = "statement-of-disagreement") -> tuple[UUID, dict[bool, UUID]]:
    """A child of the mover's district, and its parents."""
    student_id = await states.alder.load(hard_case(case), district=states.alder.organisation(MOVER_DISTRICT))
    return student_id, await parents(states, student_id)


async def made(states: TwoStates, student_id: UUID, person_id: UUID, level: str = "ial2") -> SignedHandCarry:
    async with states.alder.client("former-district") as session:
        return await session.make_hand_carry_copy(student_id, NewHandCarryCopy(acting_for=acting(states, person_id, level)))


@pytest.fixture(scope="module")
async def copy(states: TwoStates) -> tuple[UUID, SignedHandCarry]:
    student_id, known = await loaded(states)
    return student_id, await made(states, student_id, known[True])


@pytest.mark.requirement("EX-hand-carry")
async def test_a_parent_is_given_a_copy_that_verifies_offline_and_the_log_has_it(
    states: TwoStates, copy: tuple[UUID, SignedHandCarry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    student_id, signed = copy
    record = signed.copy_.record
    assert signed.copy_.status == "unofficial"
    assert record.statements  # what is contested goes with its statement: 34 CFR 99.21(c)
    assert not {"identity.ssn", "programmes.meal_status"} & set(record.elements())
    async with states.alder.client("former-district") as session:
        page = await session.print_hand_carry_copy(signed)
    (tmp_path / "copy.pdf").write_bytes(page)
    (tmp_path / "copy.json").write_text(signed.model_dump_json(by_alias=True))
    words = await keys(states, tmp_path)
    for name in ("copy.pdf", "copy.json"):
        assert main(["verify", str(tmp_path / name), *words, "--seal", signed.seal, "--json"]) == 0
        [found] = json.loads(capsys.readouterr().out)["found"]
        assert found["record"] == record.document()
    search = EntrySearch(student_id=student_id, classes=("disclosure",))
    async with states.alder.client("state-agency") as auditor:
        [entry] = [one async for found in auditor.pages(search_log(search)) for one in found.entries]
    assert entry.context is not None
    assert (entry.context["operation"], entry.context["basis"]) == ("hand-carry-copy", "rights-holder")


def altered(signed: SignedHandCarry) -> dict[str, dict[str, Any]]:
    """The file with one thing changed, by the part that the refusal names."""
    whole = signed.model_dump(mode="json", by_alias=True, exclude_none=True)

    def changed(change: Any) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(json.dumps(whole))
        change(document["copy"])
        return document

    def grade(copy: dict[str, Any]) -> None:
        copy["record"]["enrollment"]["enrollments"][0]["entry_date"] = "2020-08-01"

    def born(copy: dict[str, Any]) -> None:
        copy["record"]["identity"]["birth_date"]["birth_date"] = "2001-01-01"

    def statement(copy: dict[str, Any]) -> None:
        copy["record"]["statements"][0]["statement"] = "We agree."

    def district(copy: dict[str, Any]) -> None:
        copy["custodian"] = "Another district"

    def section(copy: dict[str, Any]) -> None:
        del copy["record"]["health"], copy["record"]["provenance"]["health"]

    return {
        "enrollment": changed(grade),
        "identity": changed(born),
        "statements": changed(statement),
        "heading": changed(district),
        "health": changed(section),
    }


@pytest.mark.requirement("EX-hand-carry", "HARD-21")
async def test_an_altered_copy_is_refused_and_the_part_is_named(
    states: TwoStates, copy: tuple[UUID, SignedHandCarry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, signed = copy
    words, file = await keys(states, tmp_path), tmp_path / "copy.json"
    for part, document in altered(signed).items():
        file.write_text(json.dumps(document))
        assert main(["verify", str(file), *words]) == 1
        assert re.search(rf"differs: {part}\)", capsys.readouterr().err), part
        async with states.alder.client("former-district") as session:
            with pytest.raises(HandCarryAltered):  # nor does the node draw a page of it
                await session.print_hand_carry_copy(SignedHandCarry.model_validate(document))
    other = await made(states, copy[0], (await parents(states, copy[0]))[True])
    file.write_text(signed.model_dump_json(by_alias=True))
    assert main(["verify", str(file), *words, "--seal", other.seal]) == 1  # the page is of another copy
    whole = signed.model_dump(mode="json", by_alias=True, exclude_none=True)
    file.write_text(json.dumps({**whole, "seal": other.seal}))
    assert main(["verify", str(file), *words]) == 1
    file.write_text(json.dumps({**whole, "copy": {**whole["copy"], "issuer": states.birch.entity_id}}))
    assert main(["verify", str(file), *words]) == 1  # the other node has not sealed it
    capsys.readouterr()


async def test_who_is_no_rights_holder_or_not_identified_well_is_given_nothing(states: TwoStates) -> None:
    student_id, known = await loaded(states, "parent-rights-ended")
    for person_id, level in ((known[False], "ial2"), (uuid4(), "ial2"), (known[True], "ial1")):
        with pytest.raises(NotForThisPerson):
            await made(states, student_id, person_id, level)
    others = await states.alder.load(states.child())
    with pytest.raises(NoSuchStudent):
        await made(states, uuid4(), known[True])
    async with states.birch.client("new-district") as stranger:
        with pytest.raises(NoSuchStudent):
            await stranger.make_hand_carry_copy(others, NewHandCarryCopy(acting_for=acting(states, known[True])))


@pytest.mark.requirement("FERPA-99.31c")
@pytest.mark.parametrize("days", [USUAL_DAYS, 1])
async def test_who_was_identified_too_long_ago_is_given_nothing(
    states: TwoStates, copy: tuple[UUID, SignedHandCarry], monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    student_id, _ = copy
    if days != USUAL_DAYS:  # what a node is set to
        exchange = states.alder.exchange
        monkeypatch.setattr(exchange, "settings", exchange.settings.model_copy(update={"identity_check_days": days}))
    parent = acting(states, (await parents(states, student_id))[True])
    oldest = states.clock() - timedelta(days=days)
    async with states.alder.client("former-district") as session:
        with pytest.raises(IdentityCheckTooOld) as refused:
            earlier = parent.model_copy(update={"authenticated_at": oldest - timedelta(minutes=5)})
            await session.make_hand_carry_copy(student_id, NewHandCarryCopy(acting_for=earlier))
        assert refused.value.field == "acting_for.authenticated_at"
        last = parent.model_copy(update={"authenticated_at": oldest + timedelta(minutes=5)})
        assert (await session.make_hand_carry_copy(student_id, NewHandCarryCopy(acting_for=last))).seal


async def test_on_a_check_that_is_yet_to_come_nothing_is_given(states: TwoStates, copy: tuple[UUID, SignedHandCarry]) -> None:
    student_id, _ = copy
    parent = acting(states, (await parents(states, student_id))[True])
    async with states.alder.client("former-district") as session:
        with pytest.raises(NotForThisPerson):
            later = parent.model_copy(update={"authenticated_at": states.clock() + timedelta(minutes=5)})
            await session.make_hand_carry_copy(student_id, NewHandCarryCopy(acting_for=later))


async def test_the_code_tells_nothing_of_the_child_and_the_page_carries_the_copy(
    states: TwoStates, copy: tuple[UUID, SignedHandCarry]
) -> None:
    student_id, signed = copy
    async with states.alder.client("former-district") as session:
        page = await session.print_hand_carry_copy(signed)
    assert SignedHandCarry.model_validate_json(attached_file(page)) == signed
    claims = json.dumps(split(signed.seal)[1])
    name = signed.copy_.record.identity and signed.copy_.record.identity.name
    assert name is not None
    for told in (name.first, name.last_1, str(student_id), signed.copy_.salt):
        assert told not in claims
    again = await made(states, student_id, (await parents(states, student_id))[True])
    assert json.loads(claims)["parts"]["identity"] != split(again.seal)[1]["parts"]["identity"]  # salted anew: two codes do not meet
