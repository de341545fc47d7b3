"""Which secret files a process takes: those that nobody else can read."""

import os
from pathlib import Path

import pytest

from shared.keys import KeyFileUnusable, open_to_others, read_secret, write_secret

ROOT, SERVICE, SOMEBODY = 0, 10001, 1000


@pytest.mark.parametrize("mode", [0o400, 0o600])
@pytest.mark.parametrize("owner", [ROOT, SERVICE])
def test_a_file_for_its_owner_alone_is_closed(mode: int, owner: int) -> None:
    assert not open_to_others(mode, owner=owner, reader=SERVICE)


@pytest.mark.parametrize("mode", [0o440, 0o640])
def test_a_mounted_secret_is_roots_and_the_services_groups(mode: int) -> None:
    assert not open_to_others(mode, owner=ROOT, reader=SERVICE)
    assert open_to_others(mode, owner=SERVICE, reader=SERVICE)
    assert open_to_others(mode, owner=SOMEBODY, reader=SERVICE)
    assert open_to_others(mode, owner=ROOT, reader=ROOT)


@pytest.mark.parametrize("mode", [0o444, 0o644, 0o604, 0o660, 0o460, 0o450, 0o441, 0o402])
@pytest.mark.parametrize("owner", [ROOT, SERVICE, SOMEBODY])
def test_more_than_that_is_open_whoever_owns_it(mode: int, owner: int) -> None:
    assert open_to_others(mode, owner=owner, reader=SERVICE)


def test_a_file_that_others_may_read_is_refused_and_its_content_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "lookup.key"
    write_secret(file, b"the secret")
    assert read_secret(file) == b"the secret"
    for mode in (0o644, 0o604, 0o620):
        file.chmod(mode)
        with pytest.raises(KeyFileUnusable, match=r"^lookup\.key can be read by others") as refusal:
            read_secret(file)
        assert "the secret" not in str(refusal.value)


def test_a_link_to_an_open_file_is_refused_too(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"the secret")
    target.chmod(0o644)
    os.symlink(target, tmp_path / "link.key")
    with pytest.raises(KeyFileUnusable):
        read_secret(tmp_path / "link.key")
