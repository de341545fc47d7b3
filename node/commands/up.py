"""`up`: an embedded node on this machine."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from node.commands.console import link_of, show
from node.commands.output import stop
from node.embedded import EmbeddedNode, require_none_later
from node.folder import NodeFolder
from node.locks import FolderInUse, alone_in
from node.server import serve
from services.gateway.settings import GatewaySettings
from shared.keys import KeyFileUnusable
from shared.schema_head import StoreOfLaterVersion


def up(
    folder: Annotated[Path, typer.Argument(help="The node's folder (`safepassage-node new` makes one).")] = Path("var/node"),
    bind: Annotated[str | None, typer.Option(help="Address to listen on; anything but the loopback needs TLS files.")] = None,
    tls_certificate: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="PEM file: certificate and its chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="PEM file: the certificate's key.")] = None,
) -> None:
    """Run the node of a folder: four services in one process, a SQLite file each. One trust domain; production runs them apart."""
    node = NodeFolder(folder)
    host = bind or node.file.host
    if host not in {"127.0.0.1", "::1", "localhost"} and tls_certificate is None:
        stop("Beyond the loopback a node speaks TLS only.", "Give --tls-certificate and --tls-key, or leave --bind out.", code=2)
    if (tls_certificate is None) != (tls_key is None):
        stop("A certificate and its key go together.", "Give both --tls-certificate and --tls-key, or neither.", code=2)
    try:
        with alone_in(folder):
            asyncio.run(require_none_later(node))
            serve(
                EmbeddedNode(node, started=_show_link),
                host=host,
                port=node.file.port,
                tls_certificate=tls_certificate,
                tls_key=tls_key,
                client_certificates=_believed_of_clients(node) if tls_certificate else (),
            )
    except FolderInUse as error:
        stop(str(error))
    except StoreOfLaterVersion as error:
        stop(f"{error}.", "Nothing was changed. docs/upgrading.md says what goes back and what does not.")
    except KeyFileUnusable as error:
        stop(str(error), "A node does not start without its keys.")


def _believed_of_clients(node: NodeFolder) -> tuple[Path, ...]:
    settings = node.settings("gateway")
    return settings.client_certificate_files if isinstance(settings, GatewaySettings) else ()


async def _show_link(node: NodeFolder) -> None:
    """To a person at a terminal, and to nobody else: what is not a terminal may be a log."""
    if sys.stdout.isatty():
        show(await link_of(node))
