"""A new node in a folder: its file, its keys, its first statement."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from node.folder import NodeFile, NodeFolder
from node.keys import create_node_keys
from node.statement import sign_statement
from safepassage.trust_list import read_trust_list
from shared.who_may_call import SERVICES


class NodeExists(Exception):
    """The folder has a node; nothing was changed."""


class NodeHalfMade(Exception):
    """The folder has keys or stores and no node.json: `new` was interrupted, or a node has lost its file. Nothing was changed."""


@dataclass(frozen=True)
class NodeJoining(NodeFolder):
    """A node that is told its first list's digest, which is in no file of it before the list is known to be that one."""

    told: str

    @property
    def first_digest(self) -> str:
        """As it was told, whatever lies there."""
        return self.told


@dataclass(frozen=True)
class NodeToBe(NodeFolder):
    """A node's folder while it is made: its file is known, and not there yet."""

    says: NodeFile

    @property
    def file(self) -> NodeFile:
        """What the node will be."""
        return self.says

    def finish(self) -> NodeFolder:
        """Write node.json, all of it or nothing: from now on there is a node."""
        draft = self.path / "node.json.new"
        draft.write_text(self.says.model_dump_json(indent=2))
        return NodeFolder(draft.replace(self.path / "node.json").parent)


def create_node(path: Path, file: NodeFile, *, now: datetime) -> NodeFolder:
    """Make a node in `path`. Raises what `begin_node` does."""
    return begin_node(path, file, now=now).finish()


def begin_node(path: Path, file: NodeFile, *, now: datetime) -> NodeToBe:
    """Make a node's keys and its statement in `path`; there is no node before `finish`.

    Raises NodeExists, NodeHalfMade; SettingsRefused where it could not start with the environment as it is.
    """
    folder = NodeToBe(path, file.model_copy(update={"logs_since": file.logs_since or now.year}))
    if (path / "node.json").exists():
        raise NodeExists
    if left_behind(folder) or any(folder.store(service).exists() for service in SERVICES):
        raise NodeHalfMade
    for service in SERVICES:
        folder.settings(service)
    create_node_keys(folder.keys)
    sign_statement(folder.says, folder.keys, folder.statement, now=now)
    (path / "clients").mkdir(mode=0o700)
    return folder


def left_behind(folder: NodeFolder) -> list[Path]:
    """Files of keys that are in the folder. Folders of keys alone are none: volumes are mounted at them."""
    return [path for path in folder.keys.rglob("*") if path.is_file()]


def install_trust_list(folder: NodeFolder, document: bytes, *, first_digest: str) -> None:
    """Put a list where the node reads it, and the digest by which the first one is known, beside it.

    The list that was there stays beside it, under its serial: a service that was down meanwhile goes from one to the next.
    """
    folder.trust_list.parent.mkdir(parents=True, exist_ok=True)
    if first_digest and folder.first_digest != first_digest and not (folder.first_digest and folder.trust_list.exists()):
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
