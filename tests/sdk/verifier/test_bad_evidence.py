"""Everything that a verifier must not believe, one by one: malformed, forged, cut off, swapped, of somebody else, of another time."""

import pytest

from tests.sdk.verifier import bad_cosignatures, bad_logs, bad_notes, bad_proofs
from tests.sdk.verifier.evidence import Case, Verifier, refuses

WHOLE = Verifier()
BAD = [*bad_proofs.bad(), *bad_notes.bad(), *bad_cosignatures.bad()]
GOOD = [*bad_proofs.good(), *bad_notes.good(), *bad_cosignatures.good()]


def test_the_suite_has_no_case_twice() -> None:
    names = [case.name for case in BAD]
    assert len(set(names)) == len(names) > 500


@pytest.mark.requirement("LOG-verifier")
def test_what_proves_nothing_is_refused() -> None:
    assert [case.name for case in BAD if not refuses(WHOLE, case)] == []


def test_what_is_as_it_should_be_is_believed() -> None:
    for case in GOOD:
        case.judge(WHOLE)


@pytest.mark.requirement("LOG-verifier")
def test_a_log_that_was_tampered_with_is_refused_and_the_place_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    logs = bad_logs.Logs(tmp_path_factory.mktemp("logs"))
    for case in bad_logs.good(logs):
        case.judge(WHOLE)
    assert [case.name for case in bad_logs.bad(logs) if not refuses(WHOLE, case)] == []


def test_a_verifier_that_fails_otherwise_than_by_saying_so_has_not_refused() -> None:
    def crash(_: Verifier) -> None:
        raise KeyError

    assert not refuses(WHOLE, Case("", crash))
    assert not refuses(WHOLE, Case("", lambda _: True))
