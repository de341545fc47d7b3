import json
from pathlib import Path
from typing import Any

import pytest

from safepassage.canonical import sha256
from safepassage.command import main
from safepassage.offline.log_folder import LogFolder, tile_path
from safepassage.offline.whole_log import verify_log
from safepassage.problems.stored_log import EntriesMissing, LogAltered
from safepassage.proofs import leaf_hash, root_of
from tests.sdk.stored_logs import ORIGIN, DatabaseFile, entry, key_of, note_of, write_folder

ENTRIES = [entry(number) for number in range(700)]
VKEY = key_of().vkey


@pytest.fixture
def database(tmp_path: Path) -> DatabaseFile:
    file = DatabaseFile(tmp_path / "audit.db")
    file.add_log(ENTRIES, checkpoints=(0, 1, 100, 333, 512))
    return file


def verify(path: Path, *more: str, keys: tuple[str, ...] = (VKEY,)) -> list[str]:
    return ["verify", str(path), *(argument for key in keys for argument in ("--log-key", key)), *more]


def answer(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> tuple[int, dict[str, Any]]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_names_of_tiles_are_those_of_c2sp() -> None:
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 5, 17) == "tile/entries/005.p/17"
    assert tile_path(1, 0) == "tile/1/000"


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
def test_a_folder_of_tiles_verifies(tmp_path: Path, size: int) -> None:
    write_folder(tmp_path, ENTRIES[:size])
    report = verify_log(LogFolder(tmp_path), keys=[key_of()], leaves=True)
    assert (report.size, report.root) == (size, root_of(list(map(leaf_hash, ENTRIES[:size]))))


