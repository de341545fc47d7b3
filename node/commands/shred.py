"""`shred`: destroy records that the node holds, before the key that wraps their data keys is destroyed too."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from node.commands.output import console, stop
from node.commands.privacy_asked import privacy_of
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems import SuiteError
from services.records.destroying import Destroying, over
from services.records.settings import RecordsSettings
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
from shared.siblings import Siblings, transports_over_http

app = typer.Typer(
    no_args_is_help=True,
    help="Destroy what the node holds: a student's record, what came and was collected, a year's leavers, an educator's credentials.",
)

FolderOption = Annotated[
    Path | None, typer.Option("--node", exists=True, file_okay=False, help="An embedded node's folder; else SAFE_PASSAGE_* variables.")
]
Outcome = TypeVar("Outcome")
Work = Callable[[Database, Shredder, Siblings], Awaitable[Outcome]]

YEARS_END = (7, 1)
"""A school year is over before the first of July."""


@app.command()
def student(
    student_id: Annotated[UUID, typer.Argument(help="The student's id at this node.")],
    clearance: Annotated[UUID, typer.Option(help="Id of the clearance (POST /v1/destructions): nobody waits to inspect.")],
    node: FolderOption = None,
) -> None:
    """Destroy the whole record of a student; all but the permanent record, where the clearance keeps that."""
    _say(_destroyed(node, f"destruction:{clearance}", lambda destroying: destroying.student(student_id, clearance=clearance)))


@app.command("copy")
def copy_(
    exchange_id: Annotated[UUID, typer.Argument(help="The exchange that brought it.")],
    agreement: Annotated[UUID | None, typer.Option(help="The agreement under which it was held, for the log.")] = None,
    node: FolderOption = None,
) -> None:
    """Destroy what one exchange brought; of its student, what the node has from elsewhere stays."""
    about = f"exchange:{exchange_id}" if agreement is None else f"agreement:{agreement}"
    _say(_destroyed(node, about, lambda destroying: destroying.copy(exchange_id)))


@app.command()
def collected(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it stays after the receiving system has had it.")] = 30,
    node: FolderOption = None,
) -> None:
    """Destroy what exchanges brought once the receiving school's or district's own system has had it for so many days."""
    instant = system_clock() - timedelta(days=days)
    gone = _destroyed(node, f"collected:P{days}D", lambda destroying: destroying.collected_before(instant))
    if gone.left:
        console.print(
            f"Left as it is: what {gone.left} exchanges brought. "
            "Somebody waits to inspect those records, or one is on its way, or does not open."
        )
    _say(gone.destroyed)


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
    custodian_id: Annotated[UUID, typer.Argument(help="The organization that keeps the records.")],
    school_year: Annotated[int, typer.Argument(min=1900, max=2200, help="The school year, by the year in which it ends.")],
    clearance: Annotated[UUID, typer.Option(help="Id of the decision to destroy them, for the log.")],
    node: FolderOption = None,
) -> None:
    """Destroy the records of all students whose every enrolment ended in that school year or before."""
    day = date(school_year, *YEARS_END)
    leavers = _destroyed(node, f"destruction:{clearance}", lambda destroying: destroying.left_before(custodian_id, day))
    if leavers.awaited:
        console.print(
            f"Left as they are: {leavers.awaited} records that somebody waits to inspect (34 CFR 99.10(e)). Answer them, then run it again."
        )
    if leavers.said:
        console.print(f"Left as they are: {leavers.said} records about which an opt-out stands that the child's other record has not.")
        console.print("Put it on record for that one too, then run it again.")
    _say(Shredded(leavers.destroyed, 0))


def _destroyed(folder: Path | None, about: str, work: Callable[[Destroying], Awaitable[Outcome]]) -> Outcome:
    """Do it, once privacy was asked: the service of the node, or the store of an embedded node's folder."""
    settings = _settings(folder)

    async def run(database: Database, shredder: Shredder, siblings: Siblings) -> Outcome:
        if folder is None:
            return await work(Destroying(database, shredder, over(siblings)))
        async with privacy_of(NodeFolder(folder)) as asking:
            return await work(Destroying(database, shredder, asking))

    return _with_shredder(settings, about, run)


def _shredded(folder: Path | None, about: str, work: Callable[[Shredder, AsyncSession], Awaitable[Outcome]]) -> Outcome:
    async def run(database: Database, shredder: Shredder, _: Siblings) -> Outcome:
        async with database.transaction() as tx:
            return await work(shredder, tx)

    return _with_shredder(_settings(folder), about, run)


def _settings(folder: Path | None) -> RecordsSettings:
    settings = settings_from_environment(Service.records) if folder is None else NodeFolder(folder).settings("records")
    assert isinstance(settings, RecordsSettings)  # noqa: S101 those of records are
    return settings


def _with_shredder(settings: RecordsSettings, about: str, work: Work[Outcome]) -> Outcome:
    """Do something on the store. Ends with a plain sentence if it cannot be done."""

    async def run() -> Outcome:
        async with AsyncExitStack() as stack:
            database = Database.of(settings)
            stack.push_async_callback(database.close)
            await require_head("records", database)
            vault = Vault.of(settings.keys_directory, stack.enter_context(closing(key_provider_of(settings, "records"))))
            reached = transports_over_http(settings.sibling_urls, settings.sibling_authorities_file)
            siblings = Siblings("records", internal_tokens("records", settings), reached, system_clock)
            stack.push_async_callback(siblings.close)
            outbox = Outbox("records", database, siblings, system_clock, row=OutboxRow, lease=LeaseRow, holder="command")
            outbox.sealing = vault
            shredder = Shredder(vault, outbox, system_clock, about=about, jurisdiction=settings.jurisdiction)
            return await work(database, shredder, siblings)

    try:
        return asyncio.run(run())
    except SuiteError as error:
        stop(f"{error.title}: {error.detail or error.code}", error.remedy)
    except (KeyFileUnusable, SchemaNotAtHead) as error:
        stop(str(error))


def _say(what: Shredded | str) -> None:
    said = what if isinstance(what, str) else f"{what.students} whole records, {what.parts} parts of others"
    console.print(f"Destroyed here: {said}. The log has it once records is running.")
    if isinstance(what, Shredded) and what.permanent:
        console.print("The permanent record stays, as the clearance says (34 CFR 300.624(b)). It is found by its id alone.")
    console.print("Older copies of the store still open it. To end that (docs/keys.md): keys next-key-encryption-key, keys rewrap,")
    console.print("keys destroy-key-encryption-key, and a new base backup.")
