"""`/v1/log/exports`: what a search finds, in a format that others read, part by part, with proofs and a signed manifest."""

import asyncio
from base64 import b64encode
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage import __version__
from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import parse_checkpoint, parse_note
from safepassage.export_manifest import search_digest
from safepassage.ids import uuid7
from safepassage.problems.exports import ExportTokenInvalid, IndexBehind, NoSuchPart, PartsMissing
from safepassage.problems.log import LogFrozen, NoSuchLog, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_exports import (
    ExportedPart,
    ExportedRange,
    ExportFormat,
    ExportManifest,
    ExportPlan,
    ManifestRequest,
    NewExport,
    PartRequest,
    PlannedExport,
    SignedManifest,
)
from safepassage.wire_log import EntrySearch
from services.audit.drafts import draft_of
from services.audit.exports.exported import exported
from services.audit.exports.ocsf import as_ocsf
from services.audit.exports.plan import ExportTokens, Piece, entries_of_a_part, parts_of, piece_of
from services.audit.exports.selection import parts_of_entries, selected, stretches_of
from services.audit.exports.tables import Write, as_csv, as_json_lines, as_parquet
from services.audit.openings import OpenedEntry, sight_of
from services.audit.published import published_log
from services.audit.shown_entry import shown_entry
from services.audit.stored_tree import StoredTree
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Digests, Event
from shared.database import Database
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/exports", tags=["log"])

Exporter = Annotated[Caller, caller_with("audit:export")]
MEDIA_TYPES: Final[dict[ExportFormat, str]] = {
    "jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet",
    "ocsf": "application/jsonl",
}  # fmt: skip
_BODIES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {name.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}} for name in MEDIA_TYPES.values()}}
}


@router.post("", responses=responses(NotPermitted, PurposeMissing, NoSuchLog, LogFrozen, LogUnavailable))
async def plan_log_export(new: NewExport, request: Request, caller: Exporter, now: Now) -> PlannedExport:
    """Plan an export of what the caller may see: so many parts, up to the checkpoints of now. It is logged before anything is given out."""
    state = request.app.state
    database: Database = state.database
    async with database.reading() as tx:
        await sight_of(tx, caller)
        ranges = [found for stretch in await stretches_of(tx, new.search) if (found := await _published(tx, *stretch)) is not None]
        part_entries = entries_of_a_part(await parts_of_entries(tx, ranges))
    plan = ExportPlan(
        id=uuid7(now),
        node=state.settings.entity_id,
        format=new.format,
        search_digest=search_digest(new.search),
        planned_at=now,
        ranges=tuple(ranges),
        part_entries=part_entries,
        parts=parts_of(ranges, part_entries=part_entries),
    )
    context = Context(
        about=f"log-export:{plan.id}",
        operation="export-planned",
        outcome="planned",
        reason=new.format,
        count=sum(one.end - one.start for one in ranges),
        purpose=caller.purpose,
        request_digest=plan.search_digest,
    )
    await _log(request, caller, plan, "planned", context, Digests(), new.search)
    return PlannedExport(plan=plan, token=ExportTokens(state.cursors, caller.client_id).of_plan(plan))


@router.post(
    "/parts",
    response_class=Response,
    responses=_BODIES | responses(NotPermitted, PurposeMissing, ExportTokenInvalid, NoSuchPart, IndexBehind),
)
async def read_log_export_part(asked: PartRequest, request: Request, caller: Exporter, now: Now) -> Response:
    """One part of a planned export, as often as it is needed. `Export-Part` is its token for the manifest, `Content-Digest` its SHA-256."""
    state = request.app.state
    tokens = ExportTokens(state.cursors, caller.client_id)
    tokens.require_plan(asked.plan, asked.token, now=now)
    if search_digest(asked.search) != asked.plan.search_digest:
        raise ExportTokenInvalid("another search than the plan's", field="search")
    piece = piece_of(asked.plan, asked.part)
    database: Database = state.database
    async with database.reading() as tx:
        entries = await selected(tx, state, asked.search, await sight_of(tx, caller), piece)
        lines = await _proofs(tx, piece, entries) if asked.kind == "proofs" else []
    if asked.kind == "proofs":
        body, media_type = b"".join(lines), MEDIA_TYPES["jsonl"]
    else:
        body = await asyncio.to_thread(_writer(asked.plan), [exported(one) for one in entries])
        media_type = MEDIA_TYPES[asked.plan.format]
    part = ExportedPart(part=asked.part, kind=asked.kind, entries=len(entries), bytes=len(body), sha256=digest_of(body))
    headers = {
        "export-part": tokens.of_part(asked.plan, part),
        "content-digest": f"sha-256=:{b64encode(from_base64url(part.sha256)).decode()}:",
    }
    return Response(body, media_type=media_type, headers=headers)


