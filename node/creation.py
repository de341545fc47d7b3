"""A new node in a folder: its file, its keys, its first statement."""

from datetime import datetime
from pathlib import Path

from node.folder import NodeFile, NodeFolder
from node.keys import create_node_keys
from node.statement import sign_statement


class NodeExists(Exception):
    """The folder has a node; nothing was changed."""


def create_node(path: Path, file: NodeFile, *, now: datetime) -> NodeFolder:
    """Make a node in `path`. Raises NodeExists."""
    folder = NodeFolder(path)
    if (path / "node.json").exists():
        raise NodeExists
    create_node_keys(folder.keys)
    sign_statement(file, folder.keys, folder.statement, now=now)
    (path / "clients").mkdir(mode=0o700)
    (path / "node.json").write_text(file.model_dump_json(indent=2))
    return folder


def install_trust_list(folder: NodeFolder, document: bytes, *, first_digest: str) -> None:
    """Put a list where the node reads it, and the digest by which the first one is known, beside it."""
    folder.trust_list.parent.mkdir(parents=True, exist_ok=True)
    folder.trust_list.write_bytes(document)
    if not folder.first_list_digest.exists():
        folder.first_list_digest.write_text(first_digest)
