"""`job pull-ed-fi`: what an Ed-Fi system has, into the node's store, beside the running service."""

import asyncio
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Annotated, Final

import typer

from node.commands.output import console, stop
from node.commands.privacy_asked import privacy_of
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems import SuiteError
from services.records.destroying import over
from services.records.ed_fi.api import LONGEST_ANSWER, EdFiApi
from services.records.ed_fi.doors import ed_fi_session
from services.records.ed_fi.noting import noted_pull
from services.records.ed_fi.pulling import Store
from services.records.ed_fi.systems import systems_in
from services.records.load_memory import OF_A_DOCUMENT, memory_for_loads
from services.records.settings import RecordsSettings
from services.records.tables import LeaseRow, OutboxRow
from services.records.vault import Vault
from shared.clock import system_clock
from shared.database import Database
from shared.internal_token import InternalTokens
from shared.key_providers import key_provider_of
from shared.keys import KeyFileUnusable, SigningKey
from shared.outbox import Outbox
from shared.schema_head import SchemaNotAtHead, require_head
from shared.siblings import Siblings, transports_over_http

ANSWER_SECONDS: Final = 120.0
"""How long an Ed-Fi system may take over a page."""


def pull_ed_fi(
    system: Annotated[str, typer.Option(help="The system's name in the file of Ed-Fi systems.")],
    folder: Annotated[
        Path | None, typer.Argument(exists=True, file_okay=False, help="A node's folder; else SAFE_PASSAGE_* variables of records.")
    ] = None,
    systems: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The file of Ed-Fi systems; else the setting's.")
    ] = None,
) -> None:
    """Load what an Ed-Fi system has: everything the first time, then what changed. Run it as often as the node is to follow the system."""
    settings = _settings(folder)
    try:
        with closing(key_provider_of(settings, "records")) as provider:
            vault = Vault.of(settings.keys_directory, provider)
            said = asyncio.run(_pulled(settings, folder, vault, system, systems or settings.ed_fi_systems_file))
    except (KeyFileUnusable, SchemaNotAtHead) as error:
        stop(str(error))
    except SuiteError as error:
        stop(f"{error.title}{f': {error.detail}' if error.detail else ''}", error.remedy)
    console.print(said)


def _settings(folder: Path | None) -> RecordsSettings:
    settings = settings_from_environment(Service.records) if folder is None else NodeFolder(folder).settings("records")
    assert isinstance(settings, RecordsSettings)  # noqa: S101 those of records are
    return settings


async def _pulled(settings: RecordsSettings, folder: Path | None, vault: Vault, name: str, file: Path | None) -> str:
    database = Database.of(settings)
    reached = transports_over_http(settings.sibling_urls, settings.sibling_authorities_file)
    siblings = Siblings(
        "records", InternalTokens("records", SigningKey.load(settings.keys_directory / "internal.json"), {}), reached, system_clock
    )
    # Only its rows: the service's own outbox sends them.
    outbox = Outbox("records", database, siblings, system_clock, row=OutboxRow, lease=LeaseRow, holder="job")
    outbox.sealing = vault
    found = systems_in(file).named(name)
    try:
        await require_head("records", database)
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(ed_fi_session(settings, seconds=ANSWER_SECONDS))
            asking = over(siblings) if folder is None else await stack.enter_async_context(privacy_of(NodeFolder(folder)))
            memory = memory_for_loads(settings.load_memory_mebibytes)
            longest = min(LONGEST_ANSWER, memory // OF_A_DOCUMENT)
            api = EdFiApi(found, session, clock=system_clock, wait=asyncio.sleep, longest=longest)
            pulled = await noted_pull(api, Store(database, vault, outbox, settings.jurisdiction, asking, memory), clock=system_clock)
    finally:
        await siblings.close()
        await database.close()
    if pulled.report is None:
        return f"Nothing has changed since change version {pulled.change_version}."
    counts = ", ".join(f"{count:,} {name.replace('-', ' ')}" for name, count in pulled.report.counts.items())
    reasons = "".join(f"\n  {reason}: {count:,}" for reason, count in pulled.report.reasons.items())
    return f"{'Everything' if pulled.whole else 'What changed'} up to change version {pulled.change_version}: {counts}.{reasons}"
