"""The key of a log may change within its year: said by an entry, verified with both keys, and never by mistake."""

import json
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of, from_base64url
from safepassage.checkpoints import verify_checkpoint
from safepassage.leaf import parse_leaf
from safepassage.logged import LoggedMessage, LogIdentity, proof_members, verify_logged
from safepassage.problems.envelopes import CheckpointByRetiredKey
from services.audit.checkpoints import CheckpointSigner
from services.audit.verification import verify_store
from shared.contracts.audit import Appended
from shared.keys import KeyFileUnusable, SigningKey
from tests.audit.audit_node import event, running, settings_of
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio

ORIGIN = "alder.example/log/2026"


@pytest.fixture
def own_keys(node_keys: Path, tmp_path: Path) -> Path:
    """Keys of a node that this test may change."""
    return Path(shutil.copytree(node_keys, tmp_path / "own-keys"))


def replace_key(keys: Path, *, retire: bool) -> None:
    """What an operator does between a stop and a start."""
    log_key = keys / "audit" / "log.json"
    if retire:
        retired = keys / "audit" / "log-retired"
        retired.mkdir()
        (retired / "2026-10.json").write_text(json.dumps(SigningKey.load(log_key).jwk))
    log_key.unlink()
    SigningKey.generate().save(log_key)


async def test_the_log_goes_on_under_the_new_key_and_says_so(store_url: str, own_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, own_keys, clock) as node:
        (before,) = (await node.append(event("request", student=uuid4()))).entries
        old = node.verifier(ORIGIN)
    replace_key(own_keys, retire=True)
    for appended_until in (3, 4):  # a second start changes nothing more
        async with running(store_url, own_keys, clock) as node:
            new = node.verifier(ORIGIN)
            (after,) = (await node.append(event("request"))).entries
            checkpoint = node.verified(after)
            assert (checkpoint.size, old != new) == (appended_until, True)
            answer = await node.send("GET", "/v1/log/entries/1", node.as_caller("audit:operate", kind="sea"))
            said = parse_leaf(from_base64url(json.loads(answer.body)["entry"]))
            assert (said.class_, said.digests.ct) == ("witness", digest_of(new.vkey.encode()))
            consistency = await node.send("GET", "/internal/consistency", node.as_job("records"), query=f"from=1&to=3&origin={ORIGIN}")
            assert consistency.status == 200
    (report,) = await verify_store(settings_of(store_url, own_keys))
    assert (report.log.size, report.log.newer) == (4, 0)
    log = LogIdentity(ORIGIN, (new,), (old,))
    assert verify_logged(as_message(after), logs=[log], pinned={}).checkpoint.size == 4
    with pytest.raises(CheckpointByRetiredKey):
        verify_logged(as_message(before), logs=[log], pinned={})
    assert before.checkpoint is not None
    assert verify_checkpoint(before.checkpoint, origin=ORIGIN, keys=[new, old]).size == 1


async def test_a_key_that_was_not_retired_is_not_replaced(store_url: str, own_keys: Path, clock: StandingClock) -> None:
    async with running(store_url, own_keys, clock) as node:
        await node.append(event("request"))
    replace_key(own_keys, retire=False)
    async with running(store_url, own_keys, clock) as node:
        answer = await node.try_append(event("request"))
        assert json.loads(answer.body)["code"] == "log-frozen"


def test_a_retired_key_signs_nothing_any_more(own_keys: Path) -> None:
    replace_key(own_keys, retire=True)
    folder = own_keys / "audit"
    (folder / "log-retired" / "now.json").write_text(json.dumps(SigningKey.load(folder / "log.json").jwk))
    with pytest.raises(KeyFileUnusable):
        CheckpointSigner.of(folder)


def as_message(appended: Appended) -> LoggedMessage:
    assert appended.path is not None
    assert appended.checkpoint is not None
    members = proof_members(entry=appended.entry, index=appended.index, path=appended.path, checkpoint=appended.checkpoint)
    return LoggedMessage.model_construct(**members)
