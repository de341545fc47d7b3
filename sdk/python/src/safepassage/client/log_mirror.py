"""A copy of a node's log in a folder, to be verified and kept: checkpoint, bundles of entries, tiles (C2SP tlog-tiles)."""

from collections.abc import Iterator
from pathlib import Path

from safepassage.checkpoints import parse_checkpoint
from safepassage.client import calls
from safepassage.client.faces import BlockingClient
from safepassage.notes import parse_note
from safepassage.offline.log_folder import WIDTH, tile_path
from safepassage.problems.stored_log import FolderOfAnotherLog


def mirror_log(client: BlockingClient, folder: Path, *, year: int | None = None) -> int:
    """Bring the folder up to the log's latest checkpoint; gives its size. What is there in full is not asked for again.

    Earlier checkpoints stay beside the new one as `checkpoint.<size>`, so that a later verification compares with them. Nothing is verified
    here: `safepassage verify` does, with a key that does not come from the node.

    Raises FolderOfAnotherLog: a node has one for each calendar year. `year` brings that of an earlier year to its end.
    """
    note = client.run(calls.log_checkpoint(year=year))
    checkpoint, latest = parse_checkpoint(parse_note(note).text), folder / "checkpoint"
    size, held = checkpoint.size, parse_checkpoint(parse_note(latest.read_bytes()).text) if latest.exists() else None
    if held is not None and held.origin != checkpoint.origin:
        raise FolderOfAnotherLog(f"it holds {held.origin}, and the node's is {checkpoint.origin}")
    for level, n, width in _tiles(size):
        path = folder / tile_path(level, n, width)
        if not path.exists():
            name = tile_path(level, n, width).removeprefix("tile/")
            _write(path, client.run(calls.log_tile(name, year=year)))
    if held is not None and latest.read_bytes() != note:
        latest.replace(folder / f"checkpoint.{held.size}")
    _write(latest, note)
    return size


def _tiles(size: int) -> Iterator[tuple[int | str, int, int]]:
    """Bundles and tiles of a log of `size` entries: level (or "entries"), number, width."""
    level, hashes = 0, size
    while hashes:
        for n in range(-(-hashes // WIDTH)):
            width = min(WIDTH, hashes - n * WIDTH)
            if level == 0:
                yield "entries", n, width
            yield level, n, width
        level, hashes = level + 1, hashes // WIDTH


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
