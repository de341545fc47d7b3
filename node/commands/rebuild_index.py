"""`rebuild-index`: make the index of audit's log again from the log itself."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from node.commands.output import console, errors, stop, stop_without_keys
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems.keys import KeysUnavailable
from services.audit.index.projector import Projector
from services.audit.index.rebuilding import Progress as Made
from services.audit.index.rebuilding import progress_of
from services.audit.subject_keys import SubjectKeys
from shared.clock import system_clock
from shared.database import Database
from shared.key_encryption import WrappedKeyRefused
from shared.key_providers import key_provider_of
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead, require_head
from shared.settings import ServiceSettings

LOOK_SECONDS: Final = 0.5


def rebuild_index(
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="A node's folder; else SAFE_PASSAGE_* variables.")
    ] = None,
) -> None:
    """Make the index of the log again. It may run while the service does: searches say meanwhile how many entries they did not look at.

    What was interrupted goes on when it is called again, or when the service runs. The log itself is only read.
    """
    settings = settings_from_environment(Service.audit) if folder is None else NodeFolder(folder).settings("audit")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        keys = SubjectKeys(key_provider_of(settings, "audit"))
        with Progress(*columns, console=errors) as bar:
            shown = bar.add_task("entries in the index", total=None)

            def tell(made: Made) -> None:
                what = "taking out what is there" if made.emptying else "entries in the index"
                bar.update(shown, description=what, completed=made.indexed, total=made.entries)

            made = asyncio.run(_rebuilt(settings, keys, tell))
    except SchemaNotAtHead as error:
        stop(str(error))
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)
    except WrappedKeyRefused:
        stop("A key opens under none of the versions that are here.", "Put the missing version's file back, and call this again.")
    console.print(f"The index is made of {made.indexed} of the log's {made.entries} entries; newer ones come into it by themselves.")


async def _rebuilt(settings: ServiceSettings, keys: SubjectKeys, tell: Callable[[Made], None]) -> Made:
    database = Database.of(settings)
    try:
        await require_head("audit", database)
        projector = Projector(database, keys, system_clock)
        await projector.open()
        telling = asyncio.create_task(_tell(database, tell))
        try:
            await projector.rebuild()
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        made = await database.read(progress_of)
        tell(made)
        return made
    finally:
        await database.close()


async def _tell(database: Database, tell: Callable[[Made], None]) -> None:
    while True:
        tell(await database.read(progress_of))
        await asyncio.sleep(LOOK_SECONDS)
