"""What of a child's record may leave for a request: decided, cut to what is permitted, held where the evidence of both sides disagrees."""

import logging
from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection

from safepassage.problems.ed_fi import EdFiSystemUnavailable
from safepassage.problems.records import NothingToRelease
from safepassage.record import StudentRecord
from services.records.attachments.documents import Document
from services.records.ed_fi.supplying import NotAtSource
from services.records.exchange.answers import Asked, Nothing, Released, Subject
from services.records.exchange.deciding import about_nobody, decide
from services.records.exchange.due import after_failure
from services.records.exchange.exchange import Exchange
from services.records.exchange.packing import documents_to_release
from services.records.exchange.supplied_records import SourceAway, document_of
from services.records.record_sources import record_of
from services.records.release import document_to_release
from services.records.tables import PeerRequestRow
from services.records.transfers.agreement import SendingSide, competing, disagreements
from services.records.transfers.holding import released_codes
from services.records.transfers.sending_side import Found, claims_at

log = logging.getLogger(__name__)


async def releasable(exchange: Exchange, row: PeerRequestRow, asked: Asked, found: Found | None) -> Released | Nothing:
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
    claims = await exchange.look(lambda connection: claims_at(connection, exchange, student.id, row.id))
    side = replace(found.side, claims=claims)
    kept = await _kept_back(exchange, row, asked, side, Nothing("held", subject, decision.id))
    if kept is not None:
        return kept
    own = () if held.left is None else tuple(name for name, origin in record.provenance.items() if "#" not in origin.originating_agency)
    documents = await _documents(exchange, asked, subject, record, outcome.permitted, own)
    in_part = tuple(one for one in record.elements() if one in held.in_part and one.partition(".")[0] not in own)
    return Released(subject, record, decision, not_scheduled, claims, documents, in_part)


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
