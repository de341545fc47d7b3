"""Documents in the tests of exchanges: kept with a child's record at Alder, asked for by Birch, on connections that break."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Member
from safepassage.wire_attachments import ATTACHABLE
from services.records.attachments import documents, loading
from services.records.attachments.documents import Document
from services.records.attachments.scanner import Scanner
from services.records.exchange.peers import PeerAnswer, Peers
from services.records.tables import OWN, StudentRow
from tests.records.attachments.clamd_double import ClamdDouble, clamd_double
from tests.records.attachments.files import pdf
from tests.records.exchange.requests_for import SECTIONS
from tests.records.exchange.two_states import Case, State, TwoStates, at_once

MIB = 1024 * 1024
SMALL = pdf(b"<< /Title (an immunisation card) >>")
LARGE = pdf(b"<< /Title (a scanned programme) >> %" + b"x" * (6 * MIB))


@asynccontextmanager
async def with_scanners(states: TwoStates) -> AsyncIterator[dict[str, ClamdDouble]]:
    """Both nodes have a daemon of their own."""
    async with clamd_double() as alders, clamd_double() as birchs:
        kept = {state: state.exchange.scanner for state in (states.alder, states.birch)}
        for state, double in ((states.alder, alders), (states.birch, birchs)):
            state.exchange.scanner = state.records.state.scanner = Scanner(double.address)
        yield {"alder": alders, "birch": birchs}
        for state, scanner in kept.items():
            state.exchange.scanner = state.records.state.scanner = scanner


async def _parts(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def keep(state: State, student_id: UUID, content: bytes, element: str) -> Document:
    """Have a document with the student's record, as if its district had loaded it."""
    exchange, now = state.exchange, state.clock()
    about = loading.Incoming(element, "application/pdf", None)
    body_id, held = await loading.take(exchange.database, exchange.scanner, _parts(content), about, longest=2**30, now=now)
    document = Document(uuid4(), body_id, OWN, now, held)
    async with exchange.database.transaction() as tx:
        student = await tx.get_one(StudentRow, student_id)
        key = exchange.vault.data_key(student_id, student.wrapped_key)
        await tx.run_sync(lambda session: documents.add(session.connection(), key, document, student_id=student_id))
    return document


async def asked(states: TwoStates, *contents: bytes, **about: object) -> Case:
    """Alder has a child's record with these documents, and Birch has asked for both; it is not answered yet."""
    child = states.child()
    while not (elements := [one for one in child.load.record.elements() if one in ATTACHABLE and one.partition(".")[0] in SECTIONS]):
        child = states.child()
    student_id = await states.alder.load(child)
    for content in contents:
        await keep(states.alder, student_id, content, elements[0])
    case = await states.ask(child.selector, **{"attachments": True, **about})
    await case.deliver_request()
    return case


async def waiting(states: TwoStates, *contents: bytes, **about: object) -> Case:
    """As `asked`; and Alder's answer waits to be delivered."""
    case = await asked(states, *contents, **about)
    await case.answer()
    assert (await case.package()).state == "queued"
    return case


class Line:
    """Between Alder and Birch: counts chunks as they arrive, and breaks after so many."""

    def __init__(self, peers: Peers) -> None:
        self._peers, self.arrived, self.breaks_after = peers, list[int](), 2**30
        self.on_arrival: Callable[[int], Awaitable[None]] = at_once

    async def put(self, member: Member, path: str, content: bytes, *, content_type: str) -> PeerAnswer:
        if len(self.arrived) >= self.breaks_after:
            raise PeerUnavailable
        number = int(path.rpartition("/")[2])
        self.arrived.append(number)
        answer = await self._peers.put(member, path, content, content_type=content_type)
        await self.on_arrival(number)
        return answer

    def __getattr__(self, name: str) -> object:
        return getattr(self._peers, name)


@asynccontextmanager
async def line(states: TwoStates) -> AsyncIterator[Line]:
    """The line from Alder."""
    deliveries = states.alder.exchange.deliveries
    kept = deliveries._peers
    between = Line(kept)
    deliveries._peers = between  # type: ignore[assignment]  # stands where the client stands, which it uses
    yield between
    deliveries._peers = kept


async def documents_of(states: TwoStates, case: Case) -> list[bytes]:
    """What Birch's district reads of the documents that came, the newest first."""
    told = await case.told()
    assert told.student_id is not None
    async with states.birch.client("new-district") as client:
        listed = (await client.list_attachments(told.student_id)).attachments
        assert {one.exchange_id for one in listed} <= {case.id}
        return [await client.read_attachment(told.student_id, one.id) for one in listed]
