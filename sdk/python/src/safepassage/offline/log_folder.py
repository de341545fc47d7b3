"""A log in a folder as C2SP tlog-tiles serves it: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`, partial ones with `.p/<W>`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from safepassage.bundles import entries_until_damage
from safepassage.checkpoints import parse_checkpoint
from safepassage.notes import parse_note
from safepassage.offline.stored_log import Chunk
from safepassage.problems.stored_log import EntriesMissing, StoredLogUnreadable

WIDTH: Final = 256


def tile_path(level: int | str, n: int, width: int = WIDTH) -> str:
    """The name of a tile: `tile/0/x001/x234/067.p/17`. `level` is "entries" for a bundle."""
    groups = [f"{n % 1000:03d}"]
    while n := n // 1000:
        groups.append(f"x{n % 1000:03d}")
    return f"tile/{level}/{'/'.join(reversed(groups))}" + ("" if width == WIDTH else f".p/{width}")


class LogFolder:
    """A folder that mirrors a log. Files beside it named `checkpoint.*` are further checkpoints of the same log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            self._latest = (folder / "checkpoint").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoredLogUnreadable from error
        head = parse_checkpoint(parse_note(self._latest).text)
        self.origin, self._size = head.origin, head.size

    def notes(self) -> list[str]:
        """The latest checkpoint and those kept beside it; what a copy left half written when it was cut off (`.part`) is none."""
        beside = set(self._folder.glob("checkpoint.*")) - {self._folder / "checkpoint.part"}
        return [self._latest, *(path.read_text(encoding="utf-8") for path in sorted(beside) if path.is_file())]

    def chunks(self) -> Iterator[Chunk]:
        """Bundle by bundle. A bundle may be longer than the checkpoint calls for, never shorter. Raises EntriesMissing."""
        for n in range(-(-self._size // WIDTH)):
            start = n * WIDTH
            wanted = min(WIDTH, self._size - start)
            data = self._read("entries", n, wanted)
            if data is None:
                raise EntriesMissing(f"{tile_path('entries', n, wanted)} is not there", index=start, until=start + wanted)
            entries = entries_until_damage(data)[:wanted]
            hashes = self._read(0, n, wanted, unit=32)
            yield Chunk(start, entries, None if hashes is None else hashes[: len(entries) * 32])
            if len(entries) < wanted:
                name = tile_path("entries", n, wanted)
                raise EntriesMissing(f"{name} breaks off", index=start + len(entries), until=start + wanted)

    def tile(self, level: int, n: int) -> bytes | None:
        """A full tile."""
        return self._file(tile_path(level, n))

    def _read(self, level: int | str, n: int, wanted: int, *, unit: int | None = None) -> bytes | None:
        for width in range(wanted, WIDTH + 1):
            data = self._file(tile_path(level, n, width))
            if data is not None:
                return data if unit is None else data[: wanted * unit]
        return None

    def _file(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoredLogUnreadable(f"{name} cannot be read") from error
