"""Which key provider a service has, from its settings; and a watch that has the provider confirm the keys while the service runs."""

import asyncio
import importlib
import logging
from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

from safepassage.problems.keys import KeysUnavailable
from shared.key_encryption import FileKeyProvider, KeyProvider
from shared.key_rings import KEY_ENCRYPTION, FolderRings
from shared.root_keys.root_key import RootKey
from shared.sealing_settings import KeyProviderName, SealingSettings
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from shared.wrapped_key_encryption import WrappedKeyProvider

log = logging.getLogger(__name__)

FOLDER: Final = "key-encryption"
ASKED_IN_A_LEASE: Final = 3


def key_provider_of(settings: ServiceSettings, service: ServiceName) -> KeyProvider:
    """The provider of a service that starts: it can wrap. Raises KeyFileUnusable, KeysUnavailable."""
    provider = opened_provider(settings, service)
    _ = provider.version
    return provider


def opened_provider(settings: ServiceSettings, service: ServiceName) -> KeyProvider:
    """The same, for who is about to make the first version. Raises KeyFileUnusable, KeysUnavailable."""
    folder = settings.keys_directory / FOLDER
    if not isinstance(settings, SealingSettings) or settings.key_provider == "file":
        return FileKeyProvider(folder)
    context = {"safepassage-entity": settings.entity_id, "safepassage-service": service}
    root = _ROOTS[settings.key_provider](settings, f"{settings.root_key_name}-{service}")
    return WrappedKeyProvider(folder, root, context=context, lease_seconds=settings.root_key_lease_seconds)


async def keep_keys(app: FastAPI) -> None:
    """Have the provider confirm the keys, three times a lease, until cancelled. A lifespan task; each process does it for itself.

    A version that has come or gone meanwhile is an entry in the log (shared.key_rings).
    """
    await look_at_keys(app.state.key_rings)
    while True:
        await asyncio.sleep(app.state.settings.root_key_lease_seconds / ASKED_IN_A_LEASE)
        await go_over_keys(app.state)


async def go_over_keys(state: Any) -> None:
    """What `keep_keys` does each time."""
    await confirm_keys(state.key_provider, state.forget_data_keys)
    await look_at_keys(state.key_rings, KEY_ENCRYPTION)


async def look_at_keys(rings: FolderRings, *names: str) -> None:
    """Have the log say which keys are others. What fails is tried again at the next look, or at the next start."""
    try:
        await rings.look(*names)
    except Exception as error:
        log.error("changed keys were not told", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may name a file


async def confirm_keys(provider: KeyProvider, forget_data_keys: Callable[[], None]) -> None:
    """Ask once, beside the work. Where the keys may not be used any more, the data keys that they had opened leave memory too."""
    try:
        await asyncio.to_thread(provider.confirm)
    except Exception as error:
        log.error("keys were not confirmed", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may name a file
    try:
        provider.require_usable()
    except KeysUnavailable:
        forget_data_keys()


def _token(settings: Any, name: str) -> RootKey:
    root: RootKey = _module("pkcs11_token").TokenRootKey(
        module=settings.pkcs11_module_file,
        token_label=settings.pkcs11_token,
        pin_file=settings.pkcs11_pin_file,
        name=name,
    )
    return root


def _kms(settings: Any, name: str) -> RootKey:
    root: RootKey = _module("aws_kms").KmsRootKey(
        name=name,
        region=settings.aws_kms_region,
        endpoint=settings.aws_kms_endpoint,
        credentials_file=settings.aws_credentials_file,
    )
    return root


def _transit(settings: Any, name: str) -> RootKey:
    root: RootKey = _module("transit_engine").TransitRootKey(
        url=settings.transit_url,
        mount=settings.transit_mount,
        name=name,
        token_file=settings.transit_token_file,
        authorities_file=settings.transit_authorities_file,
    )
    return root


def _module(name: str) -> Any:
    """A driver and its client library load where they are used: botocore alone is 100 ms and 30 MB."""
    return importlib.import_module(f"shared.root_keys.{name}")


_ROOTS: Final[dict[KeyProviderName, Callable[[SealingSettings, str], RootKey]]] = {"pkcs11": _token, "aws-kms": _kms, "transit": _transit}
