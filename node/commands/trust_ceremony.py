"""`trust propose` and `trust cosign`: the next list, carried from one root holder to the next until enough have signed (docs/trust.md)."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.markup import escape

from node.commands.output import console, stop
from node.trust_proposals import Changes, NotProposable, Status, cosigned, differences, missing, proposal
from safepassage.problems import SuiteError
from safepassage.public_keys import PublicJwk
from safepassage.trust_list import TrustList, TrustListDocument, VerifiedTrustList, read_trust_list
from safepassage.trust_members import Member
from shared.clock import system_clock
from shared.keys import KeyFileUnusable, SigningKey

Previous = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="The list before; none for a network's first.")]
Files = list[Path]


def propose(
    output: Annotated[Path, typer.Argument(help="New file for the list that is to be signed.")],
    previous: Previous = None,
    network: Annotated[str | None, typer.Option(help="The network's name, for its first list.")] = None,
    admit: Annotated[Files, typer.Option(exists=True, help="A new member's description (`trust member`).")] = [],  # noqa: B006 typer's own way
    update: Annotated[Files, typer.Option(exists=True, help="A member's new description: keys, addresses.")] = [],  # noqa: B006
    suspend: Annotated[list[str], typer.Option(help="Entity id of a member that is out until it is reinstated.")] = [],  # noqa: B006
    reinstate: Annotated[list[str], typer.Option(help="Entity id of a member that was suspended.")] = [],  # noqa: B006
    expel: Annotated[list[str], typer.Option(help="Entity id of a member that is out for good.")] = [],  # noqa: B006
    add_root: Annotated[Files, typer.Option(exists=True, help="A new root's public key (`keys show`).")] = [],  # noqa: B006
    drop_root: Annotated[list[str], typer.Option(help="Key id of a root that has no say any more.")] = [],  # noqa: B006
    threshold: Annotated[int | None, typer.Option(min=1, help="How many roots sign a list from now on.")] = None,
) -> None:
    """Write down the next list, signed by nobody yet: each root holder looks at it and signs (`trust cosign`)."""
    if output.exists():
        stop(f"{output.name} exists; it was not replaced.")
    before = None if previous is None else _read(previous)
    asked: list[tuple[str, Status]] = [(entity_id, "suspended") for entity_id in suspend]
    asked += [(entity_id, "active") for entity_id in reinstate] + [(entity_id, "revoked") for entity_id in expel]
    if len({entity_id for entity_id, _ in asked}) != len(asked):
        stop("A member is named twice: suspend, reinstate or expel it.", code=2)
    try:
        changes = Changes(
            admit=[described_in(file) for file in admit],
            update=[described_in(file) for file in update],
            statuses=dict(asked),
            add_roots=[_public(file) for file in add_root],
            drop_roots=drop_root,
            threshold=threshold,
        )
        document = proposal(_held(before), changes, network=network, now=system_clock())
    except NotProposable as error:
        stop(f"Nothing was proposed: {error}.")
    output.write_bytes(document)
    _tell(read_trust_list(document, development=True), None if before is None else before.content)


def cosign(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The list that is to be signed; it gets one signature more.")],
    root: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Your root's private key.")],
    previous: Previous = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked.")] = False,
) -> None:
    """Sign a list as one of its roots, or of the roots before it, after looking at what it changes."""
    proposed, before = _read(file), None if previous is None else _read(previous)
    content = None if before is None else before.content
    if proposed.content.previous_digest != (None if before is None else before.digest):
        stop(
            "This list does not follow the one that you gave.", "Give --previous: the list in force; for a network's first list give none."
        )
    if not _is_private(root):
        stop(f"{root.name} is no private key.", "Give --root the file that `trust root` made, not its public half.")
    _tell(proposed, content)
    if not yes and not typer.confirm("Sign it?"):
        stop("Not signed.")
    try:
        signed = read_trust_list(cosigned(proposed, SigningKey.load(root), previous=content), development=True)
        wanted = missing(signed, previous=content)
    except NotProposable as error:
        stop(f"Not signed: {error}.")
    except (KeyFileUnusable, SuiteError) as error:
        stop("Not signed.", error.detail or error.title if isinstance(error, SuiteError) else str(error))
    fresh = file.with_suffix(".new")
    fresh.write_bytes(signed.document)
    fresh.replace(file)
    if wanted == (0, 0):
        console.print("Signed. It has all the signatures that it needs: give it to every member (`trust install`).")
    else:
        console.print(f"Signed. It wants {wanted[1]} more of its own roots{'' if content is None else f', {wanted[0]} of those before'}.")


def described_in(file: Path) -> Member:
    """The member that an agency's file describes. Ends with what to do where it describes none."""
    try:
        return Member.model_validate_json(file.read_text())
    except ValidationError:
        stop(f"{file.name} is no member's description.", "Have it made again by its agency: safepassage-node trust member")


def _public(file: Path) -> PublicJwk:
    if _is_private(file):
        stop(f"{file.name} is a private key.", f"Keep it to yourself, and give its public half: safepassage-node keys show {file.name}")
    try:
        return PublicJwk.model_validate_json(file.read_text())
    except ValidationError:
        stop(f"{file.name} is no public key.", "Have it made again by who holds the root: safepassage-node keys show")


def _is_private(file: Path) -> bool:
    try:
        return "d" in json.loads(file.read_text())
    except (ValueError, TypeError):
        return False


def _read(file: Path) -> TrustListDocument:
    try:
        return read_trust_list(file.read_bytes(), development=True)
    except SuiteError as error:
        stop(f"{file.name} is no trust list.", error.remedy)


def _held(before: TrustListDocument | None) -> VerifiedTrustList | None:
    """The list that a proposal follows. Whether it is in force the members judge, by the digests and signatures that lead to it."""
    return None if before is None else VerifiedTrustList(before.content, before.digest, before.document)


def _tell(proposed: TrustListDocument, before: TrustList | None) -> None:
    content = proposed.content
    console.print(f"{escape(content.network)}, serial {content.serial}, digest {proposed.digest}")
    for sentence in differences(before, content):
        console.print(f"  {escape(sentence)}")
    if before is not None and (before.members, before.roots, before.threshold) == (content.members, content.roots, content.threshold):
        console.print("  Nothing changes but its dates.")
