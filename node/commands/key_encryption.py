"""`keys next-key-encryption-key` and `keys rewrap`: a service's key-encryption key changes, and what it wraps is wrapped again."""

import asyncio
import errno
from collections.abc import Callable
from contextlib import closing
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from node.commands.output import console, errors, stop, stop_without_keys
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from node.wrapping import VERSIONS_IN, seconds_until_read
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from services.audit.retention.wrapping import begin
from services.audit.retention.wrapping import rewrap as rewrap_log
from services.privacy.key_wrapping import rewrap as rewrap_decided
from services.privacy.sealing import Sealer
from services.records.vault import Vault
from services.records.vault_rotation import rewrap_data_keys
from shared.clock import system_clock
from shared.database import Database
from shared.key_encryption import FileKeyProvider, KeyProvider, WrappedKeyRefused
from shared.key_providers import FOLDER, key_provider_of, opened_provider
from shared.keys import KeyFileUnusable
from shared.sealing_settings import SealingSettings
from shared.settings import ServiceSettings
from shared.wrapped_key_encryption import WrappedKeyProvider


class Sealing(StrEnum):
    """A service whose data keys can be wrapped again."""

    records = "records"
    privacy = "privacy"
    audit = "audit"


def next_key_encryption_key(
    keys: Annotated[
        Path | None,
        typer.Argument(
            exists=True, file_okay=False, help="A service's folder of keys that are files; left out: by SAFE_PASSAGE_* variables."
        ),
    ] = None,
    service: Annotated[Sealing, typer.Option(help="Whose key, where its provider is told by variables.")] = Sealing.records,
) -> None:
    """Make the next version of a service's key-encryption key, beside those that are there: a file, or wrapped by its key provider."""
    try:
        with closing(_provider_for(keys, service)) as provider:
            version = provider.rotate()
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)
    named = None if keys is None else keys.resolve().name  # a service's folder mostly has its name
    whose = named if named in {one.value for one in Sealing} else service.value
    console.print(f"Version {version} made. Give it to every process of {whose}, then: {_rewrap_command(keys, whose)}")


def _rewrap_command(keys: Path | None, whose: str) -> str:
    """As it is typed here: of a node in a folder by that folder, which a service apart has none of."""
    folder = None if keys is None else node_of(keys)
    if folder is not None and not NodeFolder(folder).store(Service(whose).value).exists():
        folder = None  # keys alone: the services, and their stores, are elsewhere
    return f"safepassage-node keys rewrap {'' if folder is None else f'{folder} '}--service {whose}"


def node_of(keys: Path) -> Path | None:
    """The folder of the node whose service's keys these are; None for keys that lie apart."""
    folder = keys.resolve().parent.parent  # of `/keys` too, which has one parent alone
    return folder if (folder / "node.json").exists() else None


def destroy_key_encryption_key(
    version: Annotated[int, typer.Argument(min=1, help="The version to destroy: an older one, which wraps nothing any more.")],
    keys: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="A service's folder of keys that are files; left out: by SAFE_PASSAGE_* variables."
        ),
    ] = None,
    service: Annotated[Sealing, typer.Option(help="Whose key, where its provider is told by variables.")] = Sealing.records,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Though the store is not looked at: it may be away, or what the version wraps is to go.")
    ] = False,
) -> None:
    """Destroy a version for good, after `keys rewrap`: what it still wraps opens nowhere any more, in no copy of the store.

    It is refused while the service's store has something that the version wraps, and until every process has had time to read the newest.
    """
    try:
        with closing(_provider_for(keys, service)) as provider:
            if version >= provider.version:
                stop("That is the version that wraps.", "Make the next one, wrap everything again, then destroy this one.")
            if not provider.is_here(version):
                stop(
                    f"No file of version {version} is here; nothing was destroyed.",
                    "Where it was destroyed before, all is done. Where its file was taken away, put it back and do this again: the file, "
                    "or the key of the provider that opens a copy of it, may still be there.",
                )
            if not unchecked:
                _require_unused(version, provider.version, keys, service)
            _destroy(version, provider)
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)
    console.print(f"Version {version} is destroyed. Destroy its copies too where it was a file.")


def _destroy(version: int, provider: KeyProvider) -> None:
    """In a container the files are of a Secret, which only whoever made it can take them out of."""
    try:
        provider.destroy(version)
    except OSError as error:
        if error.errno not in {errno.EROFS, errno.EACCES, errno.EPERM}:
            raise
        already = " The provider's key that opens it is destroyed already." if isinstance(provider, WrappedKeyProvider) else ""
        stop(
            f"The file of version {version} stays: nothing in its folder may be changed here ({error.strerror}).",
            "Take it out of the Secret, or whatever the folder comes from, and destroy it where the keys were made, there with --unchecked."
            f"{already}",
        )


