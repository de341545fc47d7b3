"""Points that stand for texts are those of RFC 9380, and blinding them twice gives the same in either order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safepassage.problems.signatures import MalformedToken
from services.records.finding.curve import P, blinded, point_of
from tests.sdk.vectors import vectors

VECTORS = vectors("curve25519_ell2_nu")
OURS = VECTORS["blinding"]
SECRETS = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["msg"][:8] or "empty")
def test_a_text_has_the_point_that_the_rfc_says(vector: dict[str, str]) -> None:
    point = point_of(vector["msg"].encode(), domain=VECTORS["dst"].encode())
    assert int.from_bytes(point, "little") == int(vector["u_of_q"], 16)


@pytest.mark.parametrize("vector", OURS["texts"], ids=lambda vector: vector["text"])
def test_our_own_texts_have_the_points_on_record(vector: dict[str, str]) -> None:
    point = point_of(vector["text"].encode())
    assert (point.hex(), blinded(bytes.fromhex(OURS["secret"]), [point])[0].hex()) == (vector["point"], vector["blinded"])


@given(st.text(), SECRETS, SECRETS)
def test_either_side_may_blind_first(text: str, one: bytes, other: bytes) -> None:
    point = point_of(text.encode())
    assert blinded(one, blinded(other, [point])) == blinded(other, blinded(one, [point]))


@given(st.text())
def test_a_point_is_on_the_curve_and_not_on_its_twist(text: str) -> None:
    u = int.from_bytes(point_of(text.encode()), "little")
    assert pow((u**3 + 486662 * u**2 + u) % P, (P - 1) // 2, P) == 1


@pytest.mark.parametrize("low", [0, 1, P - 1, P, P + 1])
def test_a_point_that_gives_the_secret_s_order_away_is_refused(low: int) -> None:
    with pytest.raises(MalformedToken):
        blinded(bytes(32), [low.to_bytes(32, "little")])
