"""The confirmation of a transfer for the graduation rate: what an auditor verifies offline, and what is refused."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from safepassage.command import main
from safepassage.offline.attached import attached_file
from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.transfers import TransferNotConfirmed
from safepassage.transfer_confirmation import (
    ConfirmationSignature,
    SignedConfirmation,
    TransferConfirmation,
    confirmation_digest,
)
from safepassage.wire_exchange import Official
from services.records.tables import TrustListRow
from tests.records.exchange.other_claimants import say
from tests.records.exchange.test_transfer_notices import filed, sent
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def confirmation_of(states: TwoStates, exchange_id: UUID) -> SignedConfirmation:
    async with states.alder.client("state-agency") as session:
        return await session.read_transfer_confirmation(exchange_id)


async def keys(states: TwoStates, folder: Path) -> list[str]:
    """The words that name what an auditor has: the trust list, and the statement of each node."""
    held = max(await states.alder.rows(TrustListRow), key=lambda row: int(row.serial))
    (folder / "list.jws").write_text(held.document)
    words = ["--trust-list", str(folder / "list.jws"), f"--trust-digest={held.digest}"]
    for state, other in ((states.alder, states.birch), (states.birch, states.alder)):
        statement = folder / f"{state.folder.path.name}.jws"
        statement.write_text((await other.exchange.statements.of(state.entity_id)).token)
        words += ["--statement", str(statement)]
    return words


async def came(states: TwoStates) -> Case:
    case, _ = await filed(states)
    await say(states, "new-district", case, "enrolled")
    await states.settle()
    return case


@pytest.mark.requirement("EX-confirmation")
async def test_an_auditor_verifies_offline_that_a_student_enrolled_in_another_state(
    states: TwoStates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = await came(states)
    signed, words = await confirmation_of(states, case.id), await keys(states, tmp_path)
    told = signed.confirmation
    assert (told.confirmed, told.enrolled_on) == ("enrolled", states.clock().date())
    assert told.recipient_organisation == str(states.birch.organisation(RECEIVING_DISTRICT))
    (tmp_path / "confirmation.json").write_text(signed.model_dump_json(by_alias=True))
    async with states.alder.client("state-agency") as session:
        page = await session.read_transfer_confirmation_document(case.id)
    (tmp_path / "confirmation.pdf").write_bytes(page)
    for name in ("confirmation.json", "confirmation.pdf"):
        assert main(["verify", str(tmp_path / name), *words, "--json"]) == 0
        [found] = json.loads(capsys.readouterr().out)["found"]
        assert found["person"]["last_name"] == told.person.last_name
        assert found["enrolled_on"] == told.enrolled_on.isoformat()
    # without an official's word it says less
    record_alone, _ = await filed(states)
    assert (await confirmation_of(states, record_alone.id)).confirmation.confirmed == "record-filed"


@pytest.mark.requirement("EX-confirmation")
async def test_of_a_first_day_that_was_corrected_again_and_again_the_last_word_counts(
    states: TwoStates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, _ = await filed(states)
    today = states.clock().date()
    about: dict[str, Any] = {"official": Official(role="registrar", pairwise_id="official-1", attested_at=states.clock())}
    for days in (9, 3, 7, 5):
        assert await sent(states, case.id, "enrolled", effective_on=today + timedelta(days=days), **about) is None
    signed, words = await confirmation_of(states, case.id), await keys(states, tmp_path)
    assert signed.confirmation.enrolled_on == today + timedelta(days=5)
    (tmp_path / "confirmation.json").write_text(signed.model_dump_json(by_alias=True))
    assert main(["verify", str(tmp_path / "confirmation.json"), *words, "--json"]) == 0
    [found] = json.loads(capsys.readouterr().out)["found"]
    assert found["enrolled_on"] == (today + timedelta(days=5)).isoformat()


def altered(signed: SignedConfirmation) -> dict[str, dict[str, Any]]:
    """The document with one thing changed, by what that is."""
    whole = signed.confirmation.model_dump(mode="json", by_alias=True, exclude_none=True)

    def changed(**members: Any) -> dict[str, Any]:
        return {**json.loads(json.dumps(whole)), **members}

    notice = whole["notices"][0]
    later = {**notice, "content": {**notice["content"], "effective_on": "2020-01-01"}}
    answer = whole["messages"]["answers"][0]
    return {
        "another student": changed(person={**whole["person"], "first_name": "Somebody"}),
        "another day": changed(enrolled_on="2020-01-01"),
        "another day in the notice": changed(enrolled_on="2020-01-01", notices=[later]),
        "another school": changed(recipient_organisation="elsewhere"),
        "another name of an id": changed(recipient={**whole["recipient"], "id": "elsewhere"}),
        "no notice": changed(notices=[]),
        "no receipt": changed(messages={**whole["messages"], "answers": [{**answer, "r2": None}]}),
        "R1 for R2": changed(messages={**whole["messages"], "answers": [{**answer, "r2": answer["r1"]}]}),
        "another exchange": changed(exchange_id=str(uuid4())),
        "both nodes exchanged": changed(sending_node=whole["receiving_node"], receiving_node=whole["sending_node"]),
        "more than is confirmed": changed(confirmed="record-filed"),
    }


@pytest.mark.requirement("EX-confirmation")
async def test_whatever_is_altered_is_refused_also_where_the_sending_node_signs_it_again(
    states: TwoStates, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signed, words = await confirmation_of(states, (await came(states)).id), await keys(states, tmp_path)
    file = tmp_path / "confirmation.json"
    for what, document in altered(signed).items():
        told = TransferConfirmation.model_validate(document)
        word = ConfirmationSignature(
            iss=states.alder.entity_id,
            exchange_id=told.exchange_id,
            confirmation_digest=confirmation_digest(told),
            iat=int(states.clock().timestamp()),
        )
        again = states.alder.exchange.signing.sign_compact(typ=word.TYPE, payload=word.claims())
        for signature in (signed.signature, again):
            file.write_text(SignedConfirmation(confirmation=told, signature=signature).model_dump_json(by_alias=True))
            assert main(["verify", str(file), *words]) == 1, what
    capsys.readouterr()


async def test_of_a_student_who_never_came_or_whose_record_was_not_filed_there_is_none(states: TwoStates) -> None:
    case = await came(states)
    await say(states, "new-district", case, "no-show")
    await states.settle()
    with pytest.raises(TransferNotConfirmed):
        await confirmation_of(states, case.id)
    waits = await states.queued()
    with pytest.raises(TransferNotConfirmed):
        await confirmation_of(states, waits.id)


async def test_another_districts_transfer_looks_absent(states: TwoStates) -> None:
    case = await came(states)
    async with states.birch.client("new-district") as stranger:  # the receiving side: it is not its to give
        with pytest.raises(NoSuchExchange):
            await stranger.read_transfer_confirmation(case.id)
    with pytest.raises(NoSuchExchange):
        await confirmation_of(states, uuid4())


async def test_the_page_carries_the_file_and_its_text_is_no_part_of_it(states: TwoStates) -> None:
    case = await came(states)
    async with states.alder.client("state-agency") as session:
        page = await session.read_transfer_confirmation_document(case.id)
    signed = SignedConfirmation.model_validate_json(attached_file(page))
    assert signed.confirmation.exchange_id == case.id