@router.post("/manifest", responses=responses(NotPermitted, PurposeMissing, ExportTokenInvalid, PartsMissing, LogFrozen, LogUnavailable))
async def sign_log_export_manifest(asked: ManifestRequest, request: Request, caller: Exporter, now: Now) -> SignedManifest:
    """The manifest of an export whose parts were all given out, signed by the log's key; it is logged with its digest."""
    state = request.app.state
    tokens = ExportTokens(state.cursors, caller.client_id)
    tokens.require_plan(asked.plan, asked.token, now=now)
    parts = tokens.parts(asked.plan, asked.parts)
    entries = sum(one.entries for one in parts if one.kind == "entries")
    manifest = ExportManifest(plan=asked.plan, parts=parts, entries=entries, made_at=now)
    note = state.signer.export_note(state.settings.host, manifest)
    context = Context(
        about=f"log-export:{asked.plan.id}",
        operation="export-made",
        outcome="made",
        reason=asked.plan.format,
        count=entries,
        purpose=caller.purpose,
        request_digest=asked.plan.search_digest,
    )
    await _log(request, caller, asked.plan, f"made:{digest_of(note.encode())[:16]}", context, Digests(ct=digest_of(note.encode())), None)
    return SignedManifest(manifest=manifest, note=note)


async def _published(tx: AsyncSession, year: int, start: int, end: int) -> ExportedRange | None:
    """What of [start, end) is published; None if nothing is."""
    published = await published_log(tx, year)
    end = min(end, published.size)
    if start >= end:
        return None
    return ExportedRange(log=published.log.origin, year=year, start=start, end=end, checkpoint=published.note)


async def _log(
    request: Request, caller: Caller, plan: ExportPlan, what: str, context: Context, digests: Digests, search: EntrySearch | None
) -> None:
    """Raises LogFrozen, LogUnavailable: then nothing is given out."""
    sequencer = request.app.state.sequencer
    student = None if search is None else search.student_id
    event = Event(
        class_="export",
        key=f"log-export:{plan.id}:{what}",
        subjects=() if student is None else (student,),
        custodians=(caller.organisation_id,),
        actor=client_actor(caller.claims),
        context=context,
        digests=digests,
    )
    await sequencer.append([draft_of(event, producer="audit", digest_key=sequencer.digest_key)])


def _writer(plan: ExportPlan) -> Write:
    writers: dict[ExportFormat, Write] = {
        "jsonl": as_json_lines,
        "csv": as_csv,
        "parquet": as_parquet,
        "ocsf": partial(as_ocsf, entity_id=plan.node, product_version=__version__),
    }
    return writers[plan.format]


async def _proofs(tx: AsyncSession, piece: Piece, entries: list[OpenedEntry]) -> list[bytes]:
    """A LogEntry a line, each with its path to the checkpoint of the plan."""
    tree, size = StoredTree(tx, piece.range.year), parse_checkpoint(parse_note(piece.range.checkpoint).text).size
    lines = []
    for entry in entries:
        path = await tree.inclusion_path(entry.place.at, size)
        shown = shown_entry(entry, ("subject", "actor", "context"), path=path, note=piece.range.checkpoint)
        lines.append(shown.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n")
    return lines
