"""The mirror's operations, C2SP tlog-mirror. Entries are taken from everybody: what is kept is proven to be of a member's log.

What is kept is shown to callers with a scope: as of our own log, how many entries there are and when is the agency's own affair.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from safepassage.problems.access import EncodingNotTaken
from safepassage.problems.log import NoSuchTile
from safepassage.problems.mirroring import EntriesNotOfTheLog, LogNotMirrored, MirrorFull, MirrorRequestMalformed, NoCheckpointToMirror
from safepassage.problems.requests import BodyTooLarge, MalformedBody, NotPermitted, TemporarilyUnavailable
from safepassage.tlog_mirror import BODY_TYPE, INFO_TYPE
from services.audit.log_routes import FRESH, IMMUTABLE, Operator
from services.audit.mirroring.mirror import GoOnFrom, Mirror
from shared.bodies import inflated_body
from shared.problems import responses

router = APIRouter(tags=["mirror"])

MAX_BYTES = 8 * 2**20
"""Of a request, also of what a compressed one becomes. Who has larger packages sends fewer of them at once."""
TAKES_GZIP: Final = {"accept-encoding": "gzip"}
"""What a request may be compressed by, as the protocol has every answer say it."""
_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}
_INFO_CONTENT = {INFO_TYPE: {"schema": {"type": "string"}}}
_INFO: dict[int | str, dict[str, Any]] = {
    202: {"description": "Some of the entries are kept: the size, the next entry, and a ticket to go on with", "content": _INFO_CONTENT},
    409: {"description": "The upload is to go on from elsewhere: the size, the next entry, and a ticket", "content": _INFO_CONTENT},
}
_REQUEST = {"requestBody": {"required": True, "content": {BODY_TYPE: {"schema": {"type": "string", "format": "binary"}}}}}
OriginDigest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the log's origin, lower case hexadecimal.")]


@router.post(
    "/v1/mirror/add-entries",
    response_class=Response,
    openapi_extra=_REQUEST,
    responses=_TEXT
    | _INFO
    | responses(
        MirrorRequestMalformed,
        MalformedBody,
        LogNotMirrored,
        BodyTooLarge,
        EncodingNotTaken,
        NoCheckpointToMirror,
        EntriesNotOfTheLog,
        MirrorFull,
        TemporarilyUnavailable,
    ),
)
async def add_entries(request: Request) -> Response:
    """Have a log's entries kept: origin, range and ticket, then packages of entries with the proof of each (C2SP tlog-mirror).

    The body may have the Content-Encoding gzip.
    """
    mirror: Mirror = request.app.state.mirror
    try:
        lines = await mirror.add(await inflated_body(request, limit=MAX_BYTES))
    except GoOnFrom as elsewhere:
        return Response(elsewhere.info.body(), 202 if elsewhere.accepted else 409, TAKES_GZIP | {"content-type": INFO_TYPE})
    return Response("".join(map(str, lines)), headers=TAKES_GZIP, media_type="text/plain; charset=utf-8")


@router.get("/v1/mirror/{origin_digest}/checkpoint", response_class=Response, responses=_TEXT | responses(NotPermitted, LogNotMirrored))
async def mirrored_checkpoint(origin_digest: OriginDigest, _: Operator, request: Request) -> Response:
    """The largest checkpoint of a log of which this node keeps every entry, with its cosignatures as a mirror."""
    mirror: Mirror = request.app.state.mirror
    return Response(await mirror.shown(origin_digest), headers=FRESH, media_type="text/plain; charset=utf-8")


@router.get(
    "/v1/mirror/{origin_digest}/tile/{tile_path:path}", response_class=Response, responses=_BYTES | responses(NotPermitted, NoSuchTile)
)
async def mirrored_tile(origin_digest: OriginDigest, tile_path: str, _: Operator, request: Request) -> Response:
    """A tile of hashes or a bundle of entries of a mirrored log (C2SP tlog-tiles)."""
    mirror: Mirror = request.app.state.mirror
    return Response(await mirror.tile(origin_digest, tile_path), headers=IMMUTABLE, media_type=BODY_TYPE)
