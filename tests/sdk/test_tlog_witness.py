"""What a log and a witness say to one another: one form, and nothing else is read."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.checkpoints import checkpoint_body
from safepassage.notes import ML_DSA_44_COSIGNATURE, note_with, parse_note, signature_line
from safepassage.problems.proofs import NoteMalformed
from safepassage.problems.witnessing import WitnessRequestMalformed
from safepassage.tlog_witness import (
    MAX_BYTES,
    AddCheckpoint,
    origin_digest,
    parse_add_checkpoint,
    parse_cosignatures,
    parse_size_answer,
    size_answer,
)
from tests.sdk.cosigners import ORIGIN, Cosigner, log_key

LOG = log_key()
TEXT = checkpoint_body(ORIGIN, 42, bytes(range(32)))
NOTE = note_with(TEXT, [signature_line(LOG.key, LOG.sign(TEXT))])
HASH = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_a_request_is_an_old_size_a_path_an_empty_line_and_the_checkpoint() -> None:
    request = AddCheckpoint(41, (bytes(range(32)), bytes(range(32))), NOTE)
    assert request.body().decode() == f"old 41\n{HASH}\n{HASH}\n\n{NOTE}"
    assert parse_add_checkpoint(request.body()) == request


def test_the_example_of_the_specification_is_read() -> None:
    body = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        "— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
    )
    request = parse_add_checkpoint(body.encode())
    assert (request.old_size, len(request.path)) == (20_852_014, 4)
    assert len(parse_note(request.note).signatures) == 2
    assert request.body() == body.encode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        NOTE,
        f"old 1\n{NOTE}",
        f"old\n\n{NOTE}",
        f"old -1\n\n{NOTE}",
        f"old 01\n\n{NOTE}",
        f"old 1 \n\n{NOTE}",
        f"old  1\n\n{NOTE}",
        f"old +1\n\n{NOTE}",
        f"old \u0661\n\n{NOTE}",
        f"old 9223372036854775808\n\n{NOTE}",
        f"Old 1\n\n{NOTE}",
        f"\nold 1\n\n{NOTE}",
        f"old 1\r\n\r\n{NOTE}",
        f"old 1\n{HASH[:-1]}\n\n{NOTE}",
        f"old 1\nAAAA\n\n{NOTE}",
        f"old 1\n {HASH}\n\n{NOTE}",
        f"old 1\n{HASH} \n\n{NOTE}",
        "old 1\n" + f"{HASH}\n" * 64 + f"\n{NOTE}",
        "old 1\n\n",
        "old 1\n",
    ],
)
def test_another_form_is_no_request(body: str) -> None:
    with pytest.raises(WitnessRequestMalformed):
        parse_add_checkpoint(body.encode())


def test_63_hashes_are_the_most_and_a_body_has_a_limit() -> None:
    assert len(parse_add_checkpoint(("old 1\n" + f"{HASH}\n" * 63 + f"\n{NOTE}").encode()).path) == 63
    with pytest.raises(WitnessRequestMalformed):
        parse_add_checkpoint(f"old 1\n\n{NOTE}".encode() + b" " * MAX_BYTES)


def test_a_body_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(WitnessRequestMalformed):
        parse_add_checkpoint(b"old 1\n\n\xff")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_refused_with_a_known_error(data: bytes) -> None:
    for body in (data, b"old 3\n" + data + b"\n\n" + NOTE.encode()):
        try:
            request = parse_add_checkpoint(body)
        except WitnessRequestMalformed:
            continue
        assert parse_add_checkpoint(request.body()) == request


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_every_request_comes_back_from_its_body(old_size: int, path: list[bytes]) -> None:
    request = AddCheckpoint(old_size, tuple(path), NOTE)
    assert parse_add_checkpoint(request.body()) == request


def test_the_answer_is_signature_lines_alone() -> None:
    lines = [Cosigner(f"w{n}.example", bytes([n]) * 32).line(TEXT) for n in (1, 2)]
    assert parse_cosignatures("".join(map(str, lines)).encode()) == tuple(lines)
    for answer in (
        b"",
        b"\n",
        str(lines[0]).encode()[:-1],
        str(lines[0]).encode() + b"\n",
        b"text\n\n" + str(lines[0]).encode(),
        b"\xff\n",
    ):
        with pytest.raises(NoteMalformed):
            parse_cosignatures(answer)
    with pytest.raises(NoteMalformed):
        parse_cosignatures(str(lines[0]).encode() * 101)
    large = str(Cosigner("w.example", b"\3" * 32, ML_DSA_44_COSIGNATURE).line(TEXT)).encode()
    assert len(parse_cosignatures(large * 19)) == 19
    with pytest.raises(NoteMalformed):
        parse_cosignatures(large * 21)


@pytest.mark.parametrize("answer", [b"", b"42", b"042\n", b"42\n\n", b" 42\n", b"-1\n", b"x\n", b"\xff\n", b"9223372036854775808\n"])
def test_a_known_size_is_a_decimal_and_a_line_feed(answer: bytes) -> None:
    assert parse_size_answer(size_answer(42)) == 42
    assert parse_size_answer(b"0\n") == 0
    with pytest.raises(NoteMalformed):
        parse_size_answer(answer)


def test_a_log_is_shown_under_the_digest_of_its_origin() -> None:
    assert origin_digest(ORIGIN) == hashlib.sha256(b"alder.example/log/2026").hexdigest()
