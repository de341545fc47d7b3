"""`trust`: the signed list of member agencies."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from node.commands.output import console, stop
from node.commands.trust_ceremony import cosign, described_in, propose
from node.creation import NodeJoining, install_trust_list, keep_earlier_list
from node.folder import NodeFolder
from node.trust import member_of, signed_list
from node.trust_proposals import COHERENT
from node.witnesses import TooFewWitnesses, policy_of
from safepassage.problems import SuiteError
from safepassage.trust_list import VerifiedTrustList, read_trust_list, verify_next_trust_lists
from safepassage.trust_members import Member
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey

_DIGEST: Final = re.compile("[A-Za-z0-9_-]{43}")

app = typer.Typer(no_args_is_help=True, help="The network's trust list: make a root, describe this node, sign a list, look at one.")
app.command()(propose)
app.command()(cosign)

ListFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A signed trust list.")]


@app.command()
def root(file: Annotated[Path, typer.Argument(help="New file for the private key. It belongs on no server.")]) -> None:
    """Make a root key of a network."""
    try:
        key = SigningKey.generate()
        key.save(file)
    except FileExistsError:
        stop(f"{file.name} exists; it was not replaced.")
    console.print(f"Root key {key.kid} made.")


@app.command()
def member(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A node's folder.")],
    pull: Annotated[bool, typer.Option("--pull", help="No other node can call it: it fetches what is for it (docs/exchange.md).")] = False,
) -> None:
    """Print what the list says of a node: public keys and addresses only. Send it to whoever signs the list."""
    node = NodeFolder(folder)
    described = member_of(node.file, node.keys, today=system_clock().date())
    one = described.model_copy(update={"delivery": "pull" if pull else "push"})
    console.print_json(one.model_dump_json())


@app.command()
def sign(
    output: Annotated[Path, typer.Argument(help="New file for the signed list.")],
    root_file: Annotated[list[Path], typer.Option("--root", exists=True, help="A root's private key; once for each root that signs.")],
    member_file: Annotated[list[Path], typer.Option("--member", exists=True, help="A member's description; once for each member.")],
    network: Annotated[str, typer.Option(help="The network's name.")],
    previous: Annotated[Path | None, typer.Option(exists=True, help="The list before; none for the first.")] = None,
    threshold: Annotated[int, typer.Option(min=1, help="How many roots have to sign.")] = 1,
) -> None:
    """Sign a list: the first of a network, or the one after `--previous`."""
    if output.exists():
        stop(f"{output.name} exists; it was not replaced.")
    try:
        roots = [SigningKey.load(file) for file in root_file]
        members = [described_in(file) for file in member_file]
        document = signed_list(
            network=network, roots=roots, threshold=threshold, members=members, previous=_read(previous), now=system_clock()
        )
    except ValidationError:
        stop("The list was not signed.", f"{COHERENT[0].upper()}{COHERENT[1:]}.")
    except (KeyFileUnusable, ValueError) as error:
        stop("The list was not signed.", str(error))
    output.write_bytes(document)
    made = _parse(document)
    console.print(f"Serial {made.content.serial}, {len(members)} members, until {_day(made.content.expires_at)}.")
    console.print(f"Digest {made.digest}: give it to each new node by another way than the list itself.")


@app.command()
def show(file: ListFile) -> None:
    """Print what a list says. It is read, not verified: a node verifies it against the list before."""
    made = _parse(file.read_bytes())
    console.print(f"{made.content.network}: serial {made.content.serial}, until {_day(made.content.expires_at)}, digest {made.digest}")
    for one in made.content.members:
        console.print(f"  {one.state}  {one.status:10}{one.entity_id}  {one.organisation}")


@app.command()
def install(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A node's folder.")],
    file: ListFile,
    digest: Annotated[str | None, typer.Option(help="Digest of the network's first list, got by another way; needed once.")] = None,
    earlier: Annotated[
        list[Path],
        typer.Option(exists=True, dir_okay=False, help="A list of before that the node has missed; once for each."),
    ] = [],  # noqa: B006 typer's own way
) -> None:
    """Let a node trust a list: verified against the one it has, or against the digest if it has none."""
    from node.commands.hand import with_hand  # noqa: PLC0415 a second, for this command alone

    node, document, before = NodeFolder(folder), file.read_bytes(), [one.read_bytes() for one in earlier]
    if digest is None and not node.first_list_digest.exists():
        stop("The node trusts nobody yet.", "Give --digest: the first list's digest, got by another way than the list.", code=2)
    if digest is not None and not _DIGEST.fullmatch(digest):
        stop(
            "That is no digest; nothing was changed.",
            "A digest has 43 letters, digits, - and _: compare it with what you were told.",
            code=2,
        )
    is_first = not (node.first_list_digest.exists() and node.trust_list.exists())
    told_by = NodeJoining(folder, digest) if digest is not None and is_first else node
    accepted = with_hand(told_by, lambda hand: hand.accept_trust_list(document, earlier=before))
    for one in before:
        keep_earlier_list(node, one)
    install_trust_list(node, document, first_digest=digest or "")
    made = _parse(document)
    console.print(f"Serial {made.content.serial}: {'accepted' if accepted else 'held already'}, {len(made.content.members)} members.")


@app.command()
def witnesses(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A node's folder with a trust list.")],
    at_least: Annotated[int, typer.Option(min=1, help="How many of the other members have to cosign a checkpoint.")] = 1,
) -> None:
    """Write the policy of who witnesses the node's log: the trust list's other members. Then start audit again."""
    node = NodeFolder(folder)
    try:
        members = _parse(node.trust_list.read_bytes()).content.members
        text = policy_of(members, own_entity_id=node.file.entity_id, at_least=at_least)
    except FileNotFoundError:
        stop("The node has no trust list.", "First: safepassage-node trust install")
    except TooFewWitnesses as error:
        stop(f"{at_least} cannot be a quorum: {error}.", "Have members' descriptions made again (`trust member`): they name witness keys.")
    node.witness_policy.write_text(text)
    console.print(f"{node.witness_policy} written: of {text.count('group ') - 1} witnesses {at_least} have to cosign.")


@app.command()
def check(previous: ListFile, file: ListFile) -> None:
    """Verify that a list follows another: serial, digest, a threshold of both lists' roots."""
    held = _parse(previous.read_bytes())
    try:
        verified = verify_next_trust_lists([file.read_bytes()], held=held, now=system_clock(), development=True)
    except SuiteError as error:
        stop(error.title, error.remedy)
    console.print(f"Serial {verified.content.serial} follows serial {held.content.serial}.")


def expiry_of(file: Path) -> int:
    """When a list expires, in seconds since the epoch. Read, not verified."""
    return _parse(file.read_bytes()).content.expires_at


def member_in(file: Path, entity_id: str) -> Member | None:
    """A member as a list names it; None where it does not. Read, not verified."""
    return next((one for one in _parse(file.read_bytes()).content.members if one.entity_id == entity_id), None)


def _read(file: Path | None) -> VerifiedTrustList | None:
    return None if file is None else _parse(file.read_bytes())


def _parse(document: bytes) -> VerifiedTrustList:
    try:
        read = read_trust_list(document, development=True)
    except SuiteError as error:
        stop(error.title, error.remedy)
    return VerifiedTrustList(read.content, read.digest, document)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
