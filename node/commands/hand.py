"""The operator's hand on a gateway's store: of a node's folder, or of the service that SAFE_PASSAGE_* variables describe."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from node.commands.output import stop
from node.commands.which_service import Service, settings_from_environment
from node.folder import NodeFolder
from safepassage.problems import SuiteError
from services.gateway.registry.administration import Administration, administration
from services.gateway.settings import GatewaySettings
from shared.keys import KeyFileUnusable
from shared.schema_head import SchemaNotAtHead

Result = TypeVar("Result")

FolderOption = Annotated[
    Path | None, typer.Option("--node", exists=True, file_okay=False, help="An embedded node's folder; else SAFE_PASSAGE_* variables.")
]


def gateway_settings(folder: Path | NodeFolder | None) -> GatewaySettings:
    """Settings of the gateway in question."""
    node = NodeFolder(folder) if isinstance(folder, Path) else folder
    settings = settings_from_environment(Service.gateway) if node is None else node.settings("gateway")
    if not isinstance(settings, GatewaySettings):
        raise TypeError("the gateway's settings are GatewaySettings")
    return settings


def with_hand(folder: Path | NodeFolder | None, work: Callable[[Administration], Awaitable[Result]]) -> Result:
    """Do something on the store. Ends with a plain sentence if it cannot be done."""
    settings = gateway_settings(folder)

    async def run() -> Result:
        async with administration(settings) as hand:
            return await work(hand)

    try:
        return asyncio.run(run())
    except SuiteError as error:
        stop(f"{error.title}{f' ({error.field})' if error.field else ''}: {error.detail or error.code}", error.remedy)
    except (KeyFileUnusable, SchemaNotAtHead) as error:
        stop(str(error))
