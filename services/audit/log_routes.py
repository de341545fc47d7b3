"""The log as C2SP tlog-tiles has it, and its proofs: what a monitor, a witness or an auditor reads. Leaves hold nothing of a person.

Only what the latest published checkpoint covers is shown, so that nobody sees an entry that could still be said never to have been there.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from safepassage.canonical import to_base64url
from safepassage.problems.log import NoSuchEntry, NoSuchLog, NoSuchTile, SizesNotOrdered
from safepassage.problems.requests import NotPermitted
from safepassage.problems.witnessing import NotWitnessedYet, NoWitnessesNamed
from safepassage.tlog_proof import proof_file
from safepassage.wire_log import LogConsistency
from services.audit.consistency import Consistency
from services.audit.published import PublishedLog, proven_entry, published_log
from services.audit.tiles import parse_tile_path, width_at
from services.audit.witnessing.cosignatures import largest_witnessed, with_cosignatures
from services.audit.witnessing.publisher import Publisher
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
OldSize = Annotated[int, Query(alias="from", ge=1, lt=2**53)]
NewSize = Annotated[int, Query(ge=1, lt=2**53)]
Origin = Annotated[str | None, Query(max_length=300, description="Origin of the log; by default the newest.")]


async def _published(tx: ReadOnly, year: Year = None) -> PublishedLog:
    return await published_log(tx, year)


Published = Annotated[PublishedLog, Depends(_published)]
Witnessed = Annotated[bool, Query(description="The largest checkpoint that a quorum of the node's witnesses has cosigned, not the latest.")]


async def _cosigned(tx: ReadOnly, request: Request, year: Year = None, witnessed: Witnessed = False) -> PublishedLog:
    published = await published_log(tx, year)
    publisher: Publisher = request.app.state.publisher
    if not witnessed:
        published.note = await with_cosignatures(tx, published.log.year, published.size, published.note)
        return published
    if publisher.policy is None:
        raise NoWitnessesNamed
    found = await largest_witnessed(tx, published.log.year, publisher.policy)
    if found is None:
        raise NotWitnessedYet
    published.size, published.note = found
    return published


Cosigned = Annotated[PublishedLog, Depends(_cosigned)]
"""With the cosignatures of its checkpoint under the note."""


@router.get(
    "/v1/log/checkpoint",
    response_class=Response,
    responses=_TEXT | responses(NotPermitted, NoSuchLog, NoWitnessesNamed, NotWitnessedYet),
)
async def log_checkpoint(_: Operator, published: Cosigned) -> Response:
    """The latest checkpoint: a signed note (C2SP tlog-checkpoint), with the cosignatures that it has so far."""
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
    responses=_TEXT | responses(NotPermitted, NoSuchLog, NoSuchEntry, NoWitnessesNamed, NotWitnessedYet),
)
async def log_proof(index: int, _: Reader, published: Cosigned, *, witnessed: Witnessed = False) -> Response:
    """An entry with its inclusion proof as a file that stands alone (C2SP tlog-proof), its checkpoint with cosignatures."""
    if witnessed and index >= published.size:
        raise NotWitnessedYet
    entry, path = await proven_entry(published, index)
    text = proof_file(entry=entry, index=index, path=path, checkpoint=published.note)
    return Response(text, headers=FRESH, media_type="text/plain; charset=utf-8")


@router.get("/v1/log/consistency", responses=responses(NotPermitted, NoSuchLog, SizesNotOrdered))
async def log_consistency(_: Reader, published: Published, from_: OldSize, to: NewSize) -> LogConsistency:
    """That the log with `to` entries begins with the one that had `from`: the path between them (RFC 9162 section 2.1.4)."""
    path = tuple(map(to_base64url, await published.consistency_path(from_, to)))
    return LogConsistency.model_validate({"log": published.log.origin, "from": from_, "to": to, "path": path})


@router.get("/internal/consistency", responses=responses(NotPermitted, NoSuchLog, SizesNotOrdered))
async def consistency(
    _: Annotated[Principal, sibling("records")], request: Request, from_: OldSize, to: NewSize, origin: Origin = None
) -> ConsistencyResponse:
    """The path between two sizes of one of the node's own logs, for a peer that has pinned the smaller one."""
    found: Consistency = request.app.state.consistency
    return ConsistencyResponse(path=await found.path(origin, from_, to))