def _require_unused(version: int, newest: int, keys: Path | None, service: Sealing) -> None:
    """INVARIANT: who types the steps in another order, too quickly, or leaves one out, destroys no record by it."""
    if keys is None:
        whose, settings = service, settings_from_environment(Service(service.value))
    elif (folder := node_of(keys)) is not None and keys.resolve().name in VERSIONS_IN:
        whose = Sealing(keys.resolve().name)
        settings = NodeFolder(folder).settings(Service(whose.value).value)
        if not NodeFolder(folder).store(Service(whose.value).value).exists():
            stop(
                f"{folder} has no store of {whose.value}, whose services run apart from it; nothing was destroyed.",
                "Leave --keys out and give the service's SAFE_PASSAGE_* variables. (--unchecked: once `keys rewrap` has ended.)",
            )
    else:
        stop(
            f"A folder of keys does not show whether version {version} still wraps something; nothing was destroyed.",
            "Leave --keys out and give the service's SAFE_PASSAGE_* variables. (--unchecked: once `keys rewrap` has ended.)",
        )
    if whose.value in VERSIONS_IN:
        stored = asyncio.run(_stored_versions(settings, whose))
        if version in stored:
            stop(
                f"Version {version} still wraps what {whose.value} stores; nothing was destroyed.",
                f"First, to its end: {_rewrap_command(keys, whose.value)}",
            )
        if not stored:
            stop(
                f"Nothing is wrapped in this store of {whose.value}: it may be another than the node's; nothing was destroyed.",
                "Check SAFE_PASSAGE_DATABASE_URL. (--unchecked: where nothing is stored yet.)",
            )
    wait = seconds_until_read(settings, newest, now=system_clock()) if isinstance(settings, SealingSettings) else 0
    if wait:
        stop(
            f"Version {newest} has just come: a process that has not read it may still wrap by version {version}; nothing was destroyed.",
            f"Again in {ceil(wait)} seconds. (--unchecked: where no process of {whose.value} runs.)",
        )


async def _stored_versions(settings: ServiceSettings, service: Sealing) -> frozenset[int]:
    database = Database.of(settings)
    try:
        return await VERSIONS_IN[service.value](database)
    finally:
        await database.close()


def _provider_for(keys: Path | None, service: Sealing) -> KeyProvider:
    """Raises KeyFileUnusable, KeysUnavailable. A node's own folder is none of keys: said with those that it has."""
    if keys is not None and (keys / "node.json").exists():
        stop(f"{keys} is a node's folder.", f"Name its folder of the service's keys: {keys / 'keys' / service.value}", code=2)
    if keys is not None:
        return FileKeyProvider(keys / FOLDER)
    return opened_provider(settings_from_environment(Service(service.value)), Service(service.value).value)


def rewrap(
    folder: Annotated[
        Path | None,
        typer.Argument(exists=True, file_okay=False, help="An embedded node's folder; left out: the service of SAFE_PASSAGE_* variables."),
    ] = None,
    service: Annotated[Sealing, typer.Option(help="Whose data keys.")] = Sealing.records,
) -> None:
    """Wrap every data key again under the newest key-encryption key of a service. It may run while the service does.

    First start the service with the new version's file beside the old one: a process knows the versions that were there when it started.
    """
    settings = settings_from_environment(Service(service.value)) if folder is None else NodeFolder(folder).settings(service.value)
    if service is Sealing.audit:
        _rewrap_log(settings)
        return
    try:
        with closing(key_provider_of(settings, Service(service.value).value)) as provider, Progress(console=errors) as progress:
            shown = progress.add_task("data keys wrapped again", total=None)
            rewrapped = asyncio.run(_REWRAPS[service](settings, provider, lambda done: progress.update(shown, completed=done)))
            version = provider.version
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)
    except SealBroken:
        stop(
            "A data key opens under none of the versions that are here.", "Put the missing version's file back; nothing was changed for it."
        )
    console.print(f"{rewrapped} data keys wrapped again under version {version}.")
    whose = f"--service {service.value}" if folder is None else f"--keys {folder / 'keys' / service.value}"
    console.print(f"Nothing that {service.value} stores needs an older one, unless some process has not read version {version} yet.")
    console.print(f"Then, for each that is older: safepassage-node keys destroy-key-encryption-key VERSION {whose}")


def _rewrap_log(settings: ServiceSettings) -> None:
    try:
        with closing(key_provider_of(settings, "audit")) as provider, Progress(console=errors) as progress:
            shown = progress.add_task("data keys wrapped again", total=None)
            version = asyncio.run(_rewrap_all(settings, provider, lambda done: progress.update(shown, completed=done)))
    except (KeyFileUnusable, KeysUnavailable) as error:
        stop_without_keys(error)
    except WrappedKeyRefused:
        stop("A key opens under none of the versions that are here.", "Put the missing version's file back; nothing was changed for it.")
    console.print(f"Every key of the log is wrapped under version {version}.")
    console.print(
        "Take older versions' files from every process (`keys destroy-key-encryption-key`), destroy their copies, and start audit again: no"
    )
    console.print(
        "copy of the store opens then what was destroyed before now. Take a backup now: older ones will open nothing that is sealed."
    )


async def _rewrap_all(settings: ServiceSettings, provider: KeyProvider, progress: Callable[[int], None]) -> int:
    database = Database.of(settings)
    try:
        await begin(database, provider.version)
        return await rewrap_log(database, provider, progress=progress)
    finally:
        await database.close()


async def _rewrap_records(settings: ServiceSettings, provider: KeyProvider, _: Callable[[int], None]) -> int:
    database = Database.of(settings)
    try:
        return await rewrap_data_keys(database, Vault.of(settings.keys_directory, provider))
    finally:
        await database.close()


async def _rewrap_privacy(settings: ServiceSettings, provider: KeyProvider, progress: Callable[[int], None]) -> int:
    database = Database.of(settings)
    try:
        return await rewrap_decided(database, Sealer(provider), progress=progress)
    finally:
        await database.close()


_REWRAPS = {Sealing.records: _rewrap_records, Sealing.privacy: _rewrap_privacy}
