"""What a peer sends and is refused is kept for a person to look at, up to its share: nobody fills this node's store or its log."""

from collections.abc import Iterator

import pytest

from safepassage.canonical import digest_of
from services.records.tables import QuarantineRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, Genuine, genuine
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

SHARE = 2


@pytest.fixture
def small_share(states: TwoStates) -> Iterator[None]:
    """Birch keeps two refused messages of a peer."""
    exchange = states.birch.exchange
    kept, exchange.settings = exchange.settings, exchange.settings.model_copy(update={"max_quarantined_per_peer": SHARE})
    yield
    exchange.settings = kept


async def refused(states: TwoStates, held: Genuine, number: int) -> str:
    """Send one that is refused; the digest by which it is kept."""
    forger = Forger(states)
    claims = {**held.claims, "ct_digest": digest_of(b"%d" % number)}
    assert (await forger.send_claims(claims, held.ciphertext)).status == 422
    return digest_of(forger.sign(claims).encode())


@pytest.mark.usefixtures("small_share")
async def test_beyond_its_share_a_peers_refused_messages_are_neither_kept_nor_logged_one_by_one(states: TwoStates) -> None:
    held = await genuine(await states.queued())
    digests = [await refused(states, held, number) for number in range(SHARE + 2)]
    assert await refused(states, held, 0) == digests[0]
    rows = {row.message_digest: row for row in await states.birch.rows(QuarantineRow) if row.peer == states.alder.entity_id}
    assert set(rows) == set(digests[:SHARE])
    assert [rows[digest].times for digest in digests[:SHARE]] == [2, 1]
    told = [event["digests"]["ct"] for event in await waiting_for_the_log(states.birch, "trust", None)]
    assert [digest for digest in digests if digest in told] == digests[:SHARE]
