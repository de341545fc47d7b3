"""An envelope that travels packed comes out byte for byte, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import from_base64url, to_base64url
from safepassage.envelope import MAX_BODY_BYTES, MAX_JWS_BYTES, envelope_body, read_envelope
from safepassage.packed import packed, unpacked
from safepassage.problems.envelopes import EnvelopeMalformed
from tests.sdk.exchange import ALDER, BIRCH, Exchange
from tests.sdk.vectors import vectors

VECTORS = vectors("packed")

segments = st.lists(st.binary(min_size=1, max_size=400), min_size=3, max_size=3)


def framed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


@given(parts=segments, ciphertext=st.binary(min_size=1, max_size=200))
def test_what_was_packed_is_what_comes_out(parts: list[bytes], ciphertext: bytes) -> None:
    body = envelope_body(".".join(map(to_base64url, parts)), ciphertext)
    message = packed(body)
    assert message == framed(*parts) + ciphertext
    assert unpacked(message) == body


@given(message=st.binary(max_size=300) | st.builds(lambda parts, rest: framed(*parts) + rest, segments, st.binary(max_size=40)))
def test_whatever_is_unpacked_is_the_one_form_of_what_came(message: bytes) -> None:
    try:
        body = unpacked(message)
    except EnvelopeMalformed:
        return
    assert packed(body) == message


@pytest.mark.parametrize("vector", VECTORS["messages"], ids=lambda vector: vector["about"])
def test_vectors(vector: dict[str, str]) -> None:
    body, message = from_base64url(vector["body"]), from_base64url(vector["packed"])
    assert (packed(body), unpacked(message)) == (message, body)


@pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["about"])
def test_vectors_that_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(EnvelopeMalformed):
        unpacked(from_base64url(vector["packed"]))


def test_an_envelope_is_believed_as_if_it_had_travelled_as_it_was_signed() -> None:
    exchange = Exchange()
    body = exchange.body(kind="package")
    message = packed(body)
    assert unpacked(message) == body
    token = int.from_bytes(body[:4], "big")
    assert len(body) - len(message) >= token // 4 - 12  # a quarter of the signed part does not travel
    read_envelope(unpacked(message), issuer=ALDER, audience=BIRCH, keys=exchange.alder.keys)


@pytest.mark.parametrize(
    ("size", "taken"), [(MAX_JWS_BYTES // 4 * 3 - 9, True), (MAX_JWS_BYTES // 4 * 3, False)], ids=["the longest token", "a longer one"]
)
def test_a_token_is_as_long_as_a_token_may_be(size: int, taken: bool) -> None:
    message = framed(b"{}", b"x" * size, b"s") + b"c"
    if taken:
        assert packed(unpacked(message)) == message
    else:
        with pytest.raises(EnvelopeMalformed):
            unpacked(message)


def test_a_body_is_as_large_as_a_body_may_be() -> None:
    parts = (b"{}", b"{}", b"s")
    token = len(".".join(map(to_base64url, parts)))
    fits = framed(*parts) + bytes(MAX_BODY_BYTES - 4 - token)
    assert len(unpacked(fits)) == MAX_BODY_BYTES
    with pytest.raises(EnvelopeMalformed):
        unpacked(fits + b"\0")


@pytest.mark.parametrize("token", ["a.b", "YQ.YQ.YQ.YQ", "YQ..YQ", "YQ.YR.YQ", "YQ.Y=.YQ", "YQ. YQ.YQ"])
def test_what_is_no_token_in_its_one_form_is_not_packed(token: str) -> None:
    with pytest.raises(EnvelopeMalformed):
        packed(envelope_body(token, b"c"))
