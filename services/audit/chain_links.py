"""Entries of an exchange as links of its chain: proven under one checkpoint of each year's log, a witnessed one where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import to_base64url
from safepassage.chain_part import OPENED, PartContinuation, PartLink
from safepassage.tlog_policy import Policy
from safepassage.wire_log import OpenedGroup
from services.audit.openings import OpenedEntry
from services.audit.published import PublishedLog, published_log
from services.audit.retention.destroyed import destructions_at
from services.audit.tables import LogRow
from services.audit.witnessing.cosignatures import largest_witnessed, with_cosignatures
from shared.contracts.chains import ChainEntriesRequest, NamedEvent


@dataclass(frozen=True)
class Links:
    """What a part of a chain has from the log."""

    checkpoints: tuple[str, ...] = ()
    continues: tuple[PartContinuation, ...] = ()
    links: tuple[PartLink, ...] = ()


async def links_of(
    tx: AsyncSession, policy: Policy | None, asked: ChainEntriesRequest, found: Sequence[tuple[NamedEvent, OpenedEntry]]
) -> Links:
    """The links that `found` are. Entries that are not published yet are left out.

    # INVARIANT: records cannot have another exchange's entry, or one with another node, told as one of this.
    """
    found = [(event, entry) for event, entry in found if _is_of(asked, entry)]
    years = {row.year: row.origin for row in await tx.scalars(select(LogRow))}
    named = [(year, one.size) for one in asked.sizes for year, origin in years.items() if origin == one.origin]
    heads: dict[int, PublishedLog] = {}
    for year in sorted({entry.place.log for _, entry in found} | {year for year, _ in named}):
        reach = [entry.place.at + 1 for _, entry in found if entry.place.log == year] + [size for of, size in named if of == year]
        heads[year] = await head_of(tx, policy, year, reach=max(reach))
    at = {year: place for place, year in enumerate(heads)}
    destroyed = await destructions_at(tx, [entry.place for _, entry in found if entry.context is None])
    links = []
    for event, entry in found:
        head = heads[entry.place.log]
        if entry.place.at >= head.size:
            continue
        destruction = destroyed.get(entry.place)
        gone_at = None if destruction is None else destruction.destroyed_at
        links.append(
            PartLink(
                act=event.act,
                envelope_id=event.envelope_id,
                index=entry.place.at,
                entry=to_base64url(entry.entry),
                path=tuple(map(to_base64url, await head.tree.inclusion_path(entry.place.at, head.size))),
                checkpoint=at[entry.place.log],
                context=_opened(event, entry),
                destroyed_at=None if gone_at is None else int(gone_at.timestamp()),
            )
        )
    continues = [await _continued(heads[year], size, at[year]) for year, size in sorted(set(named)) if 0 < size < heads[year].size]
    return Links(tuple(head.note for head in heads.values()), tuple(continues), tuple(links))


async def head_of(tx: AsyncSession, policy: Policy | None, year: int, *, reach: int) -> PublishedLog:
    """A year's log as far as its largest witnessed checkpoint, where that covers the first `reach` entries; else the published one."""
    published = await published_log(tx, year)
    witnessed = None if policy is None else await largest_witnessed(tx, year, policy)
    if witnessed is not None and witnessed.size >= min(reach, published.size):
        published.size, published.note = witnessed
    else:
        published.note = await with_cosignatures(tx, year, published.size, published.note)
    return published


async def _continued(head: PublishedLog, size: int, at: int) -> PartContinuation:
    path = await head.tree.consistency_path(size, head.size)
    return PartContinuation.model_validate({"from": size, "path": tuple(map(to_base64url, path)), "checkpoint": at})


def _is_of(asked: ChainEntriesRequest, entry: OpenedEntry) -> bool:
    """Whether an entry says that it is of the exchange and of the node; of one that was destroyed that cannot be known."""
    if entry.context is None or entry.actor is None:
        return True
    context = entry.context.payload
    parties = (context.get("recipient_node"), entry.actor.payload.get("client_id"))
    return context.get("exchange_id") == str(asked.exchange_id) and asked.peer in parties


def _opened(event: NamedEvent, entry: OpenedEntry) -> OpenedGroup | None:
    """The content of an entry that both nodes know."""
    if event.act not in OPENED or entry.context is None:
        return None
    return OpenedGroup(salt=to_base64url(entry.context.salt), payload=entry.context.payload)
