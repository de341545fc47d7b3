"""Lists of bits: what goes in comes out, and nothing inflates without bound."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.canonical import from_base64url, to_base64url
from safepassage.credentials.multikey import from_multibase, to_multibase
from safepassage.credentials.status_list import MOST_PLACES, PLACES, decoded_list, encoded_list
from safepassage.problems.credentials import CredentialMalformed


@given(st.sets(st.integers(0, PLACES - 1), max_size=200))
@settings(deadline=None)
@pytest.mark.requirement("VC-revoked")
def test_every_place_comes_back(revoked: set[int]) -> None:
    bits = decoded_list(encoded_list(revoked))
    assert {index for index in range(PLACES) if bits[index // 8] & 0x80 >> index % 8} == revoked


def test_the_list_is_the_bytes_that_the_standard_describes() -> None:
    assert gzip.decompress(from_base64url(encoded_list([0, 15])[1:]))[:3] == b"\x80\x01\x00"
    assert len(gzip.decompress(from_base64url(encoded_list([])[1:]))) == 16 * 1024


@pytest.mark.parametrize("place", [-1, PLACES])
def test_a_place_beside_the_list_is_not_set(place: int) -> None:
    with pytest.raises(ValueError, match="no place"):
        encoded_list([place])


def packed(content: bytes) -> str:
    return "u" + to_base64url(gzip.compress(content))


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param("", id="nothing"),
        pytest.param("zabc", id="another base"),
        pytest.param("u", id="no bytes"),
        pytest.param("u====", id="padding"),
        pytest.param(encoded_list([])[1:], id="no base"),
        pytest.param(packed(b"\0" * (PLACES // 8 - 1)), id="too short to hide in"),
        pytest.param(packed(b"\0" * (MOST_PLACES // 8 + 1)), id="too long"),
        pytest.param("u" + to_base64url(gzip.compress(b"\0" * (PLACES // 8)) + b"more"), id="more behind it"),
        pytest.param("u" + to_base64url(gzip.compress(b"\0" * (PLACES // 8))[:-4]), id="cut off"),
        pytest.param("u" + to_base64url(zlib.compress(b"\0" * (PLACES // 8))), id="no gzip"),
    ],
)
def test_what_is_no_list_of_an_allowed_length_is_refused(encoded: str) -> None:
    with pytest.raises(CredentialMalformed):
        decoded_list(encoded)


def test_a_bomb_is_not_inflated() -> None:
    bomb = packed(b"\0" * (64 * 1024 * 1024))
    tracemalloc.start()
    with pytest.raises(CredentialMalformed):
        decoded_list(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


@given(st.binary(max_size=64))
def test_multibase_comes_back(data: bytes) -> None:
    assert from_multibase(to_multibase(data)) == data


@pytest.mark.parametrize("text", ["", "uAQ", "z0", "zO", "z" + "1" * 128])
def test_another_base_is_no_multibase_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match=r"base58btc|substring"):
        from_multibase(text)
