"""Newer trust lists go between another maker's node (peer/) and ours, whoever has them first."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from node.trust import LASTS, signed_list
from safepassage.trust_list import VerifiedTrustList, read_trust_list
from services.records.exchange.trust_lists import bring_lists
from shared.keys import SigningKey
from tests.npm.peers import Network
from tests.npm.scripts import conversing

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

NAME = "Two makers"
ANSWERS = {
    "no list": "422 trust-list-malformed",
    "third": "422 trust-list-rolled-back",
    "by a stranger": "422 trust-list-not-signed",
    "with another root": "422 trust-list-not-signed",
    "of another network": "422 trust-list-rolled-back",
    "that is over": "503 trust-list-expired",
    "of tomorrow": "422 message-not-yet-valid",
    "second": "204",
    "second again": "204",
    "another second": "422 trust-list-rolled-back",
    "first": "204",
    "third at last": "204",
}


@pytest.mark.requirement("EX-other-makers")
async def test_a_newer_list_goes_either_way_and_what_does_not_follow_is_refused(beside: Network) -> None:
    alder, told, now = beside.alder, beside.told["bringing lists"], beside.alder.clock()
    first = alder.exchange.trust.verified
    assert first is not None

    def after(previous: VerifiedTrustList, *, roots: Sequence[SigningKey] = (beside.root,), network: str = NAME, ahead: int = 0) -> str:
        members, at = first.content.members, now + timedelta(seconds=ahead)
        return signed_list(network=network, roots=roots, threshold=1, members=members, previous=previous, now=at).decode()

    second = after(first)
    third = after(read_trust_list(second.encode(), development=True), ahead=1)
    stranger = SigningKey.generate()
    lists = {
        "no list": "{}",
        "third": third,
        "by a stranger": after(first, roots=[stranger]),
        "with another root": after(first, roots=[stranger, SigningKey.generate()]),
        "of another network": after(first, network="One maker"),
        "that is over": after(first, ahead=-int(LASTS.total_seconds()) - 1),
        "of tomorrow": after(first, ahead=86_400),
        "second": second,
        "second again": second,
        "another second": after(first, ahead=2),
        "first": first.document.decode(),
        "third at last": third,
    }
    async with conversing("peer/brings_lists.mjs", **told, lists=lists, order=list(ANSWERS)) as heard:
        said = await heard()
        assert dict(said["answers"]) == {**ANSWERS, "as text": "415 unsupported-media-type", "too large": "413 body-too-large"}
        assert (said["after"], said["none"]) == (3, 204)
        await bring_lists(alder.exchange)
        assert (await heard())[-3:] == [3, 2, 3]