def test_a_database_verifies_and_says_so(database: DatabaseFile, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = answer(capsys, verify(database.path, "--leaves"))
    assert code == 0
    root = root_of(list(map(leaf_hash, ENTRIES))).hex()
    assert said == {
        "verified": True,
        "found": [{"origin": ORIGIN, "size": 700, "root": root, "checkpoints": 6, "newer": 0, "pinned": 0}],
    }
    assert main(verify(database.path)) == 0
    assert "all 700 entries are as they were signed" in capsys.readouterr().out


def test_verifying_changes_nothing(database: DatabaseFile) -> None:
    before = database.path.read_bytes()
    main(verify(database.path))
    assert database.path.read_bytes() == before
    assert list(database.path.parent.iterdir()) == [database.path]


@pytest.mark.parametrize("index", [0, 6, 99, 100, 345, 511, 699])
def test_an_altered_entry_is_named_by_its_index(database: DatabaseFile, index: int, capsys: pytest.CaptureFixture[str]) -> None:
    database.replace_in("data", index, ENTRIES[index], ENTRIES[index].replace(b'"read"', b'"road"'))
    code, said = answer(capsys, verify(database.path))
    assert (code, said["problem"], said["first_bad_index"]) == (1, "log-altered", index)
    assert main(verify(database.path)) == 1
    assert f"First bad entry: {index}." in capsys.readouterr().err


@pytest.mark.parametrize("index", [0, 255, 345, 511])
def test_an_entry_altered_together_with_its_hash_is_named_by_its_tile(
    database: DatabaseFile, index: int, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = ENTRIES[index].replace(b'"read"', b'"road"')
    database.replace_in("data", index, ENTRIES[index], altered)
    database.replace_in("hashes", index, leaf_hash(ENTRIES[index]), leaf_hash(altered))
    code, said = answer(capsys, verify(database.path))
    assert (code, said["first_bad_index"]) == (1, index)


def test_of_several_altered_entries_the_first_is_named(database: DatabaseFile, capsys: pytest.CaptureFixture[str]) -> None:
    altered = {index: ENTRIES[index].replace(b'"read"', b'"road"') for index in (130, 131, 150, 600)}
    for index, changed in altered.items():
        database.replace_in("data", index, ENTRIES[index], changed)
    database.replace_in("hashes", 130, leaf_hash(ENTRIES[130]), leaf_hash(altered[130]))
    code, said = answer(capsys, verify(database.path))
    assert (code, said["first_bad_index"]) == (1, 130)


def test_where_everything_beside_it_was_altered_the_checkpoints_show_the_range(
    database: DatabaseFile, capsys: pytest.CaptureFixture[str]
) -> None:
    index = 345
    altered = ENTRIES[index].replace(b'"read"', b'"road"')
    database.replace_in("data", index, ENTRIES[index], altered)
    database.replace_in("hashes", index, leaf_hash(ENTRIES[index]), leaf_hash(altered))
    database.change("DELETE FROM tile")
    code, said = answer(capsys, verify(database.path))
    assert (code, said["first_bad_index"], said["until"]) == (1, 333, 512)
    main(verify(database.path))
    assert "between 333 and 511" in capsys.readouterr().err


@pytest.mark.parametrize("position", [0, 1, 40])
def test_one_flipped_bit_in_the_stored_bytes_is_found(database: DatabaseFile, position: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The first two bytes of an entry are its length: flipping those shifts all that follows."""
    index = 345
    framed = len(ENTRIES[index]).to_bytes(2, "big") + ENTRIES[index]
    changed = framed[:position] + bytes([framed[position] ^ 1]) + framed[position + 1 :]
    database.replace_in("data", index, framed, changed)
    code, said = answer(capsys, verify(database.path))
    assert (code, said["first_bad_index"]) == (1, index)


@pytest.mark.parametrize(
    ("statement", "problem", "index"),
    [
        ("DELETE FROM segment WHERE start = 343", "entries-missing", 343),
        ("DELETE FROM segment WHERE start >= 693", "entries-missing", 693),
        ("DELETE FROM segment", "entries-missing", 0),
        ("UPDATE segment SET count = count - 1 WHERE start = 343", "entries-missing", 349),
        ("UPDATE segment SET start = start + 1 WHERE start = 693", "entries-missing", 693),
        ("UPDATE segment SET data = NULL WHERE start = 343", "entries-missing", 343),
        ("UPDATE segment SET hashes = x'00' WHERE start = 343", "log-altered", 343),
        ("UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND n = 1", "log-altered", 256),
        ("DELETE FROM checkpoint", "nothing-signed", None),
        ("UPDATE checkpoint SET note = replace(note, 'A', 'B')", None, None),
    ],
)
def test_what_is_missing_or_damaged_is_found(
    database: DatabaseFile, statement: str, problem: str | None, index: int | None, capsys: pytest.CaptureFixture[str]
) -> None:
    database.change(statement)
    code, said = answer(capsys, verify(database.path))
    assert code == 1
    assert problem in (None, said["problem"])
    assert said.get("first_bad_index") == index


def test_what_a_removed_checkpoint_covered_is_not_covered_any_more(database: DatabaseFile, capsys: pytest.CaptureFixture[str]) -> None:
    database.change("DELETE FROM checkpoint WHERE size = 700")
    code, said = answer(capsys, verify(database.path))
    assert (code, said["found"][0]["size"], said["found"][0]["newer"]) == (0, 512, 188)


def test_swapped_segments_are_found(database: DatabaseFile, capsys: pytest.CaptureFixture[str]) -> None:
    with database.opened() as connection:
        rows = connection.execute("SELECT hashes, data FROM segment WHERE start IN (343, 350) ORDER BY start").fetchall()
        for start, (hashes, data) in zip((350, 343), rows, strict=True):
            connection.execute("UPDATE segment SET hashes = ?, data = ? WHERE start = ?", (hashes, data, start))
    code, said = answer(capsys, verify(database.path))
    assert (code, said["first_bad_index"]) == (1, 343)


def test_a_damaged_page_of_the_file_is_a_finding(database: DatabaseFile, capsys: pytest.CaptureFixture[str]) -> None:
    data = bytearray(database.path.read_bytes())
    place = data.index(ENTRIES[345])
    page = place // 4096 * 4096
    data[page : page + 8] = b"\xff" * 8
    database.path.write_bytes(data)
    code, said = answer(capsys, verify(database.path))
    assert code == 1
    assert said["first_bad_index"] <= 345


def test_a_pinned_checkpoint_shows_a_history_cut_off_or_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pinned = tmp_path / "pinned"
    pinned.write_text(note_of(ENTRIES))
    short = DatabaseFile(tmp_path / "short.db")
    short.add_log(ENTRIES[:600])
    assert answer(capsys, verify(short.path))[0] == 0
    code, said = answer(capsys, verify(short.path, "--pinned", str(pinned)))
    assert (code, said["problem"], said["first_bad_index"]) == (1, "entries-missing", 600)
    replaced = DatabaseFile(tmp_path / "replaced.db")
    replaced.add_log([*ENTRIES[:600], *(entry(9000 + number) for number in range(150))], checkpoints=(600,))
    assert answer(capsys, verify(replaced.path))[0] == 0
    code, said = answer(capsys, verify(replaced.path, "--pinned", str(pinned)))
    assert (code, said["first_bad_index"], said["until"]) == (1, 600, 700)
    forked = DatabaseFile(tmp_path / "forked.db")
    forked.add_log([*ENTRIES[:699], entry(9000)])
    code, said = answer(capsys, verify(forked.path, "--pinned", str(pinned)))
    assert (code, said["problem"]) == (1, "log-altered")


def test_entries_newer_than_the_last_checkpoint_are_counted_not_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = DatabaseFile(tmp_path / "audit.db")
    file.add_log(ENTRIES[:20], signed=15)
    code, said = answer(capsys, verify(file.path))
    assert (code, said["found"][0]["size"], said["found"][0]["newer"]) == (0, 15, 5)


def test_the_log_of_a_new_year_pins_the_end_of_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = ENTRIES[:20]
    pin = sha256(note_of(old).encode())
    keys = (VKEY, key_of("alder.example/log/2027").vkey)
    for name, first, expected in (("good.db", entry(20, ct=pin), 0), ("bad.db", entry(20, ct=bytes(32)), 1)):
        file = DatabaseFile(tmp_path / name)
        file.add_log(old)
        file.add_log([first, entry(21)], year=2027)
        assert answer(capsys, verify(file.path, keys=keys))[0] == expected
    assert answer(capsys, verify(tmp_path / "good.db"))[1]["problem"] == "checkpoint-not-signed"


def test_an_altered_folder_is_found_by_index(tmp_path: Path) -> None:
    write_folder(tmp_path, ENTRIES)
    bundle = tmp_path / "tile/entries/001"
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(ENTRIES[300], ENTRIES[300].replace(b'"read"', b'"road"')))
    with pytest.raises(LogAltered) as altered:
        verify_log(LogFolder(tmp_path), keys=[key_of()])
    assert altered.value.index == 300
    bundle.write_bytes(good[:-1])
    with pytest.raises(EntriesMissing) as missing:
        verify_log(LogFolder(tmp_path), keys=[key_of()])
    assert missing.value.index == 511
    bundle.unlink()
    with pytest.raises(EntriesMissing) as missing:
        verify_log(LogFolder(tmp_path), keys=[key_of()])
    assert missing.value.index == 256
    bundle.write_bytes(good)
    tile = tmp_path / "tile/1/000"
    assert not tile.exists()
    (tmp_path / "tile/0/002.p/188").write_bytes(bytes(188 * 32))
    with pytest.raises(LogAltered) as altered:
        verify_log(LogFolder(tmp_path), keys=[key_of()])
    assert altered.value.index == 512


def test_a_leaf_out_of_order_or_of_another_form_is_found_when_asked_for(tmp_path: Path) -> None:
    for name, entries in {"order": [entry(5), entry(4)], "form": [entry(1), b"not a leaf"]}.items():
        write_folder(tmp_path / name, entries)
        verify_log(LogFolder(tmp_path / name), keys=[key_of()])
        with pytest.raises(LogAltered) as altered:
            verify_log(LogFolder(tmp_path / name), keys=[key_of()], leaves=True)
        assert altered.value.index == 1


def test_without_the_log_s_key_nothing_is_checked(database: DatabaseFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(database.path)]) == 2
    assert "cannot vouch for itself" in capsys.readouterr().err
    for arguments in (
        verify(tmp_path / "nothing-there"),
        verify(tmp_path),
        verify(database.path, keys=("not a vkey",)),
        verify(database.path, "--trust-list", str(database.path)),
        verify(database.path, "--pinned", str(tmp_path / "nothing-there")),
    ):
        assert main(arguments) == 2
    assert main(verify(DatabaseFile(tmp_path / "empty.db").path)) == 2  # a file without a log is not a log without a fault
    stranger = DatabaseFile(tmp_path / "other.db")
    stranger.change("DROP TABLE log")
    assert main(verify(stranger.path)) == 2
    other_key = key_of("elm.example/log/2026").vkey
    assert answer(capsys, verify(database.path, keys=(other_key,)))[0] == 1


def test_one_entry_is_spoken_of_as_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(tmp_path, ENTRIES[:1])
    assert main(verify(tmp_path)) == 0
    assert f"{ORIGIN}: its one entry is as it was signed; one checkpoint agrees.\n" in capsys.readouterr().out


def test_of_what_is_not_there_it_is_said_so_whatever_keys_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for keys in ((), (VKEY,)):
        assert main(verify(tmp_path / "nothing.json", keys=keys)) == 2
        assert "nothing.json cannot be read" in capsys.readouterr().err


def test_a_pinned_checkpoint_that_was_compared_with_nothing_is_not_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who pins last year's checkpoint by mistake believes that this year's log agreed with it."""
    write_folder(tmp_path / "log", ENTRIES)
    other, own = tmp_path / "of 2025", tmp_path / "own"
    other.write_text(note_of(ENTRIES, origin=ORIGIN.replace("2026", "2025")))
    own.write_text(note_of(ENTRIES[:300]))
    assert answer(capsys, verify(tmp_path / "log", "--pinned", str(own)))[0] == 0
    for more in (("--pinned", str(other)), ("--pinned", str(own), "--pinned", str(other))):
        code, said = answer(capsys, verify(tmp_path / "log", *more))
        assert (code, said["problem"]) == (2, "pinned-of-another-log")
    (tmp_path / "message").write_text("{}")
    code, said = answer(capsys, verify(tmp_path / "message", "--pinned", str(own)))
    assert (code, said["problem"]) == (2, "pinned-of-another-log"), "nothing of it is compared with a checkpoint"


@pytest.mark.parametrize("option", ["--pinned", "--statement", "--log-key"])
def test_what_is_named_beside_a_log_and_is_no_text_is_said_to_be_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    write_folder(tmp_path / "log", ENTRIES[:10])
    (tmp_path / "binary").write_bytes(bytes([0xFF, 0xFE, 0x00]))
    code, said = answer(capsys, verify(tmp_path / "log", option, str(tmp_path / "binary")))
    assert (code, said["problem"]) == (2, "file-unreadable")
