"""Whether a node may have a child is asked of ours by another maker's (peer/), and by ours of it, and neither names the child."""

from uuid import uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.wire_finding import NewFinding
from tests.npm.peers import Network
from tests.npm.scripts import conversing, script
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import ordinary_students

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

REFUSED = {
    "of no bucket": "400 malformed-token sought.bucket",
    "of fewer points": "400 malformed-token sought.tokens",
    "of a point that is none": "400 malformed-token sought.tokens.0",
    "with a name beside": "400 malformed-token",
    "of a whole record": "422 purpose-not-served",
    "with documents": "422 purpose-not-served",
    "on a consent": "422 purpose-not-served",
}
COMPARISONS = {
    "of another exchange": "422 other-exchange",
    "of another request": "422 other-exchange",
    "of a while ago": "422 message-expired",
    "of half a point": "400 malformed-token points",
    "of no point": "400 malformed-token points",
    "of a point that tells the secret": "400 malformed-token points",
}
PLAIN = [
    one.selector.model_dump(mode="json", include={"first_name", "last_name", "birth_date"})
    for one in ordinary_students()[50:]
    if (one.selector.first_name + one.selector.last_name).isascii() and (one.selector.first_name + one.selector.last_name).isalpha()
]
"""Children of one plain first name and one plain surname."""


@pytest.mark.requirement("EX-other-makers")
async def test_it_asks_whether_we_may_have_a_child_whom_it_does_not_name(beside: Network) -> None:
    alder, told, person = beside.alder, beside.told["seeking"], PLAIN[0]
    [child] = [one for one in ordinary_students() if one.selector.model_dump(mode="json", include=set(person)) == person]
    await alder.load(child)
    nobody = {**person, "last_name": "Nobodyelse"}
    said = await script("peer/seeks.mjs", **told, organisation="birch-elementary", person=person, nobody=nobody)
    assert said["refused"] == REFUSED
    assert said["found"] == {**said["nobody"], "kind": "perhaps"}
    assert (said["nobody"]["kind"], said["nobody"]["filed"]) == ("not-provided", 204)
    assert said["uncompared"] == {"kind": "not-provided", "filed": 204}


@pytest.mark.requirement("EX-other-makers")
async def test_it_is_asked_compares_and_says_perhaps(beside: Network) -> None:
    alder, told, person = beside.alder, beside.told["sought at"], PLAIN[1]
    [child] = [one for one in ordinary_students() if one.selector.model_dump(mode="json", include=set(person)) == person]
    asked = new_request(child.selector, holder=told["entity_id"], district=alder.organisation(MOVER_DISTRICT), now=alder.clock())
    new = NewFinding(person=asked.person, evidence=asked.evidence, nodes=(told["entity_id"],))
    async with conversing("peer/sought_at.mjs", **told, person=person) as heard, alder.client("former-district") as district:
        assert await heard() == {"ready": True}
        finding = await district.create_finding(new, idempotency_key=str(uuid4()))
        said = await heard()
        assert said["refused"] == COMPARISONS
        assert (said["met"], said["bucket"], said["sections"]) == ([False, True], True, ["enrollment"])
        assert [said[name]["outcome"] for name in ("first", "second")] == ["received", "applied"]
        assert said["more"] == [[409, "exchange-closed"]] * 2
        [one] = (await district.read_finding(finding.id)).asked
    assert (one.node, one.state) == (told["entity_id"], "perhaps")
