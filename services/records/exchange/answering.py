"""Answering a peer's request: find the child, have the release permitted, cut the record to it, seal it. Or provide nothing.

From here on the peer hears only `package` or `not-provided`, signed, padded, at a tick (decisions 5); the reasons stay in this node.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from safepassage.claims import read_closed
from safepassage.ids import uuid7
from safepassage.node_statement import EncryptionKey
from safepassage.problems import SuiteError
from safepassage.problems.ed_fi import EdFiSystemUnavailable
from safepassage.problems.privacy import FactsBehind
from safepassage.problems.records import NothingToRelease
from safepassage.recipient_key import RecipientKey
from safepassage.record import StudentRecord
from safepassage.request import Selector
from safepassage.suites import Suite
from services.records.attachments.documents import Document
from services.records.child_here import child_here
from services.records.ed_fi.supplying import NotAtSource
from services.records.educators.answering import credentials_for
from services.records.educators.kept import require_kept
from services.records.exchange import events, nobody
from services.records.exchange.answer_keys import key_of
from services.records.exchange.answers import Asked, Hinted, Nothing, Released, Subject, Vouched, sealed
from services.records.exchange.dead_letters import RECALLED
from services.records.exchange.deciding import about_nobody, decide
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.packing import Packed, documents_to_release, pack
from services.records.exchange.sending import send_off
from services.records.exchange.states import Request as State
from services.records.exchange.states import TransitionRefused
from services.records.exchange.stored_rows import change
from services.records.exchange.supplied_records import KeptAnew, SourceAway, document_of
from services.records.finding.telling import told_of_finding
from services.records.match_reviews import open_review
from services.records.matching import Certain, Match, NeedsPerson, match
from services.records.matching_candidates import candidates_of
from services.records.record_sources import record_of
from services.records.release import document_to_release
from services.records.tables import PeerRequestRow
from services.records.transfers.agreement import SendingSide, competing, disagreements
from services.records.transfers.holding import lift, open_hold, released_codes, require_unclaimed
from services.records.transfers.onward_notices import tell_of_refusal
from services.records.transfers.sending_side import Found, claims_at, found_at
from shared.group_commit import Writing

log = logging.getLogger(__name__)

OPEN = (State.ACCEPTED, State.WAITING)
"""In which there is something to answer."""
NOT_OVER = (*OPEN, State.ANSWERED)
"""In which there may be something to do: what a finding says of the child is forgotten once its time is over, answered or not."""


async def take_up(exchange: Exchange, request_id: UUID, row: PeerRequestRow | None = None) -> None:
    """Do what is due of one request of a peer."""
    if row is None:
        row = await exchange.find(PeerRequestRow, request_id)
    if row is None or row.state not in NOT_OVER:
        return
    if exchange.clock() >= row.expires_at:
        # INVARIANT: of what was sought for a requester that named nobody nothing is left once it is over.
        over = {"particulars": b""} if row.is_finding else {}
        await _set(exchange, row, state=State.CLOSED, next_attempt_at=None, **over)
        return
    if row.state not in OPEN:
        return
    try:
        try:
            await _answer(exchange, row)
        except KeptAnew:
            await _answer(exchange, row)
    except (SuiteError, KeptAnew) as raised:
        error = raised if isinstance(raised, SuiteError) else FactsBehind()
        log.warning("answer put off", extra={"code": error.code, "attempt": row.attempts + 1})
        due = min(after_failure(error, failures=row.attempts + 1, now=exchange.clock()), row.expires_at)
        await _set(exchange, row, attempts=row.attempts + 1, next_attempt_at=due)


async def _answer(exchange: Exchange, row: PeerRequestRow) -> None:
    asked = asked_by(exchange, row)
    if asked.selector.educator is not None:
        recalled = row.held_back_at is not None
        await provide(exchange, row, asked, await credentials_for(exchange, asked, asked.selector.educator, recalled=recalled))
        return
    if row.student_id is not None:  # found before, or a person has said who it is
        student_id = row.student_id
        found = await exchange.read(lambda connection: _found(connection, exchange, row, asked, student_id))
        back = row.held_back_at is not None
        what = await about_nobody(exchange, asked, _held_back(found)) if back else await _releasable(exchange, row, asked, found)
        await provide(exchange, row, asked, what)
        return
    if row.held_back_at is not None:
        await provide(exchange, row, asked, await about_nobody(exchange, asked, _held_back(None)))
        return
    person = asked.selector.person
    if person is None:
        await provide(exchange, row, asked, await told_of_finding(exchange, row, asked))
        return

    def look(connection: Connection) -> tuple[Match, Found | None]:
        outcome, candidates = child_here(connection, exchange.vault, person)
        if isinstance(outcome, Certain):
            return outcome, _found(connection, exchange, row, asked, outcome.student_id)
        stand_in = nobody.stand_in(connection)
        if stand_in is not None:
            if not candidates:
                match(person, candidates_of(connection, exchange.vault, [stand_in]))
            _found(connection, exchange, row, asked, stand_in)
        return outcome, None

    outcome, found = await exchange.read(look)
    if isinstance(outcome, Certain):
        await provide(exchange, row, asked, await _releasable(exchange, row, asked, found))
        return
    review = outcome if isinstance(outcome, NeedsPerson) else None
    nothing = Nothing("no-candidate") if review is None else Nothing("match-needs-person")
    await provide(exchange, row, asked, await about_nobody(exchange, asked, nothing), review=review)


def _found(connection: Connection, exchange: Exchange, row: PeerRequestRow, asked: Asked, student_id: UUID) -> Found | None:
    """What is held of the sections asked for, and of the child's enrolment here."""
    return found_at(connection, exchange, student_id, sections=asked.selector.sections, request_id=row.id)


