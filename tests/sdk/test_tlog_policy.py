"""Policies of logs and witnesses: the file's form, and which witnesses together are enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.checkpoints import checkpoint_body
from safepassage.notes import ED25519, ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE, note_with, signature_line
from safepassage.problems.proofs import CheckpointNotSigned, CheckpointSignatureInvalid, ForeignLog
from safepassage.problems.witnessing import CosignatureInvalid, QuorumNotReached, WitnessPolicyMalformed
from safepassage.tlog_policy import NO_QUORUM, Group, Policy, parse_policy, submission_urls, verify_witnessed
from tests.sdk.cosigners import ORIGIN, Cosigner, log_key

LOG = log_key()
TEXT = checkpoint_body(ORIGIN, 42, bytes(range(32)))
W = [Cosigner(f"w{n}.example", bytes([n + 10]) * 32) for n in range(6)]
PQ = Cosigner("w0.example", b"\x77" * 32, ML_DSA_44_COSIGNATURE)
X, Y = W[:3], W[3:]
TWIN_LOG, TWIN_OF_LOG = Cosigner("other", b"\1" * 32, ED25519), Cosigner("other", b"\1" * 32)
TWIN_OF_W0 = Cosigner("other", bytes([10]) * 32)

TWO_LEVELS = f"""
# two agencies of three witnesses each
log {LOG.key.vkey}

\twitness X1 {X[0].key.vkey}
witness X2 {X[1].key.vkey} \t https://x2.example/witness/
witness X3 {X[2].key.vkey}
group X-witnesses 2 X1 X2 X3

