"""An export of a node's log in a folder: part by part, going on where it was cut off, with a signed manifest at the end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from safepassage.client import calls
from safepassage.client.faces import BlockingClient
from safepassage.export_manifest import search_digest
from safepassage.offline.export_folder import MANIFEST, part_name
from safepassage.problems.exports import ExportAltered
from safepassage.wire_exports import ManifestRequest, NewExport, PartKind, PartRequest, PlannedExport, SignedManifest

PLAN: Final = "plan.json"
TOKENS: Final = "parts.json"

Progress = Callable[[int, int], None]
"""Called with how many parts there are, of how many."""


def export_log(
    client: BlockingClient, folder: Path, new: NewExport, *, proofs: bool = True, progress: Progress = lambda _done, _all: None
) -> SignedManifest:
    """Bring a whole export into a folder. What an earlier call brought is not asked for again.

    The search is in no file: it may name a student. Another search or format in the same folder raises ExportAltered; what the node has
    against a plan that is too old, ExportTokenInvalid: then begin again in another folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planned = _planned(client, folder, new)
    plan, tokens = planned.plan, _tokens(folder)
    kinds: tuple[PartKind, ...] = ("entries", "proofs") if proofs else ("entries",)
    wanted = [(kind, part) for part in range(plan.parts) for kind in kinds]
    for done, (kind, part) in enumerate(wanted, 1):
        name = part_name(plan, kind, part)
        if name not in tokens or not (folder / name).exists():
            asked = PartRequest(plan=plan, token=planned.token, search=new.search, part=part, kind=kind)
            given = client.run(calls.read_log_export_part(asked))
            _write(folder / name, given.content)
            tokens[name] = given.token
            _write(folder / TOKENS, json.dumps(tokens).encode())
        progress(done, len(wanted))
    request = ManifestRequest(plan=plan, token=planned.token, parts=tuple(tokens[part_name(plan, *one)] for one in wanted))
    signed = client.run(calls.sign_log_export_manifest(request))
    _write(folder / MANIFEST, signed.model_dump_json(indent=2).encode())
    return signed


def _planned(client: BlockingClient, folder: Path, new: NewExport) -> PlannedExport:
    held = folder / PLAN
    if held.exists():
        planned = PlannedExport.model_validate_json(held.read_bytes())
        if (planned.plan.format, planned.plan.search_digest) != (new.format, search_digest(new.search)):
            raise ExportAltered("the folder holds another export")
        return planned
    planned = client.run(calls.plan_log_export(new))
    _write(held, planned.model_dump_json().encode())
    return planned


def _tokens(folder: Path) -> dict[str, str]:
    path = folder / TOKENS
    held: dict[str, str] = json.loads(path.read_bytes()) if path.exists() else {}
    return held


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
