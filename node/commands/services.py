"""`serve` and `migrate`: one service of a production node, told by SAFE_PASSAGE_* variables."""

import asyncio
import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from node.commands.output import console, stop
from node.commands.which_service import ServiceArgument, settings_from_environment
from node.server import Listener, Stopping
from node.server import serve as serve_application
from services.gateway.described.interface import SAID, interface
from services.gateway.door.entrances import AdministrationListener
from services.gateway.door.limits_in_force import LimitsRefused, ask_to_read_again, with_limits_of
from services.gateway.settings import GatewaySettings
from shared.database import Database
from shared.schema_head import StoreOfLaterVersion
from shared.settings import ServiceSettings


def serve(
    service: ServiceArgument,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    tls_certificate: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="PEM file: certificate and its chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="PEM file: the certificate's key.")] = None,
) -> None:
    """Serve one service until it is told to stop."""
    settings = settings_from_environment(service)
    if (tls_certificate is None) != (tls_key is None):
        stop("A certificate and its key go together.", "Give both --tls-certificate and --tls-key, or neither.", code=2)
    _require_usable_limits(settings)
    app = importlib.import_module(f"services.{service.value}.app").create_app(settings)
    app.state.in_force = {SAID: interface()}
    serve_application(
        app,
        host=host,
        port=port,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        client_certificates=settings.client_certificate_files if isinstance(settings, GatewaySettings) and tls_certificate else (),
        stopping=Stopping(settings.stop_unready_seconds, settings.stop_grace_seconds, partial(setattr, app.state, "ready", False)),
        beside=beside_of(app, settings),
        connections_at_most=settings.connections_at_most,
        hung_up=hung_up_of(app, settings),
    )


def _require_usable_limits(settings: ServiceSettings) -> None:
    """Ends with what is wrong in the limits file of a gateway, by member, never by value."""
    if isinstance(settings, GatewaySettings):
        try:
            with_limits_of(settings.limits_file, settings)
        except LimitsRefused as refused:
            stop(f"SAFE_PASSAGE_LIMITS_FILE is refused: {refused}.", "docs/deployment.md says what is in it.", code=2)


def hung_up_of(app: Any, settings: ServiceSettings) -> Callable[[], None] | None:
    """What SIGHUP does: a gateway that has a limits file reads it again. Everything else ends by it, as ever."""
    if not isinstance(settings, GatewaySettings) or settings.limits_file is None:
        return None
    return partial(ask_to_read_again, app)


def beside_of(app: Any, settings: ServiceSettings) -> Listener | None:
    """The address of administration, of a gateway that has one."""
    if not isinstance(settings, GatewaySettings) or settings.administration_port is None:
        return None
    return Listener(AdministrationListener(app), settings.administration_address, settings.administration_port)


def migrate(service: ServiceArgument) -> None:
    """Bring a service's store to this version's schema. Only this command changes a schema."""
    from shared.migrations import migrate as migrate_store  # noqa: PLC0415 half a second, for this command alone

    settings = settings_from_environment(service)

    async def run() -> None:
        database = Database.of(settings)
        try:
            await migrate_store(service.value, database)
        finally:
            await database.close()

    try:
        asyncio.run(run())
    except StoreOfLaterVersion as error:
        stop(f"{error}.", "Nothing was changed. docs/upgrading.md says what goes back and what does not.")
    console.print(f"{service.value}: the store is at this version's schema.")
