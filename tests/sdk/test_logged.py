"""Proofs as messages carry them: paths in one string, and of two paths that end alike one end."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from safepassage.canonical import to_base64url
from safepassage.checkpoints import Checkpoint
from safepassage.logged import Consistency, Hashes, LoggedMessage, packed, unpacked, verify_logged
from safepassage.problems.envelopes import ConsistencyNotShown
from safepassage.problems.proofs import ConsistencyNotProven
from tests.sdk import rfc9162
from tests.sdk.exchange import MemoryLog

HASHES = TypeAdapter(Hashes)


class Said(LoggedMessage):
    """A message of nothing but its proof."""


def log_of(size: int) -> MemoryLog:
    log = MemoryLog("alder.example/log/2026", 3)
    log.entries = [log.leaf(class_="load", number=number) for number in range(size)]
    return log


def said(log: MemoryLog, index: int, since: int) -> tuple[Said, Checkpoint]:
    """What the log says of an entry to somebody who has pinned its first `since` entries, and what is pinned then."""
    return Said.model_validate(log.proof(index, since=since)), Checkpoint(log.origin, since, rfc9162.mth(log.entries[:since]))


@given(data=st.data(), size=st.integers(2, 40))
def test_what_is_left_out_of_a_path_is_found_in_the_other_whichever_entry_it_is_of(data: st.DataObject, size: int) -> None:
    log = log_of(size)
    index, since = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1))
    message, pinned = said(log, index, since)
    assert verify_logged(message, logs=[log.identity], pinned={log.origin: pinned}).index == index
    other = replace(pinned, root=bytes(32))
    with pytest.raises(ConsistencyNotProven):
        verify_logged(message, logs=[log.identity], pinned={log.origin: other})
    offered = message.consistency
    assert offered is not None
    assert len(unpacked(offered.path)) + offered.shared == len(rfc9162.proof(since, log.entries))
    if since <= index:
        assert offered.shared == max(0, len(rfc9162.path(index, log.entries)) - ((since - 1) ^ index).bit_length())


@given(data=st.data(), size=st.integers(2, 24))
def test_a_path_completed_otherwise_than_the_message_says_proves_nothing(data: st.DataObject, size: int) -> None:
    log = log_of(size)
    message, pinned = said(log, data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size - 1)))
    offered = message.consistency
    assert offered is not None
    own = unpacked(offered.path)
    wrong = [offered.model_copy(update={"shared": count}) for count in range(65) if count != offered.shared]
    wrong += [
        offered.model_copy(update={"path": _packed(changed)}) for changed in (own[:-1], [*own, bytes(32)], own[::-1]) if changed != own
    ]
    for one in wrong:
        with pytest.raises(ConsistencyNotProven):
            verify_logged(message.model_copy(update={"consistency": one}), logs=[log.identity], pinned={log.origin: pinned})


def test_a_path_from_a_larger_checkpoint_is_none_for_an_overtaken_message_and_is_asked_for() -> None:
    log = log_of(5)
    message, _ = said(log, 4, 3)
    log.append(log.leaf(class_="load", number=99))
    pinned = Checkpoint(log.origin, len(log.entries), rfc9162.mth(log.entries))
    offered = Consistency.model_validate({"from": pinned.size, "path": "", "shared": 1})
    with pytest.raises(ConsistencyNotShown):
        verify_logged(message.model_copy(update={"consistency": offered}), logs=[log.identity], pinned={log.origin: pinned})


def test_a_path_has_up_to_64_whole_hashes_in_the_one_form() -> None:
    for count in (0, 1, 64):
        assert len(unpacked(HASHES.validate_python(to_base64url(bytes(32 * count))))) == count
    for path in (
        to_base64url(bytes(31)),
        to_base64url(bytes(33)),
        to_base64url(bytes(32 * 65)),
        "A" * 44,
        "A" * 42 + "B",
        "+" * 43,
        "=",
        "é",
    ):
        with pytest.raises(ValidationError):
            HASHES.validate_python(path)
    assert packed([to_base64url(b"a" * 32), to_base64url(b"b" * 32)]) == to_base64url(b"a" * 32 + b"b" * 32)
    with pytest.raises(ValidationError):
        Consistency.model_validate({"from": 1, "path": "", "shared": 65})


def _packed(path: list[bytes]) -> str:
    return to_base64url(b"".join(path))
