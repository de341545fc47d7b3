"""`keys`: the key files of a node."""

import asyncio
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.progress import Progress

from node.commands.output import console, errors, stop
from node.commands.services import Service, settings_from_environment
from node.folder import NodeFolder
from node.keys import create_node_keys
from node.locks import FolderInUse, alone_in
from node.log_keys import prepare_next, replace
from node.mirrors import policy_with
from node.statement import sign_statement
from safepassage.problems.records import SealBroken
from services.audit.mirroring.keys import create_mirror_keys, mirror_keys
from services.audit.retention.wrapping import begin
from services.audit.retention.wrapping import rewrap as rewrap_log
from services.audit.witnessing.keys import WitnessKeys
from services.records.vault import Vault
from services.records.vault_rotation import rewrap_data_keys
from shared.clock import system_clock
from shared.database import Database
from shared.key_encryption import FileKeyProvider, WrappedKeyRefused
from shared.keys import KeyFileUnusable, SigningKey
from shared.settings import ServiceSettings

app = typer.Typer(no_args_is_help=True, help="The node's key files: make, show, publish and change them, wrap data keys again.")


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


@app.command("next-log-key")
def next_log_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
) -> None:
    """Make the key that will sign the log next. The current one goes on signing until `replace-log-key`."""
    try:
        key = prepare_next(NodeFolder(folder).keys / "audit")
    except FileExistsError:
        stop("A next key of the log waits already; it was not replaced.", "Publish it, then: safepassage-node keys replace-log-key")
    console.print(f"Key {key.kid} made. Have a trust list signed with this node's new description (`safepassage-node trust member`),")
    console.print("and wait until every member has that list; then stop the node and run `safepassage-node keys replace-log-key`.")


@app.command("replace-log-key")
def replace_log_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
) -> None:
    """Let the log's next key take over, while no audit process runs. The public half of the one before is kept: it proves the past."""
    try:
        with alone_in(folder):
            key = replace(NodeFolder(folder).keys / "audit", today=system_clock().date())
    except FolderInUse as error:
        stop(str(error))
    except KeyFileUnusable as error:
        stop(str(error), "First: safepassage-node keys next-log-key")
    console.print(f"The log is signed by {key.kid} from the next start on; its next entry says so.")
    console.print("In two weeks have a trust list signed again: it names the key before as retired.")


class Sealing(StrEnum):
    """A service whose data keys can be wrapped again."""

    records = "records"
    audit = "audit"


@app.command("next-key-encryption-key")
def next_key_encryption_key(
    keys: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A service's folder of keys.")],
) -> None:
    """Make the next version of a service's key-encryption key, beside those that are there."""
    try:
        version = FileKeyProvider(keys / "key-encryption").rotate()
    except KeyFileUnusable as error:
        stop(str(error))
    console.print(f"Version {version} made. Give it to every process of the service, then: safepassage-node keys rewrap")


@app.command()
def witness(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
) -> None:
    """Make the keys with which the node witnesses other nodes' logs; a new node has them already."""
    node = NodeFolder(folder)
    try:
        WitnessKeys.create(node.keys / "audit")
    except FileExistsError:
        stop("There is a witness key already; none was replaced.")
    console.print("Two witness keys made. Start audit again, and have a trust list signed with this node's new description")
    console.print("(`safepassage-node trust member`).")


@app.command()
def mirror(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
) -> None:
    """Make the keys with which the node says that it keeps other nodes' logs, and print how these name it in their mirrors.policy."""
    node = NodeFolder(folder)
    host = urlsplit(node.file.entity_id).netloc
    try:
        create_mirror_keys(node.keys / "audit")
    except FileExistsError:
        errors.print("There are mirror keys already; none was replaced.")
    keys = mirror_keys(node.keys / "audit", host)
    if keys is None:
        stop("There are no mirror keys.")
    sys.stdout.write(policy_with(keys.verifiers, gateway=node.file.entity_id))


@app.command()
def rewrap(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="An embedded node's folder; left out: the service of SAFE_PASSAGE_* variables."),
    ] = None,
    service: Annotated[Sealing, typer.Option(help="Whose data keys.")] = Sealing.records,
) -> None:
    """Wrap every student's data key again under the newest key-encryption key of a service. It may run while the service does.

    First start the service with the new version's file beside the old one: a process knows the versions that were there when it started.
    """
    settings = settings_from_environment(Service(service.value)) if folder is None else NodeFolder(folder).settings(service.value)
    if service is Sealing.audit:
        _rewrap_log(settings)
        return
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


def _rewrap_log(settings: ServiceSettings) -> None:
    try:
        provider = FileKeyProvider(settings.keys_directory / "key-encryption")
        with Progress(console=errors) as progress:
            shown = progress.add_task("data keys wrapped again", total=None)
            version = asyncio.run(_rewrap_all(settings, provider, lambda done: progress.update(shown, completed=done)))
    except KeyFileUnusable as error:
        stop(str(error))
    except WrappedKeyRefused:
        stop("A key opens under none of the versions that are here.", "Put the missing version's file back; nothing was changed for it.")
    console.print(f"Every key of the log is wrapped under version {version}.")
    console.print("Take older versions' files from every process, destroy their copies, and start audit again: then no copy of the store")
    console.print("opens what was destroyed before now. Take a backup now: older ones will open nothing that is sealed.")


async def _rewrap_all(settings: ServiceSettings, provider: FileKeyProvider, progress: Callable[[int], None]) -> int:
    database = Database.of(settings)
    try:
        await begin(database, provider.version)
        return await rewrap_log(database, provider, progress=progress)
    finally:
        await database.close()


async def _rewrap(settings: ServiceSettings, vault: Vault) -> int:
    database = Database.of(settings)
    try:
        return await rewrap_data_keys(database, vault)
    finally:
        await database.close()
