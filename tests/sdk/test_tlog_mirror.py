"""What a log and a mirror say to one another: one form, and nothing else is read."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems import SuiteError
from safepassage.problems.mirroring import MirrorRequestMalformed
from safepassage.problems.proofs import NoteMalformed
from safepassage.tlog_mirror import MirrorInfo, Upload, package, parse_mirror_info, parse_package, parse_upload

ORIGIN = "alder.example/log/2026"
ENTRIES = [b"one", b"", b"three" * 100]
PATH = [bytes([n]) * 32 for n in range(3)]


def test_an_upload_is_its_origin_range_ticket_and_packages() -> None:
    upload = Upload(ORIGIN, 255, 258, b"ticket")
    head = b"\0\x16" + ORIGIN.encode() + struct.pack(">QQ", 255, 258) + b"\0\6ticket"
    assert upload.head() == head
    body = head + package(ENTRIES[:1], PATH) + package(ENTRIES[1:], [])
    read, at = parse_upload(body)
    assert (read, at) == (upload, len(head))
    first = parse_package(body, at, 1)
    assert first is not None
    assert first[:2] == ((b"one",), tuple(PATH))
    assert parse_package(body, first[2], 2) == ((b"", ENTRIES[2]), (), len(body))


@pytest.mark.parametrize(
    ("start", "end", "packages"),
    [
        (0, 0, []),
        (5, 5, []),
        (0, 256, [(0, 256)]),
        (0, 257, [(0, 256), (256, 257)]),
        (255, 513, [(255, 256), (256, 512), (512, 513)]),
        (300, 310, [(300, 310)]),
    ],
)
def test_packages_end_at_multiples_of_256(start: int, end: int, packages: list[tuple[int, int]]) -> None:
    assert list(Upload(ORIGIN, start, end).packages()) == packages


def test_a_request_that_breaks_off_anywhere_is_refused_or_has_fewer_packages() -> None:
    head, first = Upload(ORIGIN, 0, 3).head(), package(ENTRIES, PATH)
    for length in range(len(head)):
        with pytest.raises(MirrorRequestMalformed):
            parse_upload(head[:length])
    for length in range(len(first)):
        assert parse_package(head + first[:length], len(head), 3) is None
    assert parse_package(head + first, len(head), 3) is not None


def test_a_range_that_is_none_and_a_path_that_is_too_long_are_refused() -> None:
    for start, end in ((4, 3), (0, 2**63)):
        with pytest.raises(MirrorRequestMalformed):
            parse_upload(Upload(ORIGIN, start, end).head())
    with pytest.raises(MirrorRequestMalformed):
        parse_package(package(ENTRIES, [bytes(32)] * 64), 0, 3)


def test_where_to_go_on_is_three_lines() -> None:
    info = MirrorInfo(1234, 1024, b"ticket")
    assert info.body() == b"1234\n1024\ndGlja2V0\n"
    assert parse_mirror_info(info.body()) == info
    assert parse_mirror_info(b"0\n0\n\n") == MirrorInfo(0, 0)


@pytest.mark.parametrize(
    "answer",
    [b"", b"1\n2\n", b"1\n2\n\n\n", b"01\n2\n\n", b"1\n+2\n\n", b"1\n2\n-\n", b"1\n2\nYQ=\n", b"9223372036854775808\n0\n\n", b"\xff"],
)
def test_anything_else_is_refused(answer: bytes) -> None:
    with pytest.raises(NoteMalformed):
        parse_mirror_info(answer)


@given(st.binary(max_size=200), st.integers(min_value=0, max_value=3))
def test_any_bytes_are_read_or_refused(data: bytes, count: int) -> None:
    try:
        upload, at = parse_upload(data)
        assert data.startswith(upload.head())
        parse_package(data, at, count)
    except SuiteError:
        pass