witness Y1 {Y[0].key.vkey}
witness Y2 {Y[1].key.vkey}
witness Y3 {Y[2].key.vkey}
group Y-witnesses any Y1 Y2 Y3

   # and both
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
""".encode()


def note(*witnesses: Cosigner, signed: bool = True) -> str:
    lines = [signature_line(LOG.key, LOG.sign(TEXT))] if signed else []
    return note_with(TEXT, [*lines, *(witness.line(TEXT) for witness in witnesses)])


def policy(*lines: str) -> Policy:
    return parse_policy("".join(line + "\n" for line in lines).encode())


def test_a_policy_of_two_levels_is_read() -> None:
    read = parse_policy(TWO_LEVELS)
    assert [log.key for log in read.logs] == [LOG.key]
    assert [witness.name for witness in read.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert read.witnesses[1].url == "https://x2.example/witness/"
    assert read.groups == (
        Group("X-witnesses", 2, ("X1", "X2", "X3")),
        Group("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        Group("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert read.quorum == "X-and-Y"


@pytest.mark.parametrize(
    ("cosigned_by", "reached"),
    [
        ([X[0], X[1], Y[2]], True),
        ([X[0], X[2], Y[0], Y[1]], True),
        ([*X, *Y], True),
        ([X[0], X[1]], False),
        ([X[0], *Y], False),
        ([*Y], False),
        ([], False),
    ],
)
def test_two_of_x_and_one_of_y_are_enough_and_nothing_less(cosigned_by: list[Cosigner], reached: bool) -> None:
    read = parse_policy(TWO_LEVELS)
    assert read.is_reached_by([witness.key for witness in cosigned_by]) is reached
    if reached:
        found = verify_witnessed(note(*cosigned_by), policy=read)
        assert (found.checkpoint.size, len(found.cosignatures)) == (42, len(cosigned_by))
    else:
        with pytest.raises(QuorumNotReached):
            verify_witnessed(note(*cosigned_by), policy=read)


def test_a_witness_of_two_keys_is_two_lines_at_one_address() -> None:
    read = policy(
        f"log {LOG.key.vkey}",
        f"witness e {W[0].key.vkey} https://w0.example/v1/witness",
        f"witness q {PQ.key.vkey} https://w0.example/v1/witness/",
        f"witness far {W[1].key.vkey}",
        "group both all e q",
        "quorum both",
    )
    assert [(url, [one.name for one in at]) for url, at in submission_urls(read)] == [("https://w0.example/v1/witness", ["e", "q"])]
    verify_witnessed(note(W[0], PQ), policy=read)
    with pytest.raises(QuorumNotReached):
        verify_witnessed(note(PQ), policy=read)


def test_cosignatures_of_unknown_witnesses_count_for_nothing_and_a_false_one_of_a_known_refuses_the_note() -> None:
    read = policy(f"log {LOG.key.vkey}", f"witness a {W[0].key.vkey}", "quorum a")
    with pytest.raises(QuorumNotReached):
        verify_witnessed(note(W[1], W[2]), policy=read)
    other = checkpoint_body(ORIGIN, 43, bytes(32))
    false = note_with(TEXT, [signature_line(LOG.key, LOG.sign(TEXT)), W[0].line(other)])
    with pytest.raises(CosignatureInvalid):
        verify_witnessed(false, policy=read)


def test_cosignatures_without_the_log_s_own_signature_are_nothing() -> None:
    read = policy(f"log {LOG.key.vkey}", f"witness a {W[0].key.vkey}", "quorum a")
    with pytest.raises(CheckpointNotSigned):
        verify_witnessed(note(W[0], signed=False), policy=read)
    forged = note_with(TEXT, [signature_line(LOG.key, bytes(64)), W[0].line(TEXT)])
    with pytest.raises(CheckpointSignatureInvalid):
        verify_witnessed(forged, policy=read)


def test_a_log_that_the_policy_does_not_name_is_foreign_also_where_it_is_the_expected_one() -> None:
    with pytest.raises(ForeignLog):
        verify_witnessed(note(), policy=policy("quorum none"))
    with pytest.raises(ForeignLog):
        verify_witnessed(note(), policy=policy(f"log {LOG.key.vkey}", "quorum none"), origin="birch.example/log/2026")
    verify_witnessed(note(), policy=policy("quorum none"), origin=ORIGIN, log_keys=[LOG.key])


def test_a_log_may_sign_with_ml_dsa() -> None:
    log = Cosigner(ORIGIN, b"\x31" * 32, ML_DSA_44_COSIGNATURE)
    signed = note_with(TEXT, [log.line(TEXT, 0)])
    found = verify_witnessed(signed, policy=policy(f"log {log.key.vkey}", "quorum none"))
    assert found.checkpoint.origin == ORIGIN


@pytest.mark.parametrize(
    "lines",
    [
        ["quorum none", "quorum none"],
        [],
        ["quorum"],
        ["quorum a b"],
        ["quorum nobody"],
        [f"witness none {W[0].key.vkey}", "quorum none"],
        [f"witness a {W[0].key.vkey} u v", "quorum none"],
        ["witness a", "quorum none"],
        ["witness a x+00000000+AA==", "quorum none"],
        [f"witness a {LOG.key.vkey}", "quorum none"],
        [f"log {W[0].key.vkey}", "quorum none"],
        [f"log {LOG.key.vkey} u v", "quorum none"],
        ["log", "quorum none"],
        [f"log {LOG.key.vkey}", f"log {TWIN_LOG.key.vkey}", "quorum none"],
        [f"log {LOG.key.vkey}", f"witness a {TWIN_OF_LOG.key.vkey}", "quorum none"],
        [f"witness a {TWIN_OF_LOG.key.vkey}", f"log {LOG.key.vkey}", "quorum none"],
        [f"witness a {W[0].key.vkey}", f"witness b {TWIN_OF_W0.key.vkey}", "quorum none"],
        [f"witness a {W[0].key.vkey}", f"witness a {W[1].key.vkey}", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group a any a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group none any a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g any none", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g any g", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g any a a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g any a", "group h any a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g any", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g 0 a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g 2 a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g 01 a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g -1 a", "quorum none"],
        [f"witness a {W[0].key.vkey}", "group g 1e0 a", "quorum none"],
        ["group g any a", f"witness a {W[0].key.vkey}", "quorum g"],
        ["quorum a", f"witness a {W[0].key.vkey}"],
        ["threshold 2", "quorum none"],
        ["quorum none\r"],
        ["quorum\u00a0none"],
    ],
)
def test_what_is_no_policy_is_refused(lines: list[str]) -> None:
    with pytest.raises(WitnessPolicyMalformed):
        policy(*lines)


def test_a_policy_whose_last_line_is_cut_off_is_refused() -> None:
    with pytest.raises(WitnessPolicyMalformed):
        parse_policy(b"quorum none")


def test_names_are_bytes_so_that_look_alikes_differ_and_what_is_no_utf_8_is_a_name_too() -> None:
    names = [b"K", b"\xe2\x84\xaa", b"\xff", b"\xfe"]
    witnesses = b"".join(b"witness " + name + b" " + one.key.vkey.encode() + b"\n" for name, one in zip(names, W, strict=False))
    read = parse_policy(witnesses + b"group g all " + b" ".join(names) + b"\nquorum g\n")
    assert len(set(read.groups[0].members)) == 4
    assert not read.is_reached_by([one.key for one in W[:3]])
    assert read.is_reached_by([one.key for one in W[:4]])


def test_the_refusal_names_the_line_and_repeats_nothing_of_it() -> None:
    with pytest.raises(WitnessPolicyMalformed) as refused:
        policy("# secret-comment", "secret-word", "quorum none")
    assert refused.value.detail is not None
    assert "line 2" in refused.value.detail
    assert "secret" not in refused.value.detail


def test_the_limits_that_the_specification_advises_are_met() -> None:
    logs = [f"log {Cosigner(f'l{n}', bytes([n]) * 31 + b'l', ED25519).key.vkey}" for n in range(40)]
    witnesses = [f"witness w{n} {Cosigner(f'w{n}', bytes([n]) * 31 + b'w').key.vkey}" for n in range(40)]
    groups = [f"group g{n} all w{n}" + (f" g{n - 1}" if n else "") for n in range(40)]
    read = policy(*logs, *witnesses, *groups, "quorum g39")
    assert read.is_reached_by(read.witness_keys)
    assert not read.is_reached_by(read.witness_keys[1:])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_with_a_known_error(data: bytes) -> None:
    for text in (data, b"quorum none\n" + data + b"\n"):
        try:
            read = parse_policy(text)
        except WitnessPolicyMalformed:
            continue
        assert read.quorum == NO_QUORUM


WORDS = st.sampled_from(
    ["log", "witness", "group", "quorum", "all", "any", "2", "a", "b", "g", "none", "#", "\t", W[0].key.vkey, W[1].key.vkey, LOG.key.vkey]
)


@given(st.lists(st.lists(WORDS, max_size=6), max_size=8))
def test_any_words_make_a_policy_whose_quorum_all_its_witnesses_reach_or_none(lines: list[list[str]]) -> None:
    try:
        read = policy(*(" ".join(words) for words in lines))
    except WitnessPolicyMalformed:
        return
    assert read.is_reached_by(read.witness_keys)
    assert read.quorum == NO_QUORUM or not read.is_reached_by([])
    assert {witness.key.type for witness in read.witnesses} <= {ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE}
