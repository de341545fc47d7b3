"""Logs at rest that were tampered with, as a folder of tiles and as a database; and bundles that cannot be read."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from safepassage.bundles import bundle_of
from safepassage.problems.stored_log import LogAltered
from safepassage.proofs import leaf_hash
from tests.sdk.stored_logs import ORIGIN, DatabaseFile, entry, key_of, note_of, write_folder
from tests.sdk.verifier.evidence import Case, Judge, Verifier

ENTRIES = [entry(n) for n in range(300)]
LATER = [*ENTRIES[:120], entry(118), *ENTRIES[121:]]
"""One entry is older than the one before it."""
FORKED = [*ENTRIES[:7], entry(7, ct=b"f" * 32), *ENTRIES[8:]]
SIZES = (0, 100, 256, 290)

Change = Callable[[DatabaseFile], None]


class Logs:
    """The logs that are tampered with, in a folder of their own; one file takes one case after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._whole, self.database = folder, folder / "whole.db", DatabaseFile(folder / "audit.db")
        self.database.add_log(ENTRIES, segments=60, checkpoints=SIZES)
        shutil.copy(self.database.path, self._whole)
        self.tiles = folder / "tiles"
        write_folder(self.tiles, ENTRIES)
        write_folder(folder / "forked", FORKED)
        self.forked = (folder / "forked" / "checkpoint").read_text()
        self.older = folder / "older"
        write_folder(self.older, LATER)
        self.bare = folder / "bare"
        write_folder(self.bare, ENTRIES)
        shutil.rmtree(self.bare / "tile" / "0")
        (self.bare / "checkpoint.d").mkdir()
        self.none = folder / "none"
        write_folder(self.none, [])
        self.years = folder / "years.db"
        self._add_years(DatabaseFile(self.years))

    @staticmethod
    def _add_years(file: DatabaseFile) -> None:
        """A year, the next one, which pins it, one that pins something else, and one that has not begun."""
        file.add_log(ENTRIES[:9], year=2023)
        last = note_of(ENTRIES[:9], origin="alder.example/log/2023")
        file.add_log([entry(0, ct=sha256(last.encode()).digest())], year=2024)
        file.add_log([entry(0, ct=bytes(32))], year=2025)
        file.add_log([], year=2026)

    def changed(self, change: Change) -> Path:
        shutil.copy(self._whole, self.database.path)
        change(self.database)
        return self.database.path


def in_database(logs: Logs, change: Change, *, index: int | None = None, pinned: tuple[str, ...] = (), leaves: bool = False) -> Judge:
    """Verify the database after a change; where an index is named, that is where the fault has to be found."""

    def judge(verifier: Verifier) -> None:
        with closing(verifier.LogDatabase(logs.changed(change))) as database:
            (log,) = database.logs
            _located(verifier, log, index, pinned=pinned, leaves=leaves)

    return judge


def in_folder(folder: Path, name: str, data: bytes | None, *, index: int | None = None, pinned: tuple[str, ...] = ()) -> Judge:
    """Verify a folder in which one file has other bytes, or is not there."""
    return with_files(folder, {name: data}, index=index, pinned=pinned)


