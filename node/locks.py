"""One process per node folder: two would write the same SQLite files."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderInUse(Exception):
    """Another process runs this node. Stop it, or start this one in another folder."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder's lock for the block. Raises FolderInUse at once if somebody else has it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FolderInUse(f"another process runs the node in {folder.name}; stop it first") from error
        yield
