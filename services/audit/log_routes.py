"""The log as C2SP tlog-tiles has it, and its proofs: what a monitor, a witness or an auditor reads. Leaves hold nothing of a person.

Only what the latest published checkpoint covers is shown, so that nobody sees an entry that could still be said never to have been there.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select

from safepassage.canonical import to_base64url
from safepassage.problems.log import NoSuchEntry, NoSuchLog, NoSuchTile, SizesNotOrdered
from safepassage.problems.requests import NotPermitted
from safepassage.tlog_proof import proof_file
from safepassage.wire_log import LogConsistency
from services.audit.checkpoints import latest_checkpoint
from services.audit.heads import newest_log
from services.audit.stored_tree import StoredTree
from services.audit.tables import CheckpointRow, LogRow
from services.audit.tiles import parse_tile_path, width_at
from shared.caller import Caller, caller_with, sibling
from shared.contracts.audit import ConsistencyResponse
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses

router = APIRouter(tags=["log"])

IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}
FRESH = {"cache-control": "private, max-age=1"}

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_BYTES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}

Operator = Annotated[Caller, caller_with("audit:operate")]
Reader = Annotated[Caller, caller_with("audit:operate", "audit:search")]
Year = Annotated[int | None, Query(ge=1970, le=9999, description="Calendar year of a closed log; by default the newest.")]


class PublishedLog:
    """A log as far as its latest checkpoint reaches."""

    def __init__(self, tx: ReadOnly, log: LogRow, checkpoint: CheckpointRow) -> None:
        self.log, self.note, self.size = log, checkpoint.note, checkpoint.size
        self.tree = StoredTree(tx, log.year)


async def published_log(tx: ReadOnly, year: int | None = None) -> PublishedLog:
    """The log of `year`, or the newest. Raises NoSuchLog."""
    log = await newest_log(tx) if year is None else await tx.get(LogRow, year)
    checkpoint = None if log is None else await latest_checkpoint(tx, log.year)
    if log is None or checkpoint is None:
        raise NoSuchLog
    return PublishedLog(tx, log, checkpoint)


async def _published(tx: ReadOnly, year: Year = None) -> PublishedLog:
    return await published_log(tx, year)


Published = Annotated[PublishedLog, Depends(_published)]


@router.get(
    "/v1/log/checkpoint",
    response_class=Response,
    responses=_TEXT | responses(NotPermitted, NoSuchLog),
)
async def log_checkpoint(_: Operator, published: Published) -> Response:
    """The latest checkpoint: a signed note (C2SP tlog-checkpoint)."""
    return Response(published.note, headers=FRESH, media_type="text/plain; charset=utf-8")


@router.get(
    "/v1/log/tile/{tile_path:path}",
    response_class=Response,
    responses=_BYTES | responses(NotPermitted, NoSuchLog, NoSuchTile),
)
async def log_tile(tile_path: str, _: Operator, published: Published) -> Response:
    """A tile of hashes `<level>/<n>[.p/<width>]`, or a bundle of entries `entries/<n>[.p/<width>]` (C2SP tlog-tiles)."""
    try:
        tile = parse_tile_path(tile_path)
    except ValueError:
        raise NoSuchTile from None
    if tile.width > width_at(tile.level or 0, tile.n, published.size):
        raise NoSuchTile
    return Response(await published.tree.tile(tile), headers=IMMUTABLE, media_type="application/octet-stream")


@router.get(
    "/v1/log/entries/{index}/proof",
    response_class=Response,
    responses=_TEXT | responses(NotPermitted, NoSuchLog, NoSuchEntry),
)
async def log_proof(index: int, _: Reader, published: Published) -> Response:
    """An entry with its inclusion proof as a file that stands alone (C2SP tlog-proof)."""
    entry, path = await proven_entry(published, index)
    text = proof_file(entry=entry, index=index, path=path, checkpoint=published.note)
    return Response(text, headers=FRESH, media_type="text/plain; charset=utf-8")


@router.get("/v1/log/consistency", responses=responses(NotPermitted, NoSuchLog, SizesNotOrdered))
async def log_consistency(
    _: Operator, published: Published, from_: Annotated[int, Query(alias="from", ge=1)], to: Annotated[int, Query(ge=1)]
) -> LogConsistency:
    """That the log with `to` entries begins with the one that had `from`: the path between them (RFC 9162 section 2.1.4)."""
    path = await _consistency(published, from_, to)
    return LogConsistency.model_validate({"log": published.log.origin, "from": from_, "to": to, "path": path})


@router.get("/internal/consistency", responses=responses(NotPermitted, NoSuchLog, SizesNotOrdered))
async def consistency(
    _: Annotated[Principal, sibling("records")],
    tx: ReadOnly,
    from_: Annotated[int, Query(alias="from", ge=1)],
    to: Annotated[int, Query(ge=1)],
    origin: Annotated[str | None, Query(max_length=300, description="Origin of the log; by default the newest.")] = None,
) -> ConsistencyResponse:
    """The path between two sizes of one of the node's own logs, for a peer that has pinned the smaller one."""
    year = None
    if origin is not None:
        year = await tx.scalar(select(LogRow.year).where(LogRow.origin == origin))
        if year is None:
            raise NoSuchLog(field="origin")
    return ConsistencyResponse(path=await _consistency(await published_log(tx, year), from_, to))


async def _consistency(published: PublishedLog, old_size: int, new_size: int) -> tuple[str, ...]:
    if not 1 <= old_size <= new_size <= published.size:
        raise SizesNotOrdered
    return tuple(to_base64url(digest) for digest in await published.tree.consistency_path(old_size, new_size))


async def proven_entry(published: PublishedLog, index: int) -> tuple[bytes, tuple[bytes, ...]]:
    """An entry and its path to the published root. Raises NoSuchEntry."""
    if not 0 <= index < published.size:
        raise NoSuchEntry(field="index")
    (entry,) = await published.tree.entries(index, index + 1)
    return entry, await published.tree.inclusion_path(index, published.size)