def with_files(folder: Path, files: dict[str, bytes | None], *, index: int | None = None, pinned: tuple[str, ...] = ()) -> Judge:
    """The same of several files, each by its name."""

    def judge(verifier: Verifier) -> None:
        held = {folder / name: (folder / name).read_bytes() for name in files}
        for name, data in files.items():
            (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
        try:
            _located(verifier, verifier.LogFolder(folder), index, pinned=pinned)
        finally:
            for path, data in held.items():
                path.write_bytes(data)

    return judge


def _located(verifier: Verifier, log: Any, index: int | None, **more: Any) -> None:
    try:
        verifier.verify_log(log, keys=[verifier.parse_vkey(key_of().vkey)], **more)
    except LogAltered as altered:
        if index is not None and altered.index != index:
            raise AssertionError("the fault is somewhere else") from altered
        raise


def follows(logs: Logs, older: int, newer: int) -> Judge:
    """The log of a year begins with the end of another one's."""

    def judge(verifier: Verifier) -> None:
        with closing(verifier.LogDatabase(logs.years)) as database:
            by_year = {int(log.origin[-4:]): log for log in database.logs}
            verifier.verify_succession(by_year[older], by_year[newer])

    return judge


def run(statement: str, *values: Any) -> Change:
    def change(file: DatabaseFile) -> None:
        with file.opened() as connection:
            connection.execute(statement, values)

    return change


def swap(column: str, index: int, old: bytes, new: bytes) -> Change:
    return lambda file: file.replace_in(column, index, old, new)


def both(*changes: Change) -> Change:
    def change(file: DatabaseFile) -> None:
        for one in changes:
            one(file)

    return change


def replaced(index: int) -> Change:
    """The entry, and all that lies beside it, is another one."""
    hashes = (leaf_hash(ENTRIES[index]), leaf_hash(FORKED[7]))

    def tile(file: DatabaseFile) -> None:
        with file.opened() as connection:
            (held,) = connection.execute("SELECT hashes FROM tile WHERE level = 0 AND n = 0").fetchone()
            connection.execute("UPDATE tile SET hashes = ? WHERE level = 0 AND n = 0", (held.replace(*hashes),))

    return both(swap("data", index, ENTRIES[index], FORKED[7]), swap("hashes", index, *hashes), tile)


def nothing(_: DatabaseFile) -> None:
    pass


def whole_folder(logs: Logs) -> Iterator[Case]:
    yield Case("the folder", in_folder(logs.tiles, "checkpoint", note_of(ENTRIES).encode()))


def good(logs: Logs) -> Iterator[Case]:
    yield Case("the database", in_database(logs, nothing, leaves=True))
    yield Case("the database with a pinned checkpoint", in_database(logs, nothing, pinned=(note_of(ENTRIES[:77]),)))
    yield from whole_folder(logs)
    yield Case("the folder, for a smaller checkpoint", in_folder(logs.tiles, "checkpoint", note_of(ENTRIES[:290]).encode()))
    yield Case("a log whose times are in order", lambda verifier: _located(verifier, verifier.LogFolder(logs.tiles), None, leaves=True))
    yield Case("a folder without tiles of hashes", lambda verifier: _located(verifier, verifier.LogFolder(logs.bare), None))
    yield Case("a log without entries", lambda verifier: _located(verifier, verifier.LogFolder(logs.none), None))
    yield Case("the root of nothing", lambda verifier: (verifier.root_of([]), verifier.Frontier().root()))
    yield Case("a year behind another", follows(logs, 2023, 2024))
    yield Case("a year that has not begun", follows(logs, 2025, 2026))
    yield Case("a bundle", lambda verifier: list(verifier.entries_of(bundle_of(ENTRIES[:3]))))
    yield Case("a bundle that has at each step of its first entry the first byte of its length", _read_back([b"x", b"a\0bc"]))
    yield Case("a bundle that has there the second byte of its length", _read_back([b"x", b"\1" * 257, b"\1" * 258]))


def bad(logs: Logs) -> Iterator[Case]:
    yield from _database(logs)
    yield from _folders(logs)
    bundle = bundle_of(ENTRIES[:2])
    for length in (1, 2, len(bundle) - 1, len(bundle) // 2 + 1):
        yield Case(f"a bundle of {length} bytes", _bundle(bundle[:length]))
    yield Case("an entry that is too long for a bundle", lambda verifier: verifier.bundle_of([bytes(65_536)]))


def _database(logs: Logs) -> Iterator[Case]:
    of = partial(in_database, logs)
    other = ENTRIES[9].replace(b'"class":"read"', b'"class":"load"')
    yield Case("an altered entry", of(swap("data", 9, ENTRIES[9], other), index=9))
    yield Case(
        "an altered entry with its hash",
        of(both(swap("data", 9, ENTRIES[9], other), swap("hashes", 9, leaf_hash(ENTRIES[9]), leaf_hash(other))), index=9),
    )
    yield Case("an altered entry with all that lies beside it", of(replaced(7), index=0))
    yield Case(
        "an entry altered behind the last full tile", of(swap("data", 299, ENTRIES[299], ENTRIES[299].replace(b"read", b"load")), index=299)
    )
    yield Case("an altered hash", of(swap("hashes", 9, leaf_hash(ENTRIES[9]), bytes(32)), index=9))
    yield Case("a hash too few", of(swap("hashes", 9, leaf_hash(ENTRIES[9]), b""), index=0))
    yield Case("a byte of a hash too many", of(swap("hashes", 9, leaf_hash(ENTRIES[59]), leaf_hash(ENTRIES[59]) + b"\0"), index=0))
    yield Case("an altered tile", of(run("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0"), index=0))
    yield Case("a tile cut short", of(run("UPDATE tile SET hashes = substr(hashes, 1, 8160) WHERE level = 0"), index=255))
    yield Case("a tile that is text", of(run("UPDATE tile SET hashes = 'text' WHERE level = 0"), index=0))
    hole = swap("hashes", 200, leaf_hash(ENTRIES[200]), bytes(32))
    yield Case(
        "a hash and, before it, an altered tile",
        of(both(hole, run("UPDATE tile SET hashes = zeroblob(32) || substr(hashes, 33)")), index=0),
    )
    yield Case("a missing segment", of(run("DELETE FROM segment WHERE start = 60"), index=60))
    yield Case("a missing first segment", of(run("DELETE FROM segment WHERE start = 0"), index=0))
    yield Case("a missing last segment", of(run("DELETE FROM segment WHERE start = 240"), index=240))
    yield Case("no segments", of(run("DELETE FROM segment"), index=0))
    yield Case(
        "a segment of no entries", of(both(run("UPDATE segment SET count = 0, data = x'', hashes = x'' WHERE start = 240")), index=240)
    )
    yield Case("a segment of fewer entries than it has", of(run("UPDATE segment SET count = 59 WHERE start = 60"), index=119))
    yield Case("a segment of more entries than it has", of(run("UPDATE segment SET count = 61 WHERE start = 60"), index=120))
    yield Case(
        "a segment that breaks off", of(run("UPDATE segment SET data = substr(data, 1, length(data) - 1) WHERE start = 60"), index=119)
    )
    for column, value in {"count": "'many'", "hashes": "'text'", "data": "'text'", "start": "'first'"}.items():
        yield Case(f"a segment whose {column} is {value}", of(run(f"UPDATE segment SET {column} = {value} WHERE start = 60"), index=60))  # noqa: S608 constants
    yield Case(
        "a damaged segment behind the last checkpoint",
        of(both(run("DELETE FROM checkpoint WHERE size > 100"), run("UPDATE segment SET data = 'text' WHERE start = 240")), index=240),
    )
    yield Case(
        "a checkpoint that is ahead",
        of(both(run("DELETE FROM segment WHERE start = 240"), run("DELETE FROM checkpoint WHERE size = 300")), index=240),
    )
    yield Case(
        "a checkpoint of another history", of(run("UPDATE checkpoint SET note = ? WHERE size = 100", note_of(FORKED[:100])), index=0)
    )
    yield Case(
        "a later checkpoint of another history",
        of(run("UPDATE checkpoint SET note = ? WHERE size = 290", note_of(FORKED[:290])), index=256),
    )
    yield Case(
        "a checkpoint that is not signed",
        of(
            run("UPDATE checkpoint SET note = replace(note, char(10) || '290' || char(10), char(10) || '289' || char(10)) WHERE size = 290")
        ),
    )
    yield Case("no checkpoints", of(run("DELETE FROM checkpoint")))
    yield Case(
        "a checkpoint of nothing with another root",
        of(run("UPDATE checkpoint SET note = ? WHERE size = 0", _empty_with_another_root()), index=0),
    )
    yield Case("the log of another node", of(run("UPDATE log SET origin = 'cedar.example/log/2026'")))
    yield Case("a pinned checkpoint that is larger", of(nothing, pinned=(note_of([*ENTRIES, entry(300)]),), index=300))
    yield Case("a pinned checkpoint of another history", of(nothing, pinned=(note_of(FORKED[:150]),), index=100))
    yield Case("a pinned checkpoint of a signed size with another root", of(nothing, pinned=(note_of(FORKED[:290]),), index=0))
    yield Case("a pinned checkpoint of another log", of(nothing, pinned=(note_of(ENTRIES[:50], origin="cedar.example/log/2026"),)))
    yield Case("a database without logs", of(run("DELETE FROM log")))
    yield Case("a database without the table of checkpoints", of(run("DROP TABLE checkpoint")))
    yield Case("a database without the table of segments", of(run("DROP TABLE segment"), index=0))
    yield Case("a database without the table of tiles", of(run("DROP TABLE tile"), index=0))
    yield Case("an entry that is no leaf", of(both(run("DELETE FROM checkpoint"), _unsigned(b"not a leaf")), leaves=True, index=300))
    yield Case("a file that is no database", lambda verifier: verifier.LogDatabase(logs.tiles / "checkpoint"))


def _empty_with_another_root() -> str:
    from safepassage.checkpoints import checkpoint_body  # noqa: PLC0415 only here
    from safepassage.notes import note_with, signature_line  # noqa: PLC0415
    from tests.sdk.stored_logs import PRIVATE  # noqa: PLC0415

    text = checkpoint_body(ORIGIN, 0, bytes(32))
    return note_with(text, [signature_line(key_of(), PRIVATE.sign(text))])


def _unsigned(data: bytes) -> Change:
    def change(file: DatabaseFile) -> None:
        with file.opened() as connection:
            row = (2026, 300, 1, 0, leaf_hash(data), bundle_of([data]))
            connection.execute("INSERT INTO segment VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.execute("INSERT INTO checkpoint VALUES (2026, 301, ?, 0)", (note_of([*ENTRIES, data]),))

    return change


def tampered_folder(logs: Logs) -> Iterator[Case]:
    """What whoever reads tiles has to see by the checkpoint alone."""
    of = partial(in_folder, logs.tiles)
    full, part = bundle_of(ENTRIES[:256]), bundle_of(ENTRIES[256:])
    yield Case("an altered bundle", of("tile/entries/000", full.replace(ENTRIES[9], ENTRIES[10]), index=9))
    yield Case("a bundle that breaks off", of("tile/entries/000", full[:-1], index=255))
    yield Case("a bundle of one entry less", of("tile/entries/000", bundle_of(ENTRIES[:255]), index=255))
    yield Case("a missing bundle", of("tile/entries/000", None, index=0))
    yield Case("a missing partial bundle", of("tile/entries/001.p/44", None, index=256))
    yield Case("an altered partial bundle", of("tile/entries/001.p/44", part.replace(ENTRIES[299], ENTRIES[298]), index=299))
    other = full.replace(ENTRIES[9], FORKED[7])
    hashes = b"".join(map(leaf_hash, [*ENTRIES[:9], FORKED[7], *ENTRIES[10:256]]))
    yield Case(
        "an altered bundle with its tile of hashes", with_files(logs.tiles, {"tile/entries/000": other, "tile/0/000": hashes}, index=0)
    )
    yield Case("an altered tile of hashes", of("tile/0/000", bytes(8192), index=0))
    yield Case("an altered partial tile of hashes", of("tile/0/001.p/44", bytes(44 * 32), index=256))
    yield Case("a partial tile of hashes that is too short", of("tile/0/001.p/44", bytes(32), index=256))
    yield Case("a folder without a checkpoint", of("checkpoint", None))
    yield Case("a checkpoint that is not UTF-8", of("checkpoint", b"\xff"))
    yield Case("another history's checkpoint", of("checkpoint", logs.forked.encode(), index=0))
    yield Case("a checkpoint that is ahead of the folder", of("checkpoint", note_of([*ENTRIES, entry(300)]).encode(), index=256))
    yield Case("a checkpoint of another log", of("checkpoint", note_of(ENTRIES, origin="cedar.example/log/2026").encode()))


def _folders(logs: Logs) -> Iterator[Case]:
    yield from tampered_folder(logs)
    of = partial(in_folder, logs.tiles)
    yield Case("a folder against a pinned checkpoint", of("checkpoint", note_of(ENTRIES).encode(), pinned=(note_of(FORKED[:40]),), index=0))
    yield Case("a year that pins something else", follows(logs, 2024, 2025))
    yield Case("a year behind another than the one before it", follows(logs, 2025, 2024))
    empty = logs.tiles / "tile" / "entries" / "000"
    yield Case("a year whose first bundle is empty", _succession_of(logs, empty))
    yield Case("time that goes back", lambda verifier: _located(verifier, verifier.LogFolder(logs.older), 120, leaves=True))


def _succession_of(logs: Logs, bundle: Path) -> Judge:
    def judge(verifier: Verifier) -> None:
        held = bundle.read_bytes()
        bundle.write_bytes(b"")
        try:
            with closing(verifier.LogDatabase(logs.years)) as database:
                verifier.verify_succession(database.logs[0], verifier.LogFolder(logs.tiles))
        finally:
            bundle.write_bytes(held)

    return judge


def _read_back(entries: list[bytes]) -> Judge:
    def judge(verifier: Verifier) -> None:
        assert verifier.entries_of(bundle_of(entries)) == entries

    return judge


def _bundle(data: bytes) -> Judge:
    return lambda verifier: list(verifier.entries_of(data))
