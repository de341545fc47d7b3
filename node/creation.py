"""A new node in a folder: its file, its keys, its first statement."""

from datetime import datetime
from pathlib import Path

from node.folder import NodeFile, NodeFolder
from node.keys import create_node_keys
from node.statement import sign_statement
from safepassage.trust_list import read_trust_list
from shared.who_may_call import SERVICES


class NodeExists(Exception):
    """The folder has a node; nothing was changed."""


def create_node(path: Path, file: NodeFile, *, now: datetime) -> NodeFolder:
    """Make a node in `path`. Raises NodeExists; SettingsRefused where it could not start with the environment as it is."""
    folder = NodeFolder(path)
    if (path / "node.json").exists():
        raise NodeExists
    file = file.model_copy(update={"logs_since": file.logs_since or now.year})
    for service in SERVICES:
        folder.settings_by(file, service)
    create_node_keys(folder.keys)
    sign_statement(file, folder.keys, folder.statement, now=now)
    (path / "clients").mkdir(mode=0o700)
    (path / "node.json").write_text(file.model_dump_json(indent=2))
    return folder


def install_trust_list(folder: NodeFolder, document: bytes, *, first_digest: str) -> None:
    """Put a list where the node reads it, and the digest by which the first one is known, beside it.

    The list that was there stays beside it, under its serial: a service that was down meanwhile goes from one to the next.
    """
    folder.trust_list.parent.mkdir(parents=True, exist_ok=True)
    if not folder.first_list_digest.exists():
        folder.first_list_digest.write_text(first_digest)
    if folder.trust_list.exists() and folder.trust_list.read_bytes() != document:
        keep_earlier_list(folder, folder.trust_list.read_bytes())
    fresh = folder.trust_list.with_suffix(".new")
    fresh.write_bytes(document)
    fresh.replace(folder.trust_list)


def keep_earlier_list(folder: NodeFolder, document: bytes) -> None:
    """Put a list of before beside the newest one, where services look that have missed it (shared.trust)."""
    serial = read_trust_list(document, development=True).content.serial
    folder.trust_list.with_name(f"list.{serial:06}.jws").write_bytes(document)