def _held_back(found: Found | None) -> Nothing:
    """An operator has recalled the answer: until it is requeued the peer hears what it hears where there is nothing."""
    student = None if found is None else found.held.student
    return Nothing(RECALLED, None if student is None else Subject(student.id, student.custodian_id, student.originating_agency))


async def _releasable(exchange: Exchange, row: PeerRequestRow, asked: Asked, found: Found | None) -> Released | Nothing:
    """What privacy permits of the sections asked for, cut out of the record; or that it is held, where both sides' evidence disagrees.

    Raises FactsBehind, TemporarilyUnavailable, StatementOfDisagreementMissing (until it is loaded, the answer is put off).
    """
    if found is None:
        return await about_nobody(exchange, asked, Nothing("nothing-held"))
    held, student = found.held, found.held.student
    subject = Subject(student.id, student.custodian_id, student.originating_agency)
    if student.facts_version == 0:
        return await about_nobody(exchange, asked, Nothing("no-facts", subject))
    decision = await decide(exchange, asked, subject, student.facts_version)
    [outcome] = decision.subjects
    if not outcome.permitted or decision.token is None:
        return Nothing(outcome.withheld[0].reason if outcome.withheld else "denied", subject, decision.id, denied=True)
    try:
        owed = [one for of in decision.statements for one in of.statements]
        document = held.document
        if held.left is not None:
            document = await document_of(exchange, row, student.id, held.left, asked.selector.sections)
        record = record_of(document_to_release(document, outcome.permitted, owed=owed))
    except NothingToRelease:
        return Nothing("nothing-to-release", subject, decision.id)
    except NotAtSource:
        return Nothing("not-at-source", subject, decision.id)
    except SourceAway as error:
        again = after_failure(EdFiSystemUnavailable(), failures=1, now=exchange.clock())
        log.info("not provided until the record can be had", extra={"fault": type(error.__cause__).__name__})
        return Nothing("source-away", subject, decision.id, again_at=again)
    not_scheduled = tuple(sorted({one.element for one in outcome.withheld if one.same_for_every_student}))
    claims = await exchange.read(lambda connection: claims_at(connection, exchange, student.id, row.id))
    side = replace(found.side, claims=claims)
    kept = await _kept_back(exchange, row, asked, side, Nothing("held", subject, decision.id))
    if kept is not None:
        return kept
    own = () if held.left is None else tuple(name for name, origin in record.provenance.items() if "#" not in origin.originating_agency)
    documents = await _documents(exchange, asked, subject, record, outcome.permitted, own)
    return Released(subject, record, decision, not_scheduled, claims, documents)


async def _kept_back(exchange: Exchange, row: PeerRequestRow, asked: Asked, side: SendingSide, held: Nothing) -> Nothing | None:
    """Why what is permitted does not leave yet; None where both sides' evidence agrees, or a person has released it in spite of that.

    What is decided here comes after the decision: held is only what would leave, so that nobody else is told of a claim that meets theirs.
    """
    evidence, today = asked.selector.enrollment, exchange.clock().date()
    if side.ended:
        return replace(held, reason="claim-ended")
    codes = disagreements(evidence, asked.requester, side, today) if asked.selector.basis == "transfer" else ()
    if not codes:
        return None
    released = await exchange.read(lambda connection: released_codes(connection, exchange, row.id))
    left = tuple(code for code in codes if code not in released)
    claims = competing(evidence, asked.requester, side.claims, today)
    return replace(held, held_for=left, claims=claims) if left else None


async def _documents(
    exchange: Exchange, asked: Asked, subject: Subject, record: StudentRecord, permitted: Collection[str], own: Collection[str]
) -> tuple[Document, ...]:
    """Those that go with the record, where the requester wants documents and can be sent them."""
    if asked.selector.attachments is None or exchange.trust.member(asked.requester).pulls:
        return ()
    most = exchange.settings.max_body_bytes

    def held(connection: Connection) -> tuple[Document, ...]:
        vault = exchange.vault
        return documents_to_release(connection, vault, subject.student_id, record=record, permitted=permitted, most_bytes=most, own=own)

    return await exchange.read(held)


