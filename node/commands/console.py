"""`console`: a one-time link by which the operator comes into the pages of an embedded node."""

from pathlib import Path
from typing import Annotated

import typer

from node.commands.hand import gateway_settings, with_hand
from node.commands.output import console as out
from node.commands.output import stop
from node.folder import NodeFolder
from services.gateway.registry.administration import administration


def console(
    folder: Annotated[Path, typer.Argument(help="The node's folder (`safepassage-node new` makes one).")] = Path("var/node"),
) -> None:
    """Print a link that signs its first reader in as the node's operator: once, within ten minutes. The node must be running."""
    if not gateway_settings(folder).people_links:
        stop("This node takes no one-time links.", "People sign in at the agency's provider.", code=2)
    show(with_hand(folder, lambda hand: hand.make_console_link()))


async def link_of(node: NodeFolder) -> str:
    """A new link of a node's."""
    async with administration(gateway_settings(node.path)) as hand:
        return await hand.make_console_link()


def show(link: str) -> None:
    """Print it alone on its line, so that it can be picked up as it is."""
    out.print("Open this link in a browser on this machine to come in as the operator; it works once, for ten minutes:")
    out.print(link, markup=False)
