"""`shred`: destroy records that the node holds, before the key that wraps their data keys is destroyed too."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from node.commands.output import console, stop
from node.commands.services import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems import SuiteError
from services.records.shredding import Shredded, Shredder
from services.records.tables import LeaseRow, OutboxRow
from services.records.vault import Vault
from shared.app import internal_tokens
from shared.clock import system_clock
from shared.database import Database
from shared.key_providers import key_provider_of
from shared.keys import KeyFileUnusable
from shared.outbox import Outbox
from shared.schema_head import SchemaNotAtHead, require_head
from shared.siblings import Siblings

app = typer.Typer(
    no_args_is_help=True,
    help="Destroy what the node holds: a student's record, the copy of an exchange, a year's leavers, an educator's credentials.",
)

FolderOption = Annotated[
    Path | None, typer.Option("--node", exists=True, file_okay=False, help="An embedded node's folder; else SAFE_PASSAGE_* variables.")
]
Outcome = TypeVar("Outcome")
Work = Callable[[Shredder, AsyncSession], Awaitable[Outcome]]

YEARS_END = (7, 1)
"""A school year is over before the first of July."""


@app.command()
def student(
    student_id: Annotated[UUID, typer.Argument(help="The student's id at this node.")],
    clearance: Annotated[UUID, typer.Option(help="Id of the clearance (POST /v1/destructions): nobody waits to inspect.")],
    node: FolderOption = None,
) -> None:
    """Destroy the whole record of a student."""
    _say(_shredded(node, f"destruction:{clearance}", lambda shredder, tx: shredder.student(tx, student_id)))


@app.command("copy")
def copy_(
    exchange_id: Annotated[UUID, typer.Argument(help="The exchange that brought it.")],
    agreement: Annotated[UUID | None, typer.Option(help="The agreement under which it was held, for the log.")] = None,
    node: FolderOption = None,
) -> None:
    """Destroy what one exchange brought; of its student, what the node has from elsewhere stays."""
    about = f"exchange:{exchange_id}" if agreement is None else f"agreement:{agreement}"
    _say(_shredded(node, about, lambda shredder, tx: shredder.copy(tx, exchange_id)))


@app.command()
def educator(
    educator_id: Annotated[UUID, typer.Argument(help="The educator's id at this node, as a search for the credentials says it.")],
    decision: Annotated[UUID, typer.Option(help="Id of the agency's decision to destroy them, for the log.")],
    node: FolderOption = None,
) -> None:
    """Destroy every credential of an educator that is kept here, filed or issued. One that was issued can still be revoked."""
    count = _shredded(node, f"destruction:{decision}", lambda shredder, tx: shredder.educator(tx, educator_id))
    _say(f"{count} credentials of an educator")


@app.command()
def year(
    custodian_id: Annotated[UUID, typer.Argument(help="The organisation that keeps the records.")],
    school_year: Annotated[int, typer.Argument(min=1900, max=2200, help="The school year, by the year in which it ends.")],
    clearance: Annotated[UUID, typer.Option(help="Id of the decision to destroy them, for the log.")],
    node: FolderOption = None,
) -> None:
    """Destroy the records of all students whose every enrolment ended in that school year or before."""
    day, done = date(school_year, *YEARS_END), 0
    while some := _shredded(node, f"destruction:{clearance}", lambda shredder, tx: shredder.left_before(tx, custodian_id, day)).students:
        done += some
    _say(Shredded(done, 0))


def _shredded(folder: Path | None, about: str, work: Work[Outcome]) -> Outcome:
    settings = settings_from_environment(Service.records) if folder is None else NodeFolder(folder).settings("records")

    async def run() -> Outcome:
        database = Database.of(settings)
        try:
            await require_head("records", database)
            with closing(key_provider_of(settings, "records")) as provider:
                vault = Vault.of(settings.keys_directory, provider)
                siblings = Siblings("records", internal_tokens("records", settings), {}, system_clock)
                outbox = Outbox("records", database, siblings, system_clock, row=OutboxRow, lease=LeaseRow, holder="command")
                outbox.sealing = vault
                async with database.transaction() as tx:
                    return await work(Shredder(vault, outbox, system_clock, about=about), tx)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except SuiteError as error:
        stop(f"{error.title}: {error.detail or error.code}", error.remedy)
    except (KeyFileUnusable, SchemaNotAtHead) as error:
        stop(str(error))


def _say(what: Shredded | str) -> None:
    said = what if isinstance(what, str) else f"{what.students} whole records, {what.parts} parts of others"
    console.print(f"Destroyed here: {said}. The log has it once records is running.")
    console.print("Older copies of the store still open it. To end that (docs/keys.md): keys next-key-encryption-key, keys rewrap,")
    console.print("keys destroy-key-encryption-key, and a new base backup.")
