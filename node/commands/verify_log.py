"""`verify-log`: recompute everything in audit's store, and name the first bad entry."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console, stop
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.problems.stored_log import EntriesMissing, LogAltered
from services.audit.settings import AuditSettings
from services.audit.verification import verify_store
from shared.keys import KeyFileUnusable


def verify_log(
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="A node's folder; else SAFE_PASSAGE_* variables.")
    ] = None,
    pinned: Annotated[
        list[Path] | None, typer.Option(exists=True, help="A checkpoint that somebody else has kept; may be repeated.")
    ] = None,
) -> None:
    """Check every entry, tile, checkpoint and sealed payload of the node's log. Reads only. Exit code 1 if anything is wrong."""
    settings = settings_from_environment(Service.audit) if folder is None else NodeFolder(folder).settings("audit")
    if not isinstance(settings, AuditSettings):
        raise TypeError("audit's settings are AuditSettings")
    try:
        reports = asyncio.run(verify_store(settings, pinned=_by_origin(pinned or [])))
    except (LogAltered, EntriesMissing) as error:
        stop(f"NOT VERIFIED: {error.detail or error.title}. First bad entry: {error.index}.", error.remedy)
    except SuiteError as error:
        stop(f"NOT VERIFIED: {error.title}.", error.remedy)
    except KeyFileUnusable as error:
        stop(str(error))
    if not reports:
        console.print("There is no log yet: nothing has been entered. (The first start makes it.)")
    for report in reports:
        log = report.log
        newer = f", {log.newer} not covered by a checkpoint yet" if log.newer else ""
        console.print(
            f"{log.origin}: {log.size} entries and {log.checkpoints} checkpoints agree{newer}; {report.opened} opened as committed"
        )
        if report.destroyed:
            console.print(f"    {report.destroyed} entries have content that was destroyed; that they happened stays proven")
        if report.closed:
            console.print(
                f"    {report.closed} entries do not open: this copy of the store is older than a destruction (docs/retention.md)"
            )


def _by_origin(files: list[Path]) -> dict[str, list[str]]:
    notes: dict[str, list[str]] = {}
    for file in files:
        note = file.read_text()
        notes.setdefault(parse_checkpoint(parse_note(note).text).origin, []).append(note)
    return notes
