"""Keys that sign tokens and decisions, prove the node to others, or hold within it: the next is made, then replaces the one before."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from node import decision_keys, peer_client_keys
from node.commands.output import console, stop
from node.folder import NodeFolder
from node.inner_keys import replace_cursors, replace_internal
from node.locks import FolderInUse, alone_in
from services.gateway.oauth.signing_keys import RotationTooEarly, activate, prepare, remove_expired
from shared.clock import system_clock
from shared.keys import KeyFileUnusable

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/ in it.")]


def next_token_signing(folder: Folder) -> None:
    """Make the key that will sign access tokens next, and publish it. The current one goes on signing until `replace-token-signing`."""
    try:
        kid = prepare(_tokens(folder))
    except FileExistsError:
        stop("A next key of tokens waits already; it was not replaced.", "Then: safepassage-node keys replace-token-signing")
    console.print(
        f"Key {kid} made: the gateway publishes it within a second, without a restart. Once whoever keeps the key set (/oauth/jwks)"
    )
    console.print("has had time to read it again: safepassage-node keys replace-token-signing")


def replace_token_signing(folder: Folder) -> None:
    """Let the next key sign access tokens, while the gateway runs. The one before verifies those that it signed, for an hour, and goes."""
    now = system_clock()
    try:
        gone = remove_expired(_tokens(folder), now=now)
        kid = activate(_tokens(folder), now=now)
    except RotationTooEarly as error:
        stop(f"Not replaced: {error}.", "First: safepassage-node keys next-token-signing, then some seconds' patience")
    except KeyFileUnusable as error:
        stop(str(error))
    console.print(f"Access tokens are signed by {kid}. Those of the key before are good until they end, within an hour.")
    if gone:
        console.print(f"Of keys from earlier {len(gone)} are gone: nothing that they signed counts any more.")


def next_decision_signing(folder: Folder) -> None:
    """Make the key that will sign decisions next, for privacy, and its public half for audit and records."""
    try:
        key = decision_keys.prepare_next(NodeFolder(folder).keys)
    except FileExistsError:
        stop("A next key of decisions waits already; it was not replaced.", "Then: safepassage-node keys replace-decision-signing")
    console.print(f"Key {key.kid} made. Give audit its folder of keys anew and start it again: it believes the next key before it signs.")
    console.print("Then: safepassage-node keys replace-decision-signing")


def replace_decision_signing(folder: Folder) -> None:
    """Let the next key sign decisions. Audit believes the one before for 14 days more: what it permitted may still wait to be logged."""
    try:
        key = decision_keys.replace(NodeFolder(folder).keys, today=system_clock().date())
    except KeyFileUnusable as error:
        stop(str(error), "First: safepassage-node keys next-decision-signing, and audit started again with it")
    console.print(
        f"Decisions are signed by {key.kid} once privacy has its folder of keys anew and is started again; then audit and records."
    )
    console.print("The public half of the key before stays: receipts of consents are verified by it for years.")


def next_peer_client(folder: Folder) -> None:
    """Make the key by which this node will prove itself to other nodes. The current one is used until `replace-peer-client`."""
    try:
        key = peer_client_keys.prepare_next(NodeFolder(folder).keys / "records")
    except FileExistsError:
        stop(
            "A next key of the peer client waits already; it was not replaced.",
            "Publish it, then: safepassage-node keys replace-peer-client",
        )
    console.print(
        f"Key {key.kid} made. Sign the node's statement (`safepassage-node keys statement`), wait an hour, so that every other node"
    )
    console.print("knows it, and run `safepassage-node keys replace-peer-client`.")


def replace_peer_client(folder: Folder) -> None:
    """Let the next key prove this node to others, and make another one that their tokens are bound to."""
    node = NodeFolder(folder)
    try:
        key = peer_client_keys.replace(node.keys / "records", node.statement, now=system_clock())
    except KeyFileUnusable as error:
        stop(str(error), "First: safepassage-node keys next-peer-client, then keys statement, then an hour's patience")
    console.print(f"Other nodes know this one by {key.kid}. Give records its folder of keys anew, start it again, and sign the statement:")
    console.print("safepassage-node keys statement")


def new_internal(folder: Folder) -> None:
    """Replace the keys by which the services know one another, while the node is stopped: all four at once."""
    _while_stopped(folder, replace_internal)
    console.print("Replaced. Give each service its folder of keys anew before any of them is started.")


def new_cursors(folder: Folder) -> None:
    """Replace the keys of pages that go on, while the node is stopped. Whoever has a list open begins again."""
    try:
        _while_stopped(folder, replace_cursors)
    except FileNotFoundError:
        stop("The gateway has no people.key yet, and makes it of its cursor.key.", "Start the node once, then stop it and do this again.")
    console.print("Replaced. Give each service its folder of keys anew before it is started.")


def _while_stopped(folder: Path, change: Callable[[Path], None]) -> None:
    node = NodeFolder(folder)
    _ = node.file  # a folder that is a node's
    try:
        with alone_in(folder):
            change(node.keys)
    except FolderInUse as error:
        stop(str(error))


def _tokens(folder: Path) -> Path:
    node = NodeFolder(folder)
    _ = node.file
    return node.keys / "gateway" / "token-signing"
