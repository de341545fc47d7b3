"""`keys`: the key files of a node."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console, stop
from node.commands.services import Service, settings_from_environment
from node.folder import NodeFolder
from node.keys import create_node_keys
from node.statement import sign_statement
from safepassage.problems.records import SealBroken
from services.records.vault import Vault
from services.records.vault_rotation import rewrap_data_keys
from shared.clock import system_clock
from shared.database import Database
from shared.keys import KeyFileUnusable, SigningKey
from shared.settings import ServiceSettings

app = typer.Typer(
    no_args_is_help=True, help="The node's key files: make them, show what is public, sign the node's statement, wrap data keys again."
)


@app.command()
def create(folder: Annotated[Path, typer.Argument(help="A new folder; it gets a folder of keys per service.")]) -> None:
    """Make every key of a new node. Copy each service's folder to that service alone; keep `operator/` off every server."""
    try:
        create_node_keys(folder)
    except FileExistsError:
        stop(f"{folder.name} has keys already; none was replaced.", "Name a new folder, or rotate the keys you have.")
    console.print(f"Keys made in {folder.name}/: one folder per service, and operator/ for the node's statement.")


@app.command()
def show(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A private key file (JWK).")]) -> None:
    """Print the public half of a signing key."""
    try:
        console.print_json(data=SigningKey.load(file).jwk)
    except KeyFileUnusable as error:
        stop(str(error))


@app.command()
def statement(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/operator/ in it.")],
) -> None:
    """Sign the node's statement of its operational keys again: after a key changed, and at least weekly."""
    node = NodeFolder(folder)
    try:
        serial = sign_statement(node.file, node.keys, node.statement, now=system_clock())
    except KeyFileUnusable as error:
        stop(str(error))
    console.print(f"Statement {serial} signed: {node.statement}")


@app.command()
def rewrap(
    folder: Annotated[
        Path | None,
        typer.Argument(
            exists=True, file_okay=False, help="An embedded node's folder; left out: the records service of SAFE_PASSAGE_* variables."
        ),
    ] = None,
) -> None:
    """Wrap every student's data key again under the newest key-encryption key of records. It may run while the service does.

    First start the service with the new version's file beside the old one: a process knows the versions that were there when it started.
    """
    settings = settings_from_environment(Service.records) if folder is None else NodeFolder(folder).settings("records")
    try:
        vault = Vault.of(settings.keys_directory)
        rewrapped = asyncio.run(_rewrap(settings, vault))
    except KeyFileUnusable as error:
        stop(str(error))
    except SealBroken:
        stop(
            "A data key opens under none of the versions that are here.", "Put the missing version's file back; nothing was changed for it."
        )
    console.print(f"{rewrapped} data keys wrapped again under version {vault.provider.version}.")
    console.print(
        "Destroy an older version's file once the outbox of records is empty (`safepassage-node doctor`): what waits there has it too."
    )


async def _rewrap(settings: ServiceSettings, vault: Vault) -> int:
    database = Database.of(settings)
    try:
        return await rewrap_data_keys(database, vault)
    finally:
        await database.close()
