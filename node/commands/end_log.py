"""`end-log`: end a frozen log of which the last entries are lost for good, so that the node goes on with the next one."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console, stop, stop_without_keys
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from node.locks import FolderInUse, alone_in
from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from safepassage.problems import SuiteError
from safepassage.problems.keys import KeysUnavailable
from services.audit.ending import end_log as ended_by_audit
from services.audit.heads import LogDamaged
from services.audit.settings import AuditSettings
from services.audit.shards import Ended, NotToBeEnded
from services.records.exchange.ended_log import kept_of_own_log, let_own_log_end
from shared.clock import system_clock
from shared.keys import KeyFileUnusable
from shared.settings import ServiceSettings

PAGE = 'docs/witnessing.md, "A frozen log"'


def end_log(
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="A stopped node's folder; else SAFE_PASSAGE_* variables of audit.")
    ] = None,
    at: Annotated[int | None, typer.Option(min=0, help="How many entries the copy has, as `verify-log` says.")] = None,
    pinned: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A checkpoint that somebody has kept of more entries than the copy has."),
    ] = None,
    records: Annotated[
        str | None, typer.Option(metavar="LOG", help="Instead, by the variables of records: let it go on though this log has ended.")
    ] = None,
) -> None:
    """End a frozen log where this copy of it ends; what came behind is lost, and stays so. Only if no newer copy is anywhere.

    The node goes on with the next year's log, whose first entries say so. Services are stopped. A log that is not frozen is ended where
    --pinned, or what records has kept in the same folder, shows that it lacks something.
    """
    if records is not None:
        _tell_records(settings_from_environment(Service.records), records)
        return
    if at is None:
        stop("How many entries has this copy?", "`safepassage-node verify-log` says it: give that number with --at.", code=2)
    if folder is None:
        ended = _end(settings_from_environment(Service.audit), at, None if pinned is None else _checkpoint_in(pinned))
        _say(ended)
        console.print(f"Then, by the variables of records: safepassage-node end-log --records {ended.origin}")
        return
    node = NodeFolder(folder)
    try:
        with alone_in(folder):
            kept = asyncio.run(kept_of_own_log(node.settings("records"))) if pinned is None else _checkpoint_in(pinned)
            ended = _end(node.settings("audit"), at, kept)
            _say(ended)
            _tell_records(node.settings("records"), ended.origin)
    except FolderInUse as error:
        stop(str(error))


def _checkpoint_in(file: Path) -> str:
    """What a file of --pinned says. Stops where it is no signed checkpoint; whose it is, audit finds out."""
    text = file.read_text(errors="replace")
    try:
        parse_checkpoint(parse_note(text).text)
    except SuiteError:
        stop(f"{file.name} holds no checkpoint.", f"It is what a witness or a peer has kept of the log, as it was signed: {PAGE}", code=2)
    return text


def _end(settings: ServiceSettings, at: int, pinned: str | None) -> Ended:
    if not isinstance(settings, AuditSettings):
        raise TypeError("audit's settings are AuditSettings")
    try:
        return asyncio.run(ended_by_audit(settings, at=at, clock=system_clock, pinned=pinned))
    except NotToBeEnded as error:
        stop(f"Not ended: {error}.", PAGE)
    except LogDamaged as error:
        stop(f"Not ended: {error}.", "End a copy that is whole: an older one will do. `safepassage-node verify-log` says whether one is.")
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)


def _say(ended: Ended) -> None:
    console.print(f"{ended.origin} has ended at {ended.size} entries. The node goes on with {ended.next_origin}.")


def _tell_records(settings: ServiceSettings, origin: str) -> None:
    seen = asyncio.run(let_own_log_end(settings, origin=origin))
    console.print(f"records had seen {seen} entries of it." if seen else "records had kept no checkpoint of it.")
