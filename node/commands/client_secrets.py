"""`clients secrets`: of programs that can do no better. A secret is told once, where it is made; each act is an entry in the log."""

from typing import Annotated
from uuid import UUID

import typer

from node.commands.hand import FolderOption, with_hand
from node.commands.output import console

app = typer.Typer(no_args_is_help=True, help="Secrets of clients that have no keys: make one, list them, end one.")

ClientArgument = Annotated[UUID, typer.Argument(help="A client that authenticates by a secret.")]


@app.command("list")
def list_(client: ClientArgument, node: FolderOption = None) -> None:
    """Print each secret's id, and when it was made; what it is nobody here knows."""
    for one in with_hand(node, lambda hand: hand.client_secrets(client)):
        console.print(f"{one.id}  {one.created_at:%Y-%m-%d %H:%M}")


@app.command()
def make(
    client: ClientArgument,
    node: FolderOption = None,
    replace: Annotated[bool, typer.Option("--replace", help="End all that there are, with their tokens, at once.")] = False,
) -> None:
    """Make a secret and print it, this once. To change it without a gap, make a second one, and remove the first when it is in use."""
    made = with_hand(node, lambda hand: hand.replace_client_secrets(client) if replace else hand.add_client_secret(client))
    console.print(made.secret)


@app.command()
def remove(client: ClientArgument, secret: Annotated[UUID, typer.Argument(help="Its id.")], node: FolderOption = None) -> None:
    """End a secret, and the tokens that were asked for with it."""
    with_hand(node, lambda hand: hand.remove_client_secret(client, secret))
    console.print("removed")
