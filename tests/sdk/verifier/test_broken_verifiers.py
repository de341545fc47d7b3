"""The suite of bad evidence sees every hole: a verifier from which any one check was taken out believes something that it must not."""

import pytest

from tests.sdk.verifier import bad_cosignatures, bad_logs, bad_notes, bad_proofs
from tests.sdk.verifier.broken_verifiers import holes, with_hole
from tests.sdk.verifier.evidence import Case, Verifier, in_time, refuses

TWICE = "what it refuses, the check beside it or behind it refuses too"
NO_EVIDENCE = "a caller's mistake, which raises ValueError; no evidence leads there"
SPEED = "it only spares work"

WITHOUT_EFFECT: dict[tuple[str, str], str] = {
    ("notes", "not blank in not blank or not text or (not signatures.endswith('\\n'))"): TWICE,
    ("notes", "not signatures.endswith('\\n') in not blank or not text or (not signatures.endswith('\\n'))"): TWICE,
    ("tlog_proof", "not blank in len(content) > MAX_BYTES or not blank or (not checkpoint) or (lines.pop(0) != FIRST_LINE)"): TWICE,
    ("tlog_proof", "number.isascii() in number.isascii() and number.isdecimal()"): TWICE,
    ("tlog_proof", "number.isdecimal() in number.isascii() and number.isdecimal()"): TWICE,
    ("tlog_policy", "not known in not known or origin not in (None, checkpoint.origin)"): TWICE,
    ("tlog_policy", "text in text and (not text.endswith(b'\\n'))"): TWICE,
    ("tlog_policy", "rule.isascii() in rule.isascii() and rule.isdecimal()"): TWICE,
    ("tlog_policy", "rule.isdecimal() in rule.isascii() and rule.isdecimal()"): TWICE,
    ("tlog_witness", "text.isascii() in text.isascii() and text.isdecimal()"): TWICE,
    ("bundles", "if (step := _length_of_each(bundle)) is not None"): SPEED,
    ("offline.frontier", "if len(leaf_hashes) > TILE - self.size % TILE"): NO_EVIDENCE,
    ("offline.whole_log", "if not any((key.name == log.origin for key in keys))"): TWICE,
    ("offline.whole_log", "if chunk.start != self._size"): TWICE,
    ("offline.whole_log", "if chunk.start >= end"): SPEED,
    ("offline.log_folder", "if len(entries) < wanted"): TWICE,
    ("offline.log_database", "if start != expected"): TWICE,
    ("offline.log_database", "row is None in row is None and (row := self._segment(expected)) is None"): SPEED,
}
"""Checks that can be taken out alone without anything being believed, with the reason. Each is for a clearer word, or for a second time."""
PARTS = {
    ("tlog_proof", "not (number.isascii() and number.isdecimal())"): TWICE,
    ("tlog_proof", "len(number) > 19"): TWICE,
    ("tlog_policy", "not (rule.isascii() and rule.isdecimal())"): TWICE,
    ("tlog_policy", "len(rule) > 6"): TWICE,
    ("tlog_witness", "not blank"): TWICE,
    ("tlog_witness", "len(text) > 19"): TWICE,
    ("offline.whole_log", "self._suspect.index < missing.index"): TWICE,
    ("offline.log_database", "isinstance(row[0], int)"): TWICE,
    ("offline.log_database", "isinstance(row[2], bytes)"): TWICE,
}
"""The same of parts of long conditions, by the part alone."""


def _has_effect(module: str, what: str) -> bool:
    return (module, what) not in WITHOUT_EFFECT and (module, what.partition(" in ")[0]) not in PARTS


def _seen(verifier: Verifier, good: list[Case], bad: list[Case]) -> bool:
    """The suite tells this verifier from the whole one."""
    try:
        with in_time():
            for case in good:
                case.judge(verifier)
            return not all(refuses(verifier, case) for case in bad)
    except Exception:
        return True


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Case], list[Case]]:
    logs = bad_logs.Logs(tmp_path_factory.mktemp("logs"))
    good = [*bad_proofs.good(), *bad_notes.good(), *bad_cosignatures.good(), *bad_logs.good(logs)]
    return good, [*bad_proofs.bad(), *bad_notes.bad(), *bad_cosignatures.bad(), *bad_logs.bad(logs)]


@pytest.mark.faults
@pytest.mark.requirement("LOG-verifier")
@pytest.mark.requirement("FAULT-verifier")
def test_every_check_that_is_taken_out_is_missed(suite: tuple[list[Case], list[Case]]) -> None:
    good, bad = suite
    seen = {hole: _seen(with_hole(hole), good, bad) for hole in holes()}
    assert len(seen) > 240
    assert [str(hole) for hole, found in seen.items() if not found and _has_effect(hole.module, hole.what)] == []
    # What is listed as without effect is there, and is without.
    listed = [hole for hole in seen if not _has_effect(hole.module, hole.what)]
    assert {(hole.module, hole.what) for hole in listed} >= WITHOUT_EFFECT.keys()
    assert {(hole.module, hole.what.partition(" in ")[0]) for hole in listed} >= PARTS.keys()
    assert [str(hole) for hole in listed if seen[hole]] == []


@pytest.mark.requirement("LOG-verifier")
@pytest.mark.requirement("FAULT-verifier")
def test_a_verifier_that_checks_no_signature_is_seen_and_so_is_one_that_takes_any_path(suite: tuple[list[Case], list[Case]]) -> None:
    """The suite itself is seen to work in every run, not in the long one alone."""
    good, bad = suite
    named = {
        ("notes", "_verify(candidates[0].public_key, line.signature, note.text)"),
        ("proofs", "if digest != root"),
        ("proofs", "if sn or old != old_root or new != new_root"),
        ("proofs", "if len(path) != path_length(index, size)"),
        ("checkpoints", "if checkpoint.origin != origin"),
        ("tlog_policy", "if not policy.is_reached_by([one.key for one in cosignatures])"),
        ("cosignatures", "_verify(key.type, key.public_key, line.signature[8:], message)"),
        ("offline.whole_log", "self._compare(chunk.start, hashes, chunk.hashes)"),
    }
    broken = list(holes(lambda module, what: (module, what) in named))
    assert len(broken) == len(named)
    assert [str(hole) for hole in broken if not _seen(with_hole(hole), good, bad)] == []
