"""Logs as they lie on disk, in both forms that the verifier reads, made by the definitions of the RFC and of C2SP tlog-tiles."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from safepassage.bundles import bundle_of
from safepassage.checkpoints import checkpoint_body
from safepassage.leaf import leaf_bytes
from safepassage.notes import ED25519, VerifierKey, note_with, signature_line
from safepassage.proofs import leaf_hash, root_of

ORIGIN = "alder.example/log/2026"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\3" * 32)


def key_of(origin: str = ORIGIN) -> VerifierKey:
    return VerifierKey(origin, ED25519, PRIVATE.public_key().public_bytes_raw())


def entry(number: int, *, ct: bytes | None = None) -> bytes:
    common = {"actor": bytes([number % 251]) * 32, "context": bytes(32), "subject": bytes(32), "key_epoch": 2027}
    return leaf_bytes(class_="read", t=1_788_264_000 + number, id=UUID(int=7 << 76 | number), ct=ct, **common)


def note_of(entries: list[bytes], *, origin: str = ORIGIN) -> str:
    body = checkpoint_body(origin, len(entries), root_of(list(map(leaf_hash, entries))))
    return note_with(body, [signature_line(key_of(origin), PRIVATE.sign(body))])


def full_tiles(entries: list[bytes]) -> Iterable[tuple[int, int, bytes]]:
    level, hashes = 0, list(map(leaf_hash, entries))
    while len(hashes) >= 256:
        above = []
        for n in range(len(hashes) // 256):
            tile = hashes[n * 256 : (n + 1) * 256]
            yield level, n, b"".join(tile)
            above.append(root_of(tile))
        level, hashes = level + 1, above


def write_folder(folder: Path, entries: list[bytes], *, origin: str = ORIGIN) -> None:
    def write(name: str, data: bytes) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    write("checkpoint", note_of(entries, origin=origin).encode())
    for start in range(0, len(entries), 256):
        part, n = entries[start : start + 256], start // 256
        name = f"{n:03d}" if len(part) == 256 else f"{n:03d}.p/{len(part)}"
        write(f"tile/entries/{name}", bundle_of(part))
        write(f"tile/0/{name}", b"".join(map(leaf_hash, part)))
    hashes = list(map(leaf_hash, entries))
    for level in (1, 2):
        hashes = [root_of(hashes[n * 256 : (n + 1) * 256]) for n in range(len(hashes) // 256)]
        for start in range(0, len(hashes), 256):
            part, n = hashes[start : start + 256], start // 256
            write(f"tile/{level}/{n:03d}" + ("" if len(part) == 256 else f".p/{len(part)}"), b"".join(part))


class DatabaseFile:
    """A file with the tables of audit that the verifier reads, closed after every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.change(
            "CREATE TABLE log (year INTEGER PRIMARY KEY, origin TEXT)",
            "CREATE TABLE segment (log INTEGER, start INTEGER, count INTEGER, t INTEGER, hashes BLOB, data BLOB, PRIMARY KEY (log, start))",
            "CREATE TABLE tile (log INTEGER, level INTEGER, n INTEGER, hashes BLOB, PRIMARY KEY (log, level, n))",
            "CREATE TABLE checkpoint (log INTEGER, size INTEGER, note TEXT, signed_at INTEGER, PRIMARY KEY (log, size))",
        )

    def change(self, *statements: str) -> None:
        with self.opened() as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path)
        connection.execute("PRAGMA synchronous = 0")
        with connection:
            yield connection
        connection.close()

    def add_log(
        self, entries: list[bytes], *, year: int = 2026, segments: int = 7, checkpoints: Iterable[int] = (), signed: int | None = None
    ) -> None:
        origin = f"alder.example/log/{year}"
        with self.opened() as connection:
            connection.execute("INSERT INTO log VALUES (?, ?)", (year, origin))
            for start in range(0, len(entries), segments):
                part = entries[start : start + segments]
                row = (year, start, len(part), 0, b"".join(map(leaf_hash, part)), bundle_of(part))
                connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)", row)
            for level, n, tile in full_tiles(entries):
                connection.execute("INSERT INTO tile VALUES (?, ?, ?, ?)", (year, level, n, tile))
            for size in {*checkpoints, len(entries) if signed is None else signed}:
                connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?, 0)", (year, size, note_of(entries[:size], origin=origin)))

    def replace_in(self, column: str, index: int, old: bytes, new: bytes) -> None:
        """Change the bytes of one column of the segment that holds the entry."""
        with self.opened() as connection:
            query = f"SELECT start, {column} FROM segment WHERE start <= ? ORDER BY start DESC LIMIT 1"  # noqa: S608 a constant
            start, data = connection.execute(query, (index,)).fetchone()
            assert old in data
            connection.execute(f"UPDATE segment SET {column} = ? WHERE start = ?", (data.replace(old, new, 1), start))  # noqa: S608
