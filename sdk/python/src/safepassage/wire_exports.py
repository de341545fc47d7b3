"""Exports of the log: a plan, its parts, and the signed manifest that says what they are."""

from typing import Annotated, Literal, NamedTuple
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Digest, Instant, Wire
from safepassage.wire_log import EntrySearch

ExportFormat = Literal["jsonl", "csv", "parquet", "ocsf"]
PartKind = Literal["entries", "proofs"]
Signed = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class NewExport(Wire):
    """`POST /v1/log/exports`."""

    search: EntrySearch
    """Which entries; as far as the caller may see them."""
    format: ExportFormat


class ExportedRange(Wire):
    """The entries [start, end) of one log, as far as its checkpoint reached when the export was planned."""

    log: str
    year: Annotated[int, Field(ge=1970, le=9999)]
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=1)]
    checkpoint: str
    """The signed note that the proofs lead to."""


class ExportPlan(Wire):
    """What an export will be: the same parts whenever they are asked for, so that it can go on where it was cut off."""

    id: UUID
    node: str
    format: ExportFormat
    search_digest: Digest
    """SHA-256 of the canonical JSON of the search. The search itself may name a student, and is in no file."""
    planned_at: Instant
    ranges: tuple[ExportedRange, ...]
    part_entries: Annotated[int, Field(ge=1)]
    """How many entries of a log one part looks at; each range begins a new part."""
    parts: Annotated[int, Field(ge=0)]


class PlannedExport(Wire):
    """The answer of `POST /v1/log/exports`."""

    plan: ExportPlan
    token: Signed
    """Sent back with each part: the plan, signed for this client and this search."""


class PartRequest(Wire):
    """`POST /v1/log/exports/parts`: one part, as often as it is needed."""

    plan: ExportPlan
    token: Signed
    search: EntrySearch
    part: Annotated[int, Field(ge=0)]
    kind: PartKind = "entries"
    """entries: in the format of the plan. proofs: a LogEntry a line, with its path to the plan's checkpoint, salts for what it opens."""


class GivenPart(NamedTuple):
    """The answer of `POST /v1/log/exports/parts`: the file, and the token that the manifest asks for."""

    content: bytes
    token: str


class ExportedPart(Wire):
    """One part as it was given out."""

    part: Annotated[int, Field(ge=0)]
    kind: PartKind
    entries: Annotated[int, Field(ge=0)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Digest


class ManifestRequest(Wire):
    """`POST /v1/log/exports/manifest`: the tokens of all parts, which the answers carried in `Export-Part`."""

    plan: ExportPlan
    token: Signed
    parts: Annotated[tuple[Signed, ...], Field(max_length=12_000)]


class ExportManifest(Wire):
    """What an export is."""

    plan: ExportPlan
    parts: tuple[ExportedPart, ...]
    entries: Annotated[int, Field(ge=0)]
    made_at: Instant


class SignedManifest(Wire):
    """A manifest, and the note in which the log's key signs its digest (safepassage.export_manifest)."""

    manifest: ExportManifest
    note: str
