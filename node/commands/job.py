"""`job`: heavy work on a node's store, beside the running service and apart from it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, TextColumn

from node.commands.output import console, errors, stop, stop_without_keys
from node.commands.pull_ed_fi import pull_ed_fi
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from services.records.finding.buckets import add_buckets
from services.records.settings import RecordsSettings
from services.records.vault import Vault
from shared.clock import system_clock
from shared.database import Database
from shared.key_providers import key_provider_of
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead, require_head
from shared.settings import ServiceSettings

app = typer.Typer(no_args_is_help=True, help="Heavy work on a node's store, beside the running service.")


@app.callback()
def job() -> None:
    """Heavy work on a node's store, beside the running service."""


app.command("pull-ed-fi")(pull_ed_fi)

Folder = Annotated[
    Path | None, typer.Argument(exists=True, file_okay=False, help="A node's folder; else SAFE_PASSAGE_* variables of records.")
]
Work = Callable[[ServiceSettings, Vault, Callable[[int], None]], Coroutine[None, None, str]]


@app.command()
def match(folder: Folder = None) -> None:
    """Find records of one child among the node's students: what is sure is united, what is not waits for a person (`matches list`)."""
    _run(folder, _matched)


@app.command("birth-buckets")
def birth_buckets(folder: Folder = None) -> None:
    """Once after an upgrade from before there were findings: let students who were stored earlier be found by other nodes."""
    _run(folder, _bucketed)


def _run(folder: Path | None, work: Work) -> None:
    settings = settings_from_environment(Service.records) if folder is None else NodeFolder(folder).settings("records")
    with Progress(TextColumn("{task.completed:,.0f} records opened"), console=errors, transient=True) as bar:
        shown = bar.add_task("", total=None)
        try:
            with closing(key_provider_of(settings, "records")) as provider:
                vault = Vault.of(settings.keys_directory, provider)
                said = asyncio.run(work(settings, vault, lambda opened: bar.update(shown, completed=opened)))
        except SchemaNotAtHead as error:
            stop(str(error))
        except (KeyFileUnusable, KeysUnavailable) as error:
            stop_without_keys(error)
        except SealBroken:
            stop("A record does not open under the keys that are here.", "Put the missing version of the key file back.")
    console.print(said)


async def _bucketed(settings: ServiceSettings, vault: Vault, told: Callable[[int], None]) -> str:
    database = Database.of(settings)
    try:
        await require_head("records", database)
        opened = await add_buckets(database, vault, told=told)
    finally:
        await database.close()
    return f"{opened:,} records looked at."


async def _matched(settings: ServiceSettings, vault: Vault, told: Callable[[int], None]) -> str:
    from services.records.linking.job import find_doubles  # noqa: PLC0415 Splink and DuckDB, for this job alone

    assert isinstance(settings, RecordsSettings)  # noqa: S101 those of records are
    database = Database.of(settings)
    try:
        await require_head("records", database)
        found = await find_doubles(database, vault, jurisdiction=settings.jurisdiction, now=system_clock(), told=told)
    finally:
        await database.close()
    return f"{found.students:,} records compared: {found.united:,} pairs united, {found.proposed:,} wait for a person."
