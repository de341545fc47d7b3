"""The witness's two operations, C2SP tlog-witness: open to everybody, for a checkpoint is as good as its log's signature.

Nobody but the holder of a key of the trust list can have anything stored or signed here, and of each log one row is kept.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from safepassage.problems.requests import BodyTooLarge, TemporarilyUnavailable
from safepassage.problems.witnessing import (
    CheckpointNotConsistent,
    CheckpointRefusedByWitness,
    OriginNotWitnessed,
    WitnessRequestMalformed,
)
from safepassage.tlog_witness import MAX_BYTES, SIZE_TYPE, parse_add_checkpoint, size_answer
from services.audit.witnessing.findings import Findings
from services.audit.witnessing.witness import AnotherSizeIsKnown, NotContinued, Witness
from shared.bodies import bounded_body
from shared.problems import responses

router = APIRouter(tags=["witness"])

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
_SIZE: dict[int | str, dict[str, Any]] = {
    409: {
        "description": "The old size is not that of the checkpoint which was cosigned last: its size, in decimal",
        "content": {SIZE_TYPE: {"schema": {"type": "string"}}},
    }
}
_REQUEST = {"requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}}
OriginDigest = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the log's origin, lower case hexadecimal.")]


@router.post(
    "/v1/witness/add-checkpoint",
    response_class=Response,
    openapi_extra=_REQUEST,
    responses=_TEXT
    | _SIZE
    | responses(
        WitnessRequestMalformed,
        CheckpointRefusedByWitness,
        OriginNotWitnessed,
        BodyTooLarge,
        CheckpointNotConsistent,
        TemporarilyUnavailable,
    ),
)
async def add_checkpoint(request: Request) -> Response:
    """Have a log's checkpoint cosigned: an old size, the consistency path from there, and the checkpoint (C2SP tlog-witness)."""
    witness: Witness = request.app.state.witness
    try:
        lines = await witness.add(parse_add_checkpoint(await bounded_body(request, limit=MAX_BYTES)))
    except AnotherSizeIsKnown as known:
        return Response(size_answer(known.size), 409, {"content-type": SIZE_TYPE})
    except NotContinued as refused:
        await _keep_evidence(request.app.state.findings, refused)
        raise CheckpointNotConsistent from None
    return Response("".join(map(str, lines)), media_type="text/plain; charset=utf-8")


@router.get("/v1/witness/{origin_digest}/checkpoint", response_class=Response, responses=_TEXT | responses(OriginNotWitnessed))
async def witnessed_checkpoint(origin_digest: OriginDigest, request: Request) -> Response:
    """The largest checkpoint of a log that this node has cosigned: whoever restored an older copy of the log learns it here."""
    witness: Witness = request.app.state.witness
    return Response(await witness.shown(origin_digest), media_type="text/plain; charset=utf-8")


async def _keep_evidence(findings: Findings, refused: NotContinued) -> None:
    """Both checkpoints: of one size and under one log's key they prove by themselves that it shows two histories."""
    origin = refused.offered.partition("\n")[0]
    evidence = refused.offered if refused.held is None else f"{refused.held}\n{refused.offered}"
    await findings.record("peer-log-forked" if refused.forked else "peer-log-not-continued", origin, evidence=evidence)
