"""The two messages of a comparison: closed, for whom they are, of whole points."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.canonical import from_base64url, to_base64url
from safepassage.finding import (
    MAX_LENGTH,
    MOST_POINTS,
    POINT_BYTES,
    TOKENS,
    Compared,
    Comparison,
    Sought,
    packed,
    unpacked,
    verify_compared,
    verify_comparison,
)
from safepassage.problems import SuiteError
from safepassage.problems.signatures import MalformedToken
from safepassage.request import Selector
from tests.sdk.exchange import ALDER, BIRCH, EXCHANGE_ID, NOW, SECONDS, Exchange, later

DIGEST = "A" * 43
POINTS = [bytes([number]) * POINT_BYTES for number in (1, 2, 3)]


def comparison(exchange: Exchange, **changes: Any) -> str:
    members = {"iss": ALDER, "aud": BIRCH, "exchange_id": EXCHANGE_ID, "request_digest": DIGEST, "iat": SECONDS, "points": packed(POINTS)}
    return exchange.alder.sign(Comparison(**{**members, **changes}))


def compared(exchange: Exchange, **changes: Any) -> str:
    members = {"iss": BIRCH, "aud": ALDER, "exchange_id": EXCHANGE_ID, "comparison_digest": DIGEST, "iat": SECONDS}
    return exchange.birch.sign(Compared(**{**members, "points": packed(POINTS), **changes}))


def code_of(call: Any) -> str:
    with pytest.raises(SuiteError) as refused:
        call()
    return refused.value.code


def test_a_comparison_counts_for_whom_it_is_and_for_five_minutes() -> None:
    exchange = Exchange()
    trusted: dict[str, Any] = {"issuer": ALDER, "audience": BIRCH, "keys": exchange.alder.keys, "now": NOW}
    assert unpacked(verify_comparison(comparison(exchange), **trusted).message.points) == POINTS
    assert code_of(lambda: verify_comparison(comparison(exchange, aud=ALDER), **trusted)) == "wrong-audience"
    assert code_of(lambda: verify_comparison(comparison(exchange, iss=BIRCH), **trusted)) == "wrong-issuer"
    assert code_of(lambda: verify_comparison(comparison(exchange), **{**trusted, "now": later(300)})) == "message-expired"
    assert code_of(lambda: verify_comparison(compared(exchange), **{**trusted, "keys": exchange.birch.keys})) == "unexpected-type"


def test_an_answer_is_to_this_comparison_and_has_as_many_points() -> None:
    exchange = Exchange()
    asked: dict[str, Any] = {"issuer": BIRCH, "audience": ALDER, "keys": exchange.birch.keys, "exchange_id": EXCHANGE_ID}
    answer = {**asked, "comparison_digest": DIGEST, "count": 3}
    assert verify_compared(compared(exchange), **answer) == POINTS
    assert code_of(lambda: verify_compared(compared(exchange, comparison_digest="B" * 42 + "A"), **answer)) == "other-exchange"
    assert code_of(lambda: verify_compared(compared(exchange, points=packed(POINTS[:2])), **answer)) == "malformed-token"


@given(st.binary(max_size=4 * POINT_BYTES))
def test_only_whole_points_are_points(data: bytes) -> None:
    if data and len(data) % POINT_BYTES == 0:
        assert packed(unpacked(to_base64url(data))) == to_base64url(data)
    else:
        with pytest.raises(MalformedToken):
            unpacked(to_base64url(data))


def test_a_comparison_has_no_more_points_than_are_blinded_and_fits_its_door() -> None:
    exchange = Exchange()
    most = packed([b"\x07" * POINT_BYTES] * MOST_POINTS)
    assert len(comparison(exchange, points=most)) <= MAX_LENGTH
    with pytest.raises(MalformedToken):
        unpacked(packed([b"\x07" * POINT_BYTES] * (MOST_POINTS + 1)))


def test_a_request_names_a_child_or_seeks_one_and_always_as_much() -> None:
    exchange = Exchange()
    named = exchange.selector.model_dump(mode="json", exclude_none=True)
    sought = Sought(bucket=7, tokens=(to_base64url(POINTS[0]),) * TOKENS).model_dump(mode="json")
    for both in ({**named, "sought": sought}, {name: value for name, value in named.items() if name != "person"}):
        with pytest.raises(ValueError, match="either a person"):
            Selector.model_validate(both)
    unnamed = Selector.model_validate({**{name: value for name, value in named.items() if name != "person"}, "sought": sought})
    assert len(unnamed.plaintext()) == len(exchange.selector.plaintext())
    assert len(from_base64url(unnamed.subject_commit)) == 32
    for fewer in (sought["tokens"][:-1], [*sought["tokens"], sought["tokens"][0]]):
        with pytest.raises(ValueError, match="tokens"):
            Sought.model_validate({"bucket": 7, "tokens": fewer})
