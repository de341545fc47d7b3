"""A proof that somebody made without the key: how long the key's proofs are verified before anything is kept of them."""

from datetime import UTC, datetime, timedelta

import pytest

from safepassage.problems.access import ProofNotValid
from services.gateway.oauth.forged_proofs import LASTS_SECONDS, ForgedProofs
from services.gateway.oauth.proof_of_possession import REMEMBERED_SECONDS, Proofs, UnverifiedProof
from tests.gateway.by_hand import Party, spoilt

NOW = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)


def read(party: Party, *, forged: bool) -> UnverifiedProof:
    text = party.proof(NOW, "GET", "/v1/decisions")
    text = spoilt(text) if forged else text
    return Proofs().read(text, method="GET", url=f"{party.issuer}/v1/decisions", now=NOW, token=None, bound_to=None)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def forge(forged: ForgedProofs, party: Party, at: datetime) -> None:
    with pytest.raises(ProofNotValid):
        forged.require_signature(read(party, forged=True), at)


def test_the_key_is_doubted_for_as_long_as_the_row_of_the_forged_proof_is_kept_and_no_other() -> None:
    forged, own, other = ForgedProofs(), Party("", "https://node.example"), Party("", "https://node.example")
    forged.require_signature(read(own, forged=False), NOW)
    assert not forged.doubts(read(own, forged=False), NOW)
    forge(forged, own, NOW)
    assert LASTS_SECONDS > REMEMBERED_SECONDS
    for seconds, doubted in ((0, True), (LASTS_SECONDS - 0.1, True), (LASTS_SECONDS, False)):
        assert forged.doubts(read(own, forged=False), after(seconds)) is doubted
        assert not forged.doubts(read(other, forged=False), after(seconds))


def test_with_as_many_doubted_as_are_remembered_all_are_until_some_are_over() -> None:
    forged = ForgedProofs(most=2)
    one, two, own = (Party("", "https://node.example") for _ in range(3))
    forge(forged, one, NOW)
    assert not forged.doubts(read(own, forged=False), NOW)
    forge(forged, two, after(10))
    assert forged.doubts(read(own, forged=False), after(10))
    assert not forged.doubts(read(own, forged=False), after(LASTS_SECONDS + 1))
    assert forged.doubts(read(two, forged=False), after(LASTS_SECONDS + 1))
