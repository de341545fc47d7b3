"""What the store says of each other node, on both engines: the newest of each, what waits, and nothing of anybody else's."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from safepassage.ids import uuid7
from safepassage.wire_peers import WaitingForPeer
from services.records.exchange.peer_standings import LOOKED_BACK, StoredStanding, stored_standings
from services.records.exchange.states import Asked, Letter, Outgoing, Telling
from services.records.exchange.states import Request as Taken
from services.records.tables import (
    DeadLetterRow,
    EndingRow,
    ExchangeRequestRow,
    NodeStatementRow,
    OutgoingEnvelopeRow,
    PeerLogRow,
    ReconciliationRow,
)
from shared.database import Database
from tests.gateway.console.exchanged import DIGEST, signed, taken
from tests.records.statements import plans
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
BIRCH, CEDAR, GONE = "https://birch.example", "https://cedar.example", "https://gone.example"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    yield database
    await database.close()


async def store(database: Database, *rows: Any) -> None:
    for row in rows:
        async with database.transaction() as tx:
            tx.add(row)


async def standing(database: Database, *peers: str) -> dict[str, StoredStanding]:
    return await database.read(lambda connection: stored_standings(connection, peers, NOW))


def asked(at: datetime, *, holder: str = BIRCH, accepted_at: datetime | None = None, waits: bool = False) -> ExchangeRequestRow:
    """A request of ours; `accepted_at`: as its receipt says."""
    return ExchangeRequestRow(
        id=uuid7(at),
        client_id="sis",
        caller_organisation_id=uuid4(),
        receiving_organisation_id=uuid4(),
        holder=holder,
        state=Asked.PREPARED if waits else Asked.ACCEPTED,
        requested_at=at,
        expires_at=at + 14 * DAY,
        token="token",
        request_digest=DIGEST,
        subject_commit=DIGEST,
        particulars=b"",
        event="{}",
        accepted=None if accepted_at is None else signed("sp-accepted+jws", iat=int(accepted_at.timestamp())),
        attempts=1,
        next_attempt_at=NOW if waits else None,
    )


def answered(request: Any, at: datetime, *, receipt_at: datetime | None = None) -> OutgoingEnvelopeRow:
    """An answer of ours; it waits until its receipt has come."""
    return OutgoingEnvelopeRow(
        id=uuid7(at),
        request_id=request.id,
        recipient_node=request.requester,
        kind="package",
        state=Outgoing.QUEUED if receipt_at is None else Outgoing.RECEIVED,
        claims="{}",
        event="{}",
        ct_digest=DIGEST,
        expires_at=at + 14 * DAY,
        leaves_at=at,
        queued_at=at,
        attempts=1,
        next_attempt_at=at + HOUR,
        r1=None if receipt_at is None else signed("sp-receipt+jws", iat=int(receipt_at.timestamp())),
    )


async def test_of_each_node_the_newest_receipt_and_the_newest_sign_of_it_count(database: Database) -> None:
    request = taken(Taken.ANSWERED, NOW - 5 * HOUR)
    await store(
        database,
        asked(NOW - 9 * HOUR, accepted_at=NOW - 8 * HOUR),
        asked(NOW - 7 * HOUR, accepted_at=NOW - 6 * HOUR),
        asked(NOW - HOUR),
        asked(NOW - 20 * HOUR, holder=CEDAR, accepted_at=NOW - 19 * HOUR),
        asked(NOW - HOUR, holder=CEDAR, accepted_at=NOW - HOUR),
        asked(NOW - LOOKED_BACK - 2 * DAY, holder=GONE, accepted_at=NOW),
        request,
        answered(request, NOW - 5 * HOUR, receipt_at=NOW - 4 * HOUR),
        PeerLogRow(origin="cedar.example/log/2026", node=CEDAR, size=9, root=DIGEST, note="note", seen_at=NOW - 2 * HOUR),
        NodeStatementRow(entity_id=CEDAR, serial=3, token="token", fetched_at=NOW - 3 * HOUR),
    )
    found = await standing(database, BIRCH, CEDAR, GONE)
    assert list(found) == [BIRCH, CEDAR, GONE]
    assert (found[BIRCH].delivered_at, found[BIRCH].heard_at) == (NOW - 4 * HOUR, NOW - 5 * HOUR)
    assert (found[CEDAR].delivered_at, found[CEDAR].heard_at) == (NOW - HOUR, NOW - 2 * HOUR)
    assert [(one.origin, one.size) for one in found[CEDAR].logs] == [("cedar.example/log/2026", 9)]
    assert found[CEDAR].statement is not None
    assert found[GONE] == StoredStanding(), "that was before the days that are looked back on"


async def test_what_waits_is_counted_by_kind_and_since_the_oldest(database: Database) -> None:
    request = taken(Taken.ANSWERED, NOW - 5 * HOUR)
    letters = [
        DeadLetterRow(id=uuid4(), kind="request", state=state, peer=BIRCH, code="expired", since=NOW)
        for state in (Letter.OPEN, Letter.SETTLED)
    ]
    ending = EndingRow(
        id=uuid4(), peer=BIRCH, exchange_id=uuid4(), state=Telling.WAITING, token="token", lapses_at=NOW, attempts=0, next_attempt_at=NOW
    )
    await store(
        database,
        asked(NOW - 2 * HOUR, waits=True),
        asked(NOW - 9 * HOUR),
        request,
        answered(request, NOW - 3 * HOUR),
        answered(request, NOW - 4 * HOUR, receipt_at=NOW - 4 * HOUR),
        ending,
        *letters,
        asked(NOW - HOUR, holder=GONE, waits=True),
    )
    found = await standing(database, BIRCH, CEDAR)
    assert found[BIRCH].waiting == WaitingForPeer(requests=1, answers=1, endings=1, letters=1, since=NOW - 3 * HOUR)
    assert found[CEDAR] == StoredStanding()


async def test_compared_days_are_those_of_the_last_thirty_the_newest_first(database: Database) -> None:
    def day(n: int, peer: str, state: str) -> ReconciliationRow:
        return ReconciliationRow(day=(NOW - n * DAY).date().isoformat(), peer=peer, state=state, attempts=0)

    rows = [day(1, BIRCH, "due"), day(2, BIRCH, "differs"), day(30, BIRCH, "agreed"), day(31, BIRCH, "differs"), day(1, CEDAR, "agreed")]
    await store(database, *rows)
    found = await standing(database, BIRCH, CEDAR)
    assert [one.state for one in found[BIRCH].days] == ["due", "differs", "agreed"]
    assert [one.state for one in found[CEDAR].days] == ["agreed"]


async def test_what_waits_is_found_without_a_look_at_what_does_not(database: Database) -> None:
    made = await database.read(lambda connection: plans(connection, partial(stored_standings, entity_ids=(BIRCH,), now=NOW)))
    exchanges = "exchange_request|peer_request|outgoing_envelope|incoming_envelope|outgoing_notice|ending|dead_letter"
    assert len(made) > 10
    assert not [plan for plan in made if re.search(rf"(SCAN|Seq Scan on) ({exchanges})\b", plan)]
