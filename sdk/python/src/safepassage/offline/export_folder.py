"""Verifying an export of the log: the manifest's signature, every file, and of each entry that the log has it and that it said so.

What the files in another format than JSON lines say is held by the manifest's digests alone: the node wrote them. The proofs hold by the
log's key and the leaf's commitments, whoever wrote them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from safepassage.canonical import canonical_json, digest_of, from_base64url, json_object, to_base64url
from safepassage.checkpoints import Checkpoint, VerifierKey, verify_checkpoint
from safepassage.export_manifest import verify_manifest
from safepassage.leaf import Leaf, parse_leaf, subject_commitment, subject_leaf, verify_commitment
from safepassage.problems import SuiteError
from safepassage.problems.exports import ExportAltered
from safepassage.proofs import leaf_hash, verify_inclusion
from safepassage.wire_exports import ExportedPart, ExportManifest, ExportPlan, SignedManifest
from safepassage.wire_log import LogEntry

MANIFEST: Final = "manifest.json"
_SUFFIXES: Final = {"jsonl": "jsonl", "csv": "csv", "parquet": "parquet", "ocsf": "ocsf.jsonl"}


@dataclass(frozen=True)
class ExportReport:
    """What was verified."""

    manifest: ExportManifest
    proven: int
    """Entries whose inclusion in the log was proven, and what they tell of actor and context; 0 for an export without proofs."""
    with_students: int
    """Of those, entries of which every student is shown, so that the leaf's commitment shows that it is those and no others."""


def part_name(plan: ExportPlan, kind: str, part: int) -> str:
    """The file of a part."""
    suffix = "jsonl" if kind == "proofs" else _SUFFIXES[plan.format]
    return f"{kind}-{part:05d}.{suffix}"


def is_export(folder: Path) -> bool:
    """Whether the folder is an export."""
    return (folder / MANIFEST).is_file()


def verify_export(folder: Path, *, keys: Collection[VerifierKey]) -> ExportReport:
    """Check every file of an export.

    keys  of the log, from the trust list or out of band

    Raises ExportAltered with the file; of a proof, what its verification raises; OSError for a file that is missing.
    """
    try:
        signed = SignedManifest.model_validate_json((folder / MANIFEST).read_bytes())
    except ValidationError as error:
        raise ExportAltered(f"{MANIFEST} is no manifest") from error
    manifest = verify_manifest(signed, log_keys=keys)
    plan = manifest.plan
    checkpoints = {one.log: verify_checkpoint(one.checkpoint, origin=one.log, keys=keys) for one in plan.ranges}
    content = {(one.kind, one.part): _content(folder, plan, one) for one in manifest.parts}
    proven = with_students = 0
    for one in manifest.parts:
        if one.kind != "proofs":
            continue
        name = part_name(plan, one.kind, one.part)
        proofs = [_proven(line, checkpoints, name) for line in content[one.kind, one.part].splitlines()]
        if len(proofs) != one.entries:
            raise ExportAltered(f"{name} has not the entries that the manifest says")
        if plan.format == "jsonl":
            _require_same(content["entries", one.part].splitlines(), proofs, part_name(plan, "entries", one.part))
        proven += len(proofs)
        with_students += sum(map(_students_proven, proofs))
    return ExportReport(manifest, proven, with_students)


def _content(folder: Path, plan: ExportPlan, part: ExportedPart) -> bytes:
    name = part_name(plan, part.kind, part.part)
    data = (folder / name).read_bytes()
    if len(data) != part.bytes or digest_of(data) != part.sha256:
        raise ExportAltered(f"{name} is not what was exported")
    return data


def _proven(line: bytes, checkpoints: dict[str, Checkpoint], name: str) -> LogEntry:
    """One line of a proofs file. Raises ExportAltered."""
    try:
        entry = LogEntry.model_validate_json(line)
        checkpoint = checkpoints[entry.log]
        leaf_data = from_base64url(entry.entry)
        verify_inclusion(
            leaf_hash=leaf_hash(leaf_data),
            index=entry.index,
            size=checkpoint.size,
            path=[from_base64url(digest) for digest in entry.path],
            root=checkpoint.root,
        )
        _require_opened(entry, parse_leaf(leaf_data))
    except (ValidationError, SuiteError, KeyError, ValueError) as error:
        raise ExportAltered(f"an entry of {name} is not in the log as it is told") from error
    return entry


def _require_opened(entry: LogEntry, leaf: Leaf) -> None:
    """What is opened is what the leaf committed to. Raises CommitmentNotOpened, ExportAltered."""
    for group, committed in ((entry.actor, leaf.commitments.actor), (entry.context, leaf.commitments.context)):
        if group is not None:
            verify_commitment(committed=committed, salt=from_base64url(group.salt), payload=group.payload)
    if entry.class_ != leaf.class_ or int(entry.logged_at.timestamp()) != leaf.t:
        raise ExportAltered


def _students_proven(entry: LogEntry) -> bool:
    """A district is shown its own students alone, from whom the commitment to all does not follow."""
    leaves = [subject_leaf(salt=from_base64url(one.salt), payload=one.payload) for one in entry.subjects]
    return to_base64url(subject_commitment(leaves)) == parse_leaf(from_base64url(entry.entry)).commitments.subject


def _require_same(lines: list[bytes], proofs: list[LogEntry], name: str) -> None:
    """Each line of the entries tells what its proof opened."""
    if len(lines) != len(proofs):
        raise ExportAltered(f"{name} has not the entries that are proven")
    for line, proof in zip(lines, proofs, strict=True):
        told = json_object(line)
        opened = {"actor": proof.actor and proof.actor.payload, "context": proof.context and proof.context.payload}
        place = {"log": proof.log, "index": proof.index, "class": proof.class_}
        if any(told.get(member) != value for member, value in place.items()):
            raise ExportAltered(f"{name} tells of other entries than are proven")
        for member, value in opened.items():
            if value is not None and canonical_json(told.get(member)) != canonical_json(value):
                raise ExportAltered(f"{name} tells something else than is proven")
