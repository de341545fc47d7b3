"""A service that has a process beside it, and what tests do with it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from safepassage.canonical import digest_of
from services.audit.batches import Sender
from services.audit.driver import Driver
from services.audit.index.reading import Indexed, read_piece
from services.audit.preparers import LARGE_BYTES, Preparers, PreparingProcess
from services.audit.preparing import Judging
from services.audit.sealed_ahead import SealingTerms
from shared.contracts.audit import Appended, AppendRequest, AppendResponse, Digests, Event
from shared.internal_token import Principal
from tests.audit.audit_node import AuditNode, event

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
YEAR = NOON.year
RECORDS = Principal(service="records", caller=None, job="outbox")
JUDGING = Judging("https://alder.example", (), b"k" * 32)
SENDER = Sender(RECORDS, NOON, JUDGING.issuer, {}, JUDGING.digest_key)


def large(body: bytes) -> bytes:
    """The same request, as long as one that goes to a process."""
    return body + b" " * (LARGE_BYTES - len(body))


def body_of(*events: Event) -> bytes:
    return AppendRequest(events=events).model_dump_json(by_alias=True, exclude_none=True).encode()


def numbered(count: int, **more: object) -> list[Event]:
    """Events that are told apart by their leaves, and by what is sealed of them."""
    return [
        event("match", student=uuid4(), reason=f"n-{n}").model_copy(update={"digests": Digests(ct=digest_of(b"%d" % n)), **more})
        for n in range(count)
    ]


@dataclass
class Beside:
    """A service that has a process beside it."""

    node: AuditNode

    @property
    def preparers(self) -> Preparers:
        found: Preparers = self.node.app.state.preparers
        return found

    @property
    def process(self) -> PreparingProcess:
        (process,) = self.preparers.processes
        return process

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    async def try_append(self, *events: Event) -> tuple[int, bytes]:
        answer = await self.node.send("POST", "/internal/entries", self.node.as_job("records"), large(body_of(*events)))
        return answer.status, answer.body

    async def append(self, *events: Event) -> tuple[Appended, ...]:
        status, body = await self.try_append(*events)
        assert status == 200, body
        return AppendResponse.model_validate_json(body).entries

    async def size(self) -> int:
        return int((await self.node.database.read(lambda connection: Driver(connection).rows("SELECT sum(size) FROM tree_state")))[0][0])

    async def entries(self, count: int) -> list[Indexed]:
        """The first entries, as far as they open."""
        keys = self.node.app.state.keys
        return await self.node.database.read(lambda one: read_piece(Driver(one), keys, year=YEAR, start=0, end=count))

    def before_sealing(self, happen: Callable[[], Awaitable[object]]) -> None:
        """Have something happen once the drafts of the next request are there, and their entries are about to be sealed."""
        found, terms = self.preparers, self.preparers._terms

        async def later(students: Iterable[str]) -> SealingTerms | None:
            found._terms = terms
            sealed_with = await terms(students)
            await happen()
            return sealed_with

        found._terms = later
