"""Reading the stores of a soaked node while it runs, and its whole log with the SDK's verifier."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from node.folder import NodeFolder
from safepassage.compact import split
from safepassage.leaf import parse_leaf
from services.audit.settings import AuditSettings
from services.audit.stored_log import LogOfStore
from services.audit.tables import LogRow
from services.audit.verification import StoreReport, verify_store
from services.records.exchange.states import Asked, Incoming, Outgoing, Reconciling, Request
from services.records.tables import (
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    OutboxRow,
    OutgoingEnvelopeRow,
    PeerLogRow,
    PeerRequestRow,
    ReconciliationRow,
)
from shared.database import Database
from tests.soak.account import Got, Holding, Leaf, Place, Sent
from tests.soak.node_folders import Network

_SENT = (
    select(
        OutgoingEnvelopeRow.id,
        PeerRequestRow.exchange_id,
        OutgoingEnvelopeRow.kind,
        OutgoingEnvelopeRow.state,
        OutgoingEnvelopeRow.envelope_digest,
        OutgoingEnvelopeRow.ct_digest,
        OutgoingEnvelopeRow.jws,
        OutgoingEnvelopeRow.r1,
        OutgoingEnvelopeRow.r2,
    )
    .join(PeerRequestRow, PeerRequestRow.id == OutgoingEnvelopeRow.request_id)
    .order_by(OutgoingEnvelopeRow.id)
)
_GOT = select(
    IncomingEnvelopeRow.id,
    IncomingEnvelopeRow.exchange_id,
    IncomingEnvelopeRow.kind,
    IncomingEnvelopeRow.state,
    IncomingEnvelopeRow.envelope_digest,
    IncomingEnvelopeRow.jws,
    IncomingEnvelopeRow.r1,
    IncomingEnvelopeRow.r2,
).order_by(IncomingEnvelopeRow.id)


class Store:
    """Of one service of one node, read from beside it."""

    def __init__(self, node: NodeFolder, service: str = "records") -> None:
        self._database = Database.of(node.settings(service))  # type: ignore[arg-type]  # one of the four

    async def close(self) -> None:
        """Let go of it."""
        await self._database.close()

    async def rows(self, query: Select[Any]) -> Sequence[Any]:
        """What a query finds."""
        async with self._database.reading() as tx:
            return (await tx.execute(query)).all()

    async def counts(self, row: type[Any]) -> dict[str, int]:
        """How many rows are in each state."""
        found = await self.rows(select(row.state, func.count()).group_by(row.state))
        return {str(state): int(number) for state, number in found}

    async def waiting(self) -> int:
        """What the outbox has not told yet."""
        [[number]] = await self.rows(select(func.count()).select_from(OutboxRow))
        return int(number)


async def holding_of_holder(node: NodeFolder) -> Holding:
    """What the holder has."""
    store = Store(node)
    requests = [(row.exchange_id, Request(row.state)) for row in await store.rows(select(PeerRequestRow.exchange_id, PeerRequestRow.state))]
    envelopes = [_sent(row) for row in await store.rows(_SENT)]
    await store.close()
    stated, differing = await _days(node)
    return Holding(requests, envelopes, await leaves_of(node), stated, differing)


async def holding_of_requester(node: NodeFolder) -> Holding:
    """What the requester has."""
    store = Store(node)
    requests = [(row.id, Asked(row.state)) for row in await store.rows(select(ExchangeRequestRow.id, ExchangeRequestRow.state))]
    envelopes = [_got(row) for row in await store.rows(_GOT)]
    await store.close()
    stated, differing = await _days(node)
    return Holding(requests, envelopes, await leaves_of(node), stated, differing)


async def _days(node: NodeFolder) -> tuple[frozenset[Place], Sequence[str]]:
    """What this node has compared: where each side's log has its counts, and of which days they differ."""
    store = Store(node)
    days = await store.rows(select(*(ReconciliationRow.__table__.c[name] for name in ("day", "state", "ours", "theirs"))))
    await store.close()
    stated = frozenset(place_in(split(jws)[1]) for day in days for jws in (day.ours, day.theirs) if jws is not None)
    return stated, [day.day for day in days if day.state == Reconciling.DIFFERS]


def _sent(row: Any) -> Sent:
    columns = dict(row._mapping)
    jws = columns.pop("jws")
    return Sent(**{**columns, "state": Outgoing(row.state), "entry": None if jws is None else place_in(split(jws)[1])})


def _got(row: Any) -> Got:
    columns = dict(row._mapping)
    claims = split(columns.pop("jws"))[1]
    entry = None if row.r1 is None else place_in(split(row.r1)[1])
    return Got(**{**columns, "state": Incoming(row.state), "ct_digest": claims["ct_digest"], "entry": entry})


def place_in(claims: Mapping[str, Any]) -> Place:
    """Where a message says that its sender's log has it."""
    return Place(str(claims["checkpoint"]).partition("\n")[0], int(claims["index"]))


async def leaves_of(node: NodeFolder) -> dict[Place, Leaf]:
    """Every entry of the node's logs."""
    database = Database.of(node.settings("audit"))
    async with database.reading() as tx:
        logs = [LogOfStore(session, log) for log in (await tx.scalars(select(LogRow))).all() for session in (tx.sync_session,)]
        entries = await tx.run_sync(lambda _: [one for log in logs for one in _entries(log)])
    await database.close()
    return {place: Leaf(leaf.class_, leaf.digests.ct) for place, entry in entries for leaf in (parse_leaf(entry),)}


def _entries(log: LogOfStore) -> Iterator[tuple[Place, bytes]]:
    for chunk in log.chunks():
        for at, entry in enumerate(chunk.entries, chunk.start):
            yield Place(log.origin, at), entry


async def verified(network: Network, name: str) -> StoreReport:
    """The node's whole log: by the SDK's verifier, every seal opened, and against the checkpoint that the other node has kept of it.

    Raises LogAltered, EntriesMissing, NothingSigned.
    """
    node, other = network.nodes[name], network.nodes["birch" if name == "alder" else "alder"]
    store = Store(other)
    kept = {row.origin: [row.note] for row in await store.rows(select(PeerLogRow.origin, PeerLogRow.note, PeerLogRow.node))}
    await store.close()
    settings = node.settings("audit")
    if not isinstance(settings, AuditSettings):
        raise TypeError("audit's settings are AuditSettings")
    [report] = await verify_store(settings, pinned=kept)
    return report
