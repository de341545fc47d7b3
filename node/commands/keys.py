"""`keys`: the key files of a node."""

import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from node import statement_keys
from node.commands import key_changes
from node.commands.key_encryption import destroy_key_encryption_key, next_key_encryption_key, rewrap
from node.commands.output import console, errors, stop
from node.folder import NodeFolder
from node.keys import create_message_keys, create_node_keys
from node.locks import FolderInUse, alone_in
from node.log_keys import prepare_next as prepare_next_log_key
from node.log_keys import replace as replace_log_keys
from node.log_keys import require_listed
from node.message_keys import prepare_next, require_published
from node.message_keys import replace as replace_message_keys
from node.mirrors import policy_with
from node.statement import sign_statement
from safepassage.problems.trust import NotAMember
from safepassage.trust_list import read_trust_list
from services.audit.mirroring.keys import create_mirror_keys, mirror_keys
from services.audit.witnessing.keys import WitnessKeys
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey

app = typer.Typer(no_args_is_help=True, help="The node's key files: make, show, publish and change them, wrap data keys again.")
app.command("next-key-encryption-key")(next_key_encryption_key)
app.command()(rewrap)
app.command("destroy-key-encryption-key")(destroy_key_encryption_key)
for one in (
    key_changes.next_token_signing,
    key_changes.replace_token_signing,
    key_changes.next_decision_signing,
    key_changes.replace_decision_signing,
    key_changes.next_peer_client,
    key_changes.replace_peer_client,
    key_changes.new_internal,
    key_changes.new_cursors,
):
    app.command()(one)


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


@app.command("next-statement-key")
def next_statement_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/operator/ in it.")],
) -> None:
    """Make the key that will sign the node's statement next. The current one goes on signing until `replace-statement-key`."""
    try:
        key = statement_keys.prepare_next(NodeFolder(folder).keys / "operator")
    except FileExistsError:
        stop(
            "A next key of the statement waits already; it was not replaced.",
            "Publish it, then: safepassage-node keys replace-statement-key",
        )
    console.print(f"Key {key.kid} made. Have it listed: `safepassage-node trust member`, then `trust propose --update` (docs/trust.md).")
    console.print("Once every member has that list: safepassage-node keys replace-statement-key")


@app.command("replace-statement-key")
def replace_statement_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/operator/ in it.")],
) -> None:
    """Let the statement's next key take over, and sign the statement with it. Then have the list signed again without the one before."""
    node = NodeFolder(folder)
    try:
        listed = read_trust_list(node.trust_list.read_bytes(), development=True).content.member(node.file.entity_id)
        key = statement_keys.replace(node.keys / "operator", listed=frozenset(jwk.kid for jwk in listed.statement_keys))
        serial = sign_statement(node.file, node.keys, node.statement, now=system_clock())
    except FileNotFoundError:
        stop("The node has no trust list.", "First: safepassage-node trust install")
    except NotAMember as error:
        stop("The node is no active member of its trust list.", error.remedy)
    except KeyFileUnusable as error:
        stop(str(error), "First: keys next-statement-key, a list that names it (docs/trust.md), trust install")
    console.print(
        f"The statement is signed by {key.kid}: statement {serial}. Have a list signed that names this key alone (`trust member`)."
    )


@app.command("next-log-key")
def next_log_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
) -> None:
    """Make the key that will sign the log next. The current one goes on signing until `replace-log-key`."""
    try:
        key = prepare_next_log_key(NodeFolder(folder).keys / "audit")
    except FileExistsError:
        stop("A next key of the log waits already; it was not replaced.", "Publish it, then: safepassage-node keys replace-log-key")
    console.print(f"Key {key.kid} made. Have a trust list signed with this node's new description (`safepassage-node trust member`),")
    console.print("and wait until every member has that list; then stop the node and run `safepassage-node keys replace-log-key`.")


@app.command("replace-log-key")
def replace_log_key(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/audit/ in it.")],
    unlisted: Annotated[
        bool, typer.Option("--unlisted", help="Though no trust list names it yet: the key before was stolen, or the node is in no network.")
    ] = False,
) -> None:
    """Let the log's next key take over, while no audit process runs. The public half of the one before is kept: it proves the past."""
    node = NodeFolder(folder)
    try:
        with alone_in(folder):
            if node.trust_list.exists() and not unlisted:
                listed = read_trust_list(node.trust_list.read_bytes(), development=True).content.members
                require_listed(node.keys / "audit", [log for one in listed if one.entity_id == node.file.entity_id for log in one.logs])
            key = replace_log_keys(node.keys / "audit", today=system_clock().date())
    except FolderInUse as error:
        stop(str(error))
    except KeyFileUnusable as error:
        stop(str(error), "First: keys next-log-key, a list that names it (docs/trust.md), trust install")
    console.print(f"The log is signed by {key.kid} from the next start on; its next entry says so.")
    console.print("In two weeks have a trust list signed again: it names the key before as retired.")


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


@app.command("exchange-signing")
def exchange_signing(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/records/ in it.")],
) -> None:
    """Make the exchange signing keys that a node of an earlier version has not: one for the signature of each suite."""
    for made in create_message_keys(NodeFolder(folder).keys / "records"):
        console.print(f"Made {made}.")
    console.print("Give records its folder of keys anew, then sign the node's statement: safepassage-node keys statement")


@app.command("next-exchange-signing")
def next_exchange_signing(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/records/ in it.")],
) -> None:
    """Make the keys that will sign messages to other nodes next. The current ones go on until `replace-exchange-signing`."""
    try:
        made = prepare_next(NodeFolder(folder).keys / "records")
    except FileExistsError:
        stop(
            "Next exchange signing keys wait already; none was replaced.",
            "Publish them, then: safepassage-node keys replace-exchange-signing",
        )
    console.print(
        f"{len(made)} made. Sign the node's statement (`safepassage-node keys statement`), wait an hour, so that every other node knows"
    )
    console.print("them, and run `safepassage-node keys replace-exchange-signing`.")


@app.command("replace-exchange-signing")
def replace_exchange_signing(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The node's folder, with keys/records/ in it.")],
) -> None:
    """Let the next exchange signing keys take over. Those before stay in the statement for 21 days: what they signed still arrives."""
    node = NodeFolder(folder)
    try:
        require_published(node.statement, node.keys / "records", now=system_clock())
        replace_message_keys(node.keys / "records", today=system_clock().date())
    except KeyFileUnusable as error:
        stop(str(error), "First: safepassage-node keys next-exchange-signing, then keys statement, then an hour's patience")
    console.print("Replaced. Give records its folder of keys anew, start it again, and sign the statement: safepassage-node keys statement")


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
