"""What records reports: students' ids, loads, exchanges - in counts, each minute, to privacy."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest

from safepassage.ids import uuid7
from services.privacy.readiness.evidence import held_measures
from services.records.exchange.states import Asked, Outgoing
from services.records.readiness_evidence import are_random, report
from services.records.tables import (
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    LoadRow,
    MatchReviewRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
    StudentRow,
)
from shared.contracts.readiness import RecordsMeasures
from tests.records.one_state import OneState

pytestmark = pytest.mark.anyio

DIGEST = "A" * 43


async def reported(state: OneState) -> RecordsMeasures:
    """What the node's real privacy service holds after a report."""
    await report(state.records)
    async with state.node.applications["privacy"].state.database.reading() as tx:
        held = await held_measures(tx)
    assert held.records.measured_at == state.clock()
    return held.records.of


async def stored(state: OneState, *rows: object) -> None:
    async with state.records.state.database.transaction() as tx:
        for row in rows:
            tx.add(row)
            await tx.flush()


def student(identifier: UUID, now: datetime) -> StudentRow:
    return StudentRow(
        id=identifier,
        custodian_id=uuid4(),
        originating_agency="a",
        wrapped_key=b"k",
        version=1,
        facts_version=0,
        created_at=now,
        changed_at=now,
    )


def asked(state: Asked, at: datetime) -> ExchangeRequestRow:
    return ExchangeRequestRow(
        id=uuid7(at), client_id="c", caller_organisation_id=uuid4(), receiving_organisation_id=uuid4(), holder="h", state=state,
        requested_at=at, expires_at=at + timedelta(days=14), token="t", request_digest=DIGEST, subject_commit=DIGEST, particulars=b"",
        event="{}", accepted=None, attempts=0, next_attempt_at=None, problem_code=None, student_id=None,
    )  # fmt: skip


def package_for(request: ExchangeRequestRow, at: datetime) -> IncomingEnvelopeRow:
    return IncomingEnvelopeRow(
        issuer="h", id=uuid7(at), exchange_id=request.id, kind="package", state="applied", jws="j", envelope_digest=DIGEST, ciphertext=None,
        event="{}", stored_at=at, entry_index=1, r1="r", r2=None, attempts=0, next_attempt_at=None, match_id=None, student_id=None,
    )  # fmt: skip


def peer_request(at: datetime) -> PeerRequestRow:
    return PeerRequestRow(
        id=uuid7(at), requester="r", exchange_id=uuid4(), state="answered", token="t", request_digest=DIGEST, accepted="a",
        recipient_organisation="o", subject_commit=DIGEST, particulars=b"", entry_index=1, received_at=at,
        expires_at=at + timedelta(days=14), attempts=0, next_attempt_at=None, student_id=None,
    )  # fmt: skip


def envelope(
    request: PeerRequestRow, state: Outgoing, at: datetime, *, entry_index: int | None = 1, kind: str = "package"
) -> OutgoingEnvelopeRow:
    return OutgoingEnvelopeRow(
        id=uuid7(at), request_id=request.id, recipient_node="https://birch.example", kind=kind, state=state, claims="{}", event="{}",
        ciphertext=None, ct_digest=DIGEST, student_id=None, custodian_id=None, decision_id=None, expires_at=at, leaves_at=at, queued_at=at,
        entry_index=entry_index, jws=None, envelope_digest=None, attempts=0, next_attempt_at=None, problem_code=None, r1=None, r2=None,
    )  # fmt: skip


def review(opened_at: datetime, resolved_at: datetime | None) -> MatchReviewRow:
    return MatchReviewRow(
        id=uuid7(opened_at), request_id=uuid4(), reasons="twins", opened_at=opened_at, expires_at=opened_at + timedelta(days=14),
        outcome=None if resolved_at is None else "none", student_id=None, resolved_by=None, resolved_at=resolved_at,
    )  # fmt: skip


