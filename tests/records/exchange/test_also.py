"""Two nodes, each of which has more to say in its messages than the other knows: they go on as if nothing had been said."""

import json
from pathlib import Path
from typing import Any

import pytest

from safepassage.also import Also
from safepassage.claims import Message
from safepassage.command import main
from safepassage.compact import split
from safepassage.notice import NoticeContent
from services.records.tables import ArrivedNoticeRow, OutgoingNoticeRow, QuarantineRow
from services.records.transfers import notices
from tests.records.exchange.other_claimants import notices as notices_of
from tests.records.exchange.test_chains import ACTS, chain_of, proven
from tests.records.exchange.test_reconciliations import a_day_later, compared
from tests.records.exchange.test_transfer_confirmations import came, confirmation_of, keys
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

MORE: dict[str, Any] = {"read_by": "machine", "levels": [1, None]}


class LaterContent(NoticeContent):
    """What whoever makes a notice says in it; who receives one reads with a class of its own."""

    also: Also = MORE


@pytest.fixture
def of_later_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    claims = Message.claims

    def more(message: Message) -> dict[str, Any]:
        return claims(message) | ({"also": MORE} if "also" in type(message).model_fields else {})

    monkeypatch.setattr(Message, "claims", more)
    monkeypatch.setattr(notices, "NoticeContent", LaterContent)


@pytest.mark.requirement("UPGRADE-also")
@pytest.mark.usefixtures("of_later_versions")
async def test_an_exchange_its_notices_its_proofs_and_the_comparison_of_the_day_go_on(own_states: TwoStates, tmp_path: Path) -> None:
    states = own_states
    case = await came(states)
    asked, package = await case.asked(), await case.package()
    for said in (asked.accepted, package.r1, package.r2, (await states.birch.rows(OutgoingNoticeRow))[0].taken):
        assert split(said or "")[1]["also"] == MORE
    assert "also" not in split(asked.token)[1]  # what asks, and what gives, has no place for it
    assert "also" not in split(package.jws or "")[1]
    assert (await notices_of(states.birch, "new-district", case))["enrolled"].state == "delivered"
    assert (await notices_of(states.alder, "state-agency", case))["enrolled"].effective_on == states.clock().date()
    [told] = [row for row in await states.alder.rows(ArrivedNoticeRow) if row.exchange_id == case.id]
    assert json.loads(states.alder.exchange.open_particulars(told.id, told.particulars))["also"] == MORE
    signed, words = await confirmation_of(states, case.id), await keys(states, tmp_path)
    assert signed.confirmation.confirmed == "enrolled"
    (tmp_path / "confirmation.json").write_text(signed.model_dump_json(by_alias=True))
    assert main(["verify", str(tmp_path / "confirmation.json"), *words]) == 0
    assert [link.act for link in (await proven(states, await chain_of(states.alder, case.id))).links] == ACTS
    day = await a_day_later(states)
    for state in (states.alder, states.birch):
        assert (await compared(state, day)).state == "agreed"
        assert await state.rows(QuarantineRow) == []
