"""Where a key cannot be had or destroyed the operator reads which, why and what to do, and never that more was done than was."""

import errno
import os
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
import typer
from typer.testing import CliRunner, Result

from node.commands.doctor import doctor
from node.commands.key_encryption import _destroy
from node.commands.keys import app
from shared.key_encryption import FileKeyProvider
from shared.keys import new_symmetric_key
from tests.keys.holders import secret
from tests.node.test_clients import run
from tests.node.test_starting import served

NOBODY = "http://127.0.0.1:9"
doctors = typer.Typer()
doctors.command()(doctor)
doctors.command("other")(lambda: None)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of records, by a transit engine that does not answer."""
    folder = tmp_path / "keys"
    new_symmetric_key(folder / "key-encryption" / "1.key")
    told = {
        "ENTITY_ID": "https://alder.example",
        "DATABASE_URL": f"sqlite+inline:///{tmp_path}/records.db",
        "JURISDICTION": "US-XA",
        "NODE_ORGANISATION_ID": str(uuid4()),
        "KEYS_DIRECTORY": str(folder),
        "INSECURE_DEVELOPMENT": "1",
        "KEY_PROVIDER": "transit",
        "ROOT_KEY_NAME": "alder",
        "TRANSIT_URL": NOBODY,
        "TRANSIT_TOKEN_FILE": str(secret(tmp_path / "token", "a token")),
    }
    for name, value in told.items():
        monkeypatch.setenv(f"SAFE_PASSAGE_{name}", value)
    return folder


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_of_a_provider_that_does_not_answer_is_said_how(keys: Path, tmp_path: Path) -> None:
    done = typed("next-key-encryption-key")
    assert done.exit_code == 1
    assert done.stderr.startswith("No version was made: the transit engine does not answer: ConnectError.")
    assert "docs/keys.md" in done.stderr
    (tmp_path / "token").unlink()
    assert "token is not there: SAFE_PASSAGE_TRANSIT_TOKEN_FILE names it." in typed("next-key-encryption-key").stderr
    assert [path.name for path in (keys / "key-encryption").iterdir()] == ["1.key"]


def test_a_service_that_its_provider_keeps_from_starting_says_so_as_the_last_thing(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret(keys / "key-encryption" / "2.wrapped", '{"v":1,"version":2,"wrapped":"AAAA"}')
    how = "the key provider does not answer (the transit engine does not answer: ConnectError)"
    assert f"key provider (transit): {how}" in CliRunner().invoke(doctors, ["doctor", "--service", "records"]).stdout
    monkeypatch.setenv("SAFE_PASSAGE_KEY_PROVIDER", "file")
    monkeypatch.delenv("SAFE_PASSAGE_TRANSIT_URL")
    assert run("new", str(tmp_path / "node"), "--name", "A", "--state", "XA", "--entity-id", "https://alder.example")[0] == 0
    shutil.copy(tmp_path / "node" / "data" / "audit.db", tmp_path)
    shutil.copy(keys / "key-encryption" / "2.wrapped", tmp_path / "node" / "keys" / "audit" / "key-encryption")
    done = served(tmp_path, KEYS_DIRECTORY=str(tmp_path / "node" / "keys" / "audit"), KEY_PROVIDER="transit", TRANSIT_URL=NOBODY)
    *_, headline, why, remedy = done.stderr.splitlines()
    assert (done.returncode, headline, why) == (3, "Not started.", f"The keys are not to be had: {how}.")
    assert remedy.startswith("docs/keys.md")


def test_a_version_of_which_no_file_is_here_is_not_said_to_be_destroyed(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file was taken away by hand before; the copies of it, and the provider's key that opens them, are where they were."""
    monkeypatch.setenv("SAFE_PASSAGE_KEY_PROVIDER", "file")
    FileKeyProvider(keys / "key-encryption").rotate()
    (keys / "key-encryption" / "1.key").unlink()
    done = typed("destroy-key-encryption-key", "1", "--unchecked")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "No file of version 1 is here; nothing was destroyed." in done.stderr


def test_a_service_that_seals_nothing_has_no_such_key(keys: Path) -> None:
    done = typed("next-key-encryption-key", "--service", "gateway")
    assert done.exit_code == 2
    assert "'gateway' is not one of" in done.stderr


def test_keys_whose_store_is_elsewhere_are_not_looked_for_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    keys = tmp_path / "node" / "keys" / "records"
    new_symmetric_key(keys / "key-encryption" / "1.key")
    FileKeyProvider(keys / "key-encryption").rotate()
    (tmp_path / "node" / "node.json").write_text(
        f'{{"entity_id":"https://a.example","name":"A","state":"XA","organisation_id":"{uuid4()}","port":1}}'
    )
    made = typed("next-key-encryption-key", str(keys)).stdout
    assert made.endswith("then: safepassage-node keys rewrap --service records\n")
    done = typed("destroy-key-encryption-key", "1", "--keys", str(keys))
    assert done.exit_code == 1
    assert "has no store of records" in done.stderr
    assert (keys / "key-encryption" / "1.key").exists()


class OfASecret(FileKeyProvider):
    """Its folder is mounted read-only, as in a container."""

    def destroy(self, version: int) -> None:
        """Raises OSError."""
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_in_a_container_a_file_is_not_destroyed_and_is_said_to_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new_symmetric_key(tmp_path / "1.key")
    with pytest.raises(typer.Exit):
        _destroy(1, OfASecret(tmp_path))
    said = capsys.readouterr().err
    assert "The file of version 1 stays: nothing in its folder may be changed here (Read-only file system)." in said
    assert "--unchecked" in said
