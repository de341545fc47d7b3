"""No evidence, no scorecard and no export names a student."""

import pytest
from sqlalchemy import select

from services.privacy.tables import ReadinessEvidenceRow
from tests.privacy.node import PrivacyNode
from tests.privacy.readiness.agency import Agency
from tests.privacy.readiness.test_evidence import measured
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("READY-no-student")
async def test_no_student_is_in_evidence_in_a_scorecard_or_in_an_export(world: World, agency: Agency, node: PrivacyNode) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    await node.decide(world.by_consent(facts, consent), by=node.client(world.vendor))
    await node.decide(world.by_transfer(facts))
    await measured(node)
    await agency.gateway_reports()
    await agency.records_reports()
    async with node.app.state.database.reading() as tx:
        evidence = "".join((await tx.execute(select(ReadinessEvidenceRow.whole))).scalars())
    exports = [(await agency.official.get(path)).body.decode() for path in ("/v1/readiness", "/v1/readiness/table", "/v1/readiness/page")]
    people = [str(facts.student_id), facts.student_id.hex, str(world.parents[facts.student_id]), str(consent.id), "2012-03-04"]
    for text in (evidence, *exports):
        assert len(text) > 500
        assert not [one for one in people if one in text]
