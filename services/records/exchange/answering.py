"""Answering a peer's request: find the child, have the release permitted, cut the record to it, seal it. Or provide nothing.

From here on the peer hears only `package` or `not-provided`, signed, padded, at a tick (decisions 5); the reasons stay in this node.
"""

import logging
from uuid import UUID

from sqlalchemy import Connection

from safepassage.claims import read_closed
from safepassage.problems import SuiteError
from safepassage.problems.privacy import FactsBehind
from safepassage.request import Selector
from services.records.child_here import child_here
from services.records.educators.answering import credentials_for
from services.records.exchange import nobody
from services.records.exchange.answers import Asked, Nothing, Subject
from services.records.exchange.dead_letters import RECALLED
from services.records.exchange.deciding import about_nobody
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.providing import provide
from services.records.exchange.releasable import releasable
from services.records.exchange.states import Request as State
from services.records.exchange.stored_rows import change
from services.records.exchange.supplied_records import KeptAnew
from services.records.finding.telling import told_of_finding
from services.records.matching import Certain, Match, NeedsPerson, match
from services.records.matching_candidates import candidates_of
from services.records.tables import PeerRequestRow
from services.records.transfers.sending_side import Found, found_at
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
        # INVARIANT: of a child of whom no record was found here, or whom the requester did not name, nothing is left once it is over.
        of_nobody = row.student_id is None and not row.is_educators
        over = {"particulars": b""} if row.is_finding or of_nobody else {}
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
        what = await about_nobody(exchange, asked, _held_back(found)) if back else await releasable(exchange, row, asked, found)
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
        await provide(exchange, row, asked, await releasable(exchange, row, asked, found))
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


def asked_by(exchange: Exchange, row: PeerRequestRow) -> Asked:
    """The request, its selector opened from rest."""
    selector = read_closed(exchange.open_particulars(row.id, row.particulars), model=Selector)
    return Asked(row.requester, row.exchange_id, row.request_digest, row.recipient_organisation, selector, row.received_at, row.expires_at)


async def _set(exchange: Exchange, row: PeerRequestRow, **values: object) -> None:
    def note(tx: Writing) -> None:
        change(tx.connection, PeerRequestRow, row.id, when=(State(row.state),), **values)

    await exchange.write(note)