async def provide(
    exchange: Exchange, row: PeerRequestRow, asked: Asked, what: Released | Hinted | Vouched | Nothing, *, review: NeedsPerson | None = None
) -> None:
    """Seal the answer, store it with what follows from it for the request, and send it off.

    INVARIANT: a package, `perhaps` and `not-provided` take the same way and the same steps; only their contents differ.
    """
    now = exchange.clock()
    suite, key = await key_of(exchange, row.requester, asked.selector, now)
    serial = exchange.trust.current().serial
    packed = None
    if isinstance(what, Released) and what.documents:
        packed = await _packed(exchange, asked, what.documents, suite, key, now)
    answer = sealed(asked, what, issuer=exchange.entity_id, suite=suite, key=key, trust_serial=serial, now=now, packed=packed)

    def follow(tx: Writing) -> None:
        values: dict[str, object] = {"attempts": 0, "next_attempt_at": row.expires_at}
        if isinstance(what, Nothing) and what.again_at is not None:
            values |= {"attempts": 1, "next_attempt_at": min(what.again_at, row.expires_at)}
        if isinstance(what, Released):
            values |= {"state": State.ANSWERED, "next_attempt_at": None}
            require_unclaimed(tx.connection, what.subject.student_id, row.id, what.claims)
        elif isinstance(what, Hinted | Vouched):
            values |= {"state": State.ANSWERED, "next_attempt_at": row.expires_at}
            if isinstance(what, Vouched):
                require_kept(tx.connection, what.subject.student_id)
        elif row.state != State.WAITING:
            values["state"] = State.WAITING
        subject = what.subject
        if subject is not None and row.student_id is None:
            if not subject.is_nobody and not row.is_finding and not row.is_educators:
                values["student_id"] = subject.student_id
            tx.record(
                events.matched(
                    request_id=row.id,
                    exchange_id=row.exchange_id,
                    requester=row.requester,
                    recipient=asked.selector.evidence.receiving_organisation.name,
                    student_id=subject.student_id,
                    custodian_id=subject.custodian_id,
                    outcome=_matched_as(subject, review),
                    is_nobody=subject.is_nobody,
                    operation=events.operation_of(asked.selector),
                ),
            )
        if isinstance(what, Nothing) and what.denied and subject is not None and row.state == State.ACCEPTED:
            tell_of_refusal(tx, exchange, asked, subject.student_id, now)
        if isinstance(what, Nothing) and what.held_for and subject is not None:
            about: Any = {"student_id": subject.student_id, "custodian_id": subject.custodian_id}
            open_hold(tx, exchange, row, **about, codes=what.held_for, claims=what.claims, now=now)
        elif row.state == State.WAITING:
            lift(tx, row, now)
        if review is not None:
            open_review(
                tx.connection, request_id=row.id, student_ids=review.student_ids, reasons=review.reasons, expires_at=row.expires_at, now=now
            )
        # INVARIANT: an answer is stored only with the request's step from the state in which it was made.
        if not change(tx.connection, PeerRequestRow, row.id, when=(State(row.state),), **values):
            raise TransitionRefused("the request was answered meanwhile")

    await send_off(exchange, row, answer, follow=follow)


async def _packed(
    exchange: Exchange, asked: Asked, documents: Sequence[Document], suite: Suite, key: EncryptionKey | RecipientKey, now: datetime
) -> Packed:
    claims = {
        "suite": suite.name,
        "iss": exchange.entity_id,
        "aud": asked.requester,
        "recipient_organisation": asked.recipient_organisation,
        "exchange_id": str(asked.exchange_id),
        "envelope_id": str(uuid7(now)),
        "request_digest": asked.request_digest,
        "enc_kid": key.kid,
    }
    return await pack(exchange.database, documents, envelope=claims, recipient=asked.requester, now=now)


def _matched_as(subject: Subject, review: NeedsPerson | None) -> str:
    if review is not None:
        return "needs-person"
    return "not-found" if subject.is_nobody else "certain"


def asked_by(exchange: Exchange, row: PeerRequestRow) -> Asked:
    """The request, its selector opened from rest."""
    selector = read_closed(exchange.open_particulars(row.id, row.particulars), model=Selector)
    return Asked(row.requester, row.exchange_id, row.request_digest, row.recipient_organisation, selector, row.received_at, row.expires_at)


async def _set(exchange: Exchange, row: PeerRequestRow, **values: object) -> None:
    def note(tx: Writing) -> None:
        change(tx.connection, PeerRequestRow, row.id, when=(State(row.state),), **values)

    await exchange.write(note)
