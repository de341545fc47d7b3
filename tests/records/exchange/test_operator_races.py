"""Who deals with the same letter, or recalls what is acknowledged at that moment, in two processes on one store: one is quicker."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from safepassage.envelope import Envelope
from safepassage.ids import uuid7
from safepassage.problems.dead_letters import AnswerNotRecallable
from safepassage.suites import MLKEM768_X25519
from safepassage.wire_dead_letters import OperatorAct
from safepassage.wire_policy_sets import ActingOfficial
from services.records.exchange import recalling, requeueing
from services.records.exchange.dead_letters import lay_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.operator_events import Operator
from services.records.exchange.operator_keys import OnceAtOperation
from services.records.exchange.states import SENDABLE, Outgoing, Request
from services.records.exchange.stored_rows import change, row_at
from services.records.tables import DeadLetterRow, EndingRow, LeaseRow, OutboxRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.contracts.audit import Actor
from shared.database import Database
from shared.group_commit import GroupCommit, Writing
from shared.outbox import Outbox
from tests.conftest import StandingClock
from tests.records.exchange.test_chain_rows import asked, sent
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
OFTEN = 8
OFFICIAL = ActingOfficial(pairwise_id="official-7", role="registrar", authenticated_at=NOON)
OPERATOR = Operator(Actor(kind="client", client_id="c"), "c", OperatorAct(reason="looked-into", acting_official=OFFICIAL))


def claims(exchange_id: UUID, envelope_id: UUID) -> str:
    """Of an envelope that waits."""
    digests = dict.fromkeys(("request_digest", "enc_kid", "ct_digest", "pt_commit"), "A" * 43)
    parties = {"iss": "https://alder.example", "aud": "https://birch.example", "recipient_organisation": "oak"}
    ids = {"exchange_id": exchange_id, "envelope_id": envelope_id, "kind": "package", "suite": MLKEM768_X25519.name}
    return Envelope(**parties, **ids, **digests, iat=1, exp=2, trust_serial=1).model_dump_json(exclude_none=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    return str(url)


class Process:
    """One of several processes on a store, as far as an operator's act needs one."""

    def __init__(self, url: str) -> None:
        clock = StandingClock(NOON)
        self.database = Database(url)
        outbox = Outbox("records", self.database, cast("Any", None), clock, row=OutboxRow, lease=LeaseRow, holder="test")
        self.write = GroupCommit(self.database, outbox)
        parts = {"clock": clock, "write": self.write, "read": self.database.read, "wake": lambda *_: None}
        self.exchange = cast("Exchange", type("Parts", (), {**{k: staticmethod(v) for k, v in parts.items()}}))


@pytest.fixture
async def processes(url: str) -> AsyncIterator[list[Process]]:
    """Two of one node."""
    made = [Process(url), Process(url)]
    yield made
    for one in made:
        await one.database.close()


def once() -> OnceAtOperation:
    """A key that was not used before."""
    return OnceAtOperation({"client_id": "c", "operation": "act", "key": str(uuid4()), "digest": "A" * 43})


async def letter_of(process: Process) -> UUID:
    """A letter that waits."""
    letter_id = uuid7(NOON)
    await process.write(
        lambda tx: lay_aside(tx.connection, letter_id, "refused-here", peer="https://birch.example", exchange_id=None, code="x", now=NOON)
    )
    return letter_id


@pytest.mark.requirement("EX-letters")
async def test_of_operators_at_two_processes_one_deals_with_a_letter(processes: list[Process]) -> None:
    for _ in range(OFTEN):
        letter_id = await letter_of(processes[0])
        acts = [requeueing.give_up(one.exchange, letter_id, OPERATOR, once()) for one in (*processes, *processes)]
        done = await asyncio.gather(*acts, return_exceptions=True)
        assert sorted(str(type(one).__name__) for one in done) == ["LetterClosed"] * 3 + ["NoneType"]
    told = await processes[0].database.read(lambda connection: len(connection.execute(select(OutboxRow.id)).all()))
    assert told == OFTEN


async def waiting(process: Process) -> UUID:
    """An answer that is being delivered."""
    exchange_id, envelope_id = uuid4(), uuid7(NOON)
    request = asked(exchange_id=exchange_id, expires_at=NOON + timedelta(days=1))
    said, student = claims(exchange_id, envelope_id), uuid4()
    answer = sent(request, id=envelope_id, state=Outgoing.IN_FLIGHT, claims=said, r1=None, r2=None, student_id=student)
    for row in (request, answer):
        async with process.database.transaction() as tx:
            tx.add(row)
    return envelope_id


@pytest.mark.requirement("EX-recall")
async def test_a_recall_and_a_receipt_at_the_same_moment_do_not_both_count(processes: list[Process]) -> None:
    one, other = processes
    outcomes = set()
    for _ in range(OFTEN):
        envelope_id = await waiting(one)
        ending = EndingRow(
            id=uuid4(), peer="p", exchange_id=uuid4(), envelope_id=envelope_id, state="waiting", token="t", lapses_at=NOON, attempts=0
        )

        def recall(tx: Writing, envelope_id: UUID = envelope_id, ending: EndingRow = ending) -> None:
            recalling._end(tx, one.exchange, envelope_id, OPERATOR, ending)

        def acknowledge(tx: Writing, envelope_id: UUID = envelope_id) -> bool:
            return change(tx.connection, OutgoingEnvelopeRow, envelope_id, when=SENDABLE, state=Outgoing.RECEIVED)

        recalled, acknowledged = await asyncio.gather(one.write(recall), other.write(acknowledge), return_exceptions=True)
        assert isinstance(recalled, AnswerNotRecallable) == bool(acknowledged)
        held = await one.database.read(lambda connection, key=envelope_id: row_at(connection, OutgoingEnvelopeRow, key))  # type: ignore[misc]
        assert held.state == (Outgoing.RECEIVED if acknowledged else Outgoing.WITHDRAWN)
        request = await one.database.read(lambda connection, key=held.request_id: row_at(connection, PeerRequestRow, key))  # type: ignore[misc]
        letter = await one.database.read(lambda connection, key=envelope_id: row_at(connection, DeadLetterRow, key))  # type: ignore[misc]
        assert (letter is None, request.state) == (bool(acknowledged), Request.ANSWERED if acknowledged else Request.WAITING)
        outcomes.add(bool(acknowledged))
    assert outcomes
