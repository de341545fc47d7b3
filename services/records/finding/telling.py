"""What a requester that named nobody is told: perhaps, where privacy permits that, and otherwise what it hears where there is nobody."""

from safepassage.finding import ELEMENT
from services.records.exchange import nobody
from services.records.exchange.answers import Asked, Hinted, Nothing, Subject
from services.records.exchange.deciding import about_nobody, decide
from services.records.exchange.exchange import Exchange
from services.records.finding.comparing import ComparesNothing, found_unseen
from services.records.tables import PeerRequestRow
from services.records.transfers.sending_side import found_at


async def told_of_finding(exchange: Exchange, row: PeerRequestRow, asked: Asked) -> Hinted | Nothing:
    """Find the child, and have it decided whether that may be told.

    INVARIANT: for a child who is not here the same is done on some other student's record, and privacy is asked about nobody.
    Raises PeerUnavailable, FactsBehind, TemporarilyUnavailable: the answer is put off.
    """
    sought = asked.selector.sought
    try:
        student_id = None if sought is None else await found_unseen(exchange, row, asked, sought)
    except ComparesNothing:
        # It hears now what it would hear at the end, and ends its request. Whether there is such a child plays no part in it.
        return await about_nobody(exchange, asked, Nothing("requester-compares-nothing"))
    looked_at = student_id or await exchange.read(nobody.stand_in)
    found = None
    if looked_at is not None:
        here, sections = looked_at, asked.selector.sections
        found = await exchange.read(lambda connection: found_at(connection, exchange, here, sections=sections, request_id=row.id))
    if student_id is None or found is None:
        return await about_nobody(exchange, asked, Nothing("no-candidate"))
    student = found.held.student
    subject = Subject(student.id, student.custodian_id, student.originating_agency)
    if student.facts_version == 0:
        return await about_nobody(exchange, asked, Nothing("no-facts", subject))
    decision = await decide(exchange, asked, subject, student.facts_version)
    [outcome] = decision.subjects
    if decision.token is None or ELEMENT not in outcome.permitted:
        return Nothing(outcome.withheld[0].reason if outcome.withheld else "denied", subject, decision.id)
    return Hinted(subject, decision)
