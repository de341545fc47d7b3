"""The signed manifest of an export: a note in which the log's key signs the manifest's digest, under a name that is no log's.

    alder.example/log-exports
    <id of the export>
    <SHA-256 of the manifest's canonical JSON, base64>

The first line keeps it apart from checkpoints, whose origin is `<host>/log/<year>`, and the second is no size.
"""

import base64
from collections.abc import Collection

from safepassage.canonical import canonical_json, digest_of, sha256
from safepassage.notes import ED25519, VerifierKey, parse_note, verified_signers
from safepassage.problems.exports import ExportAltered
from safepassage.wire_exports import ExportManifest, ExportPlan, SignedManifest
from safepassage.wire_log import EntrySearch


def exports_name(origin: str) -> str:
    """The name under which a node signs exports, from the origin of one of its logs."""
    return f"{origin.partition('/')[0]}/log-exports"


def exports_key(log_key: VerifierKey) -> VerifierKey:
    """The key of a log under the name that it signs exports with."""
    return VerifierKey(exports_name(log_key.name), log_key.type, log_key.public_key)


def manifest_body(manifest: ExportManifest, *, name: str) -> bytes:
    """The exact bytes that are signed."""
    digest = base64.b64encode(sha256(canonical_json(manifest.model_dump(mode="json")))).decode()
    return f"{name}\n{manifest.plan.id}\n{digest}\n".encode()


def search_digest(search: EntrySearch) -> str:
    """SHA-256 of the search's canonical JSON, base64url."""
    return digest_of(canonical_json(search.model_dump(mode="json", exclude_defaults=True)))


def plan_digest(plan: ExportPlan) -> str:
    """SHA-256 of a plan, base64url."""
    return digest_of(canonical_json(plan.model_dump(mode="json")))


def verify_manifest(signed: SignedManifest, *, log_keys: Collection[VerifierKey]) -> ExportManifest:
    """The manifest, which one of the node's log keys has signed.

    log_keys  from the trust list or out of band

    Raises ExportAltered; NoteMalformed, CheckpointSignatureInvalid for a note that is none, or whose signature does not hold.
    """
    keys = {exports_key(key) for key in log_keys if key.type == ED25519}
    note = parse_note(signed.note)
    name = note.text.decode().partition("\n")[0]
    if not any(key.name == name for key in verified_signers(note, keys=keys)):
        raise ExportAltered("no key that was named has signed it")
    if note.text != manifest_body(signed.manifest, name=name):
        raise ExportAltered("the manifest is not the one that was signed")
    return signed.manifest
