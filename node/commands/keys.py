"""`keys`: the key files of a node."""

from pathlib import Path
from typing import Annotated

import typer

from node.commands.output import console, stop
from node.folder import NodeFolder
from node.keys import create_node_keys
from node.statement import sign_statement
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey

app = typer.Typer(no_args_is_help=True, help="The node's key files: make them, show what is public, sign the node's statement.")


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
