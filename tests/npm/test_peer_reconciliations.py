"""A finished day is compared between another maker's node (peer/) and ours, by either."""

from uuid import UUID

import pytest

from tests.npm.peers import Network
from tests.npm.scripts import conversing

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

NOBODY = {"first_name": "Nobody", "last_name": "Of yesterday", "birth_date": "2012-03-04"}
ABOUT = {"sections": ["identity"], "organisation": "birch-elementary", "person": NOBODY}
REFUSED = {
    "of today": "422 counts-of-another-day",
    "of nine days ago": "422 counts-of-another-day",
    "of no day": "422 counts-of-another-day",
    "logged as another day": "422 wrong-leaf",
    "logged as something else": "422 wrong-leaf",
    "with less than nothing": "400 malformed-token answers_sent.dead",
    "of a step that there is not": "400 malformed-token answers_sent.lost",
}


@pytest.mark.requirement("EX-other-makers")
async def test_a_day_is_compared_and_a_request_that_we_have_not_is_found(beside: Network) -> None:
    alder, told = beside.alder, beside.told["comparing"]
    async with conversing("peer/compares.mjs", **told, **ABOUT) as heard:
        said = await heard()
        assert said["refused"] == REFUSED
        assert (said["agreed"], said["seen"], said["lines"]) == (True, True, [[True, "arrived"]])
        assert said["behind"] == {"v": 1, "lines": []}
        assert said["others"] == [[422, "counts-of-another-day"], [422, "invalid-request"]]
        said = await heard()  # our node compares too
        assert said["asked"] == [said["yesterday"], "requests-sent", None]
        async with alder.client("state-agency") as operator:
            while not (days := (await operator.list_reconciliations(peer=told["entity_id"], state="differs")).content.days):
                pass  # each look is a call
    [finding] = days[0].findings
    assert (days[0].day, finding.kind, finding.ids) == (said["yesterday"], "requests-lacking-here", (UUID(said["lost"]),))