def test_random_ids_are_told_from_those_of_a_sequence_and_of_a_time() -> None:
    now = datetime.fromisoformat("2026-10-20T12:00:00+00:00")
    assert are_random([uuid4() for _ in range(500)]) == 500
    assert are_random([uuid7(now) for _ in range(20)]) == 0
    assert are_random([UUID(int=(n << 64) | 0x4 << 76 | 0x8 << 60) for n in range(1, 50)]) == 0
    assert are_random([UUID(int=(uuid4().int >> 64 << 64) | 7) for _ in range(5)]) <= 5
    assert are_random([]) == 0


async def test_a_node_without_students_reports_none(alder: OneState) -> None:
    it = await reported(alder)
    assert (it.students_sampled, it.students_random, it.loads) == (0, 0, 0)
    assert it.key_encryption.versions == 1
    assert (it.match_cases, it.match_precision_percent, it.match_recall_percent) == (42, 100, 100)


async def test_students_and_loads_are_counted(alder: OneState) -> None:
    now = alder.clock()
    await stored(alder, *(student(uuid4(), now - timedelta(days=40)) for _ in range(3)), student(uuid7(now), now))
    load = LoadRow(id=uuid7(now), organisation_id=uuid4(), client_id="c", format="oneroster", loaded_at=now, report="{}")
    old = LoadRow(id=uuid7(now - timedelta(days=31)), organisation_id=uuid4(), client_id="c", format="x", loaded_at=now, report="{}")
    await stored(alder, load, old)
    it = await reported(alder)
    assert (it.students_sampled, it.students_random) == (4, 3)
    assert it.oldest_record_age_days == 40
    assert (it.loads, it.loading_organisations) == (1, 1)


async def test_requests_are_counted_by_the_time_that_their_record_took(alder: OneState) -> None:
    now = alder.clock()
    quick, slow = asked(Asked.APPLIED, now - timedelta(days=30)), asked(Asked.APPLIED, now - timedelta(days=30))
    open_long, young = asked(Asked.ACCEPTED, now - timedelta(days=11)), asked(Asked.ACCEPTED, now - timedelta(days=9))
    refused, finding = asked(Asked.REFUSED, now - timedelta(days=20)), asked(Asked.APPLIED, now - timedelta(days=20))
    finding.finding_id = uuid4()  # asks for no record
    await stored(alder, quick, slow, open_long, young, refused, finding)
    await stored(alder, package_for(quick, quick.requested_at + timedelta(days=10)))
    await stored(alder, package_for(slow, slow.requested_at + timedelta(days=10, milliseconds=1)))
    it = await reported(alder)
    assert (it.requests_sent, it.answers_awaited, it.answers_in_ten_days) == (5, 3, 1)
    assert it.answers_median_hours == 240


async def test_near_matches_are_counted_by_when_a_person_resolved_them(alder: OneState) -> None:
    now = alder.clock()
    begun = now - timedelta(days=8)
    in_time, late = review(begun, begun + timedelta(days=5)), review(begun, begun + timedelta(days=6))
    waiting, young = review(begun, None), review(now - timedelta(days=1), None)
    await stored(alder, in_time, late, waiting, young)
    it = await reported(alder)
    assert (it.reviews, it.reviews_in_five_days) == (3, 1)


async def test_answers_are_counted_by_entry_and_receipt(alder: OneState) -> None:
    now = alder.clock()
    request = peer_request(now)
    sent, queued = envelope(request, Outgoing.IN_FLIGHT, now), envelope(request, Outgoing.QUEUED, now)
    await stored(alder, request, sent, queued)
    it = await reported(alder)
    assert (it.requests_taken, it.envelopes_sent, it.envelopes_without_entry, it.envelopes_receipted) == (1, 1, 0, 0)
    assert (it.packages_receipted, it.pinning_nodes) == (0, 0)
    await stored(alder, envelope(request, Outgoing.RECEIVED, now, entry_index=None))
    assert (await reported(alder)).envelopes_without_entry == 1
