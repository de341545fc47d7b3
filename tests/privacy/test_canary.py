"""Nothing that tells of a person lies in clear on disk: not in the database, not in its log, not in the service's log lines."""

import json
import logging
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from shared.contracts.privacy import Recipient, RightsHolder
from shared.telemetry import JsonLines
from tests.privacy.disk import own_bytes, stored_bytes
from tests.privacy.grounds import ALL_SCOPES, Grounds
from tests.privacy.node import PrivacyNode
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

BORN = date(2011, 9, 23)
CODES = ("protected-address", "homeless", "special-education")
"""Words that are not of this test alone: sets of rules have them, which other tests store."""
CANARIES = (
    "2011-09-23", "canary-stepfather", "canary-order-77", "canary-desk-log",
    "canary-approval", "canary-evidence", "America/Indiana/Knox", "canary-reason", "canary-threat", "canary-case", "canary-vacated",
)  # fmt: skip


async def _everything(world: World) -> None:
    """Let each table hold what it may: facts, a consent granted and withdrawn, decisions with reasons, a fall, a discharge."""
    parent = uuid4()
    holder = RightsHolder(
        person_id=parent, relation="canary-stepfather", ended_on=date(2030, 1, 1), ended_by="canary-order-77", **{"from": BORN}
    )
    flags = frozenset({"homeless", "protected-address", "special-education"})
    facts = await world.student(birth_date=BORN, flags=flags, rights_holders=(holder,), time_zone="America/Indiana/Knox")
    acting = world.acting_for(parent, evidence_ref="canary-desk-log").model_dump(mode="json")
    consent = await world.consent(facts, acting_for=acting, signature="electronic", electronic_approval="canary-approval")
    decision = await world.node.decide(world.by_transfer(facts))
    denied = await world.node.decide(world.by_consent(facts, consent, elements=("contacts.addresses",)), by=world.node.client(world.vendor))
    assert {decision.outcome, denied.outcome} == {"permit-with-redaction", "deny"}
    assert any(one.element == "contacts.addresses" for one in decision.subjects[0].withheld)
    staff = world.node.client(world.oak, "rights:act", "obligations:discharge")
    await staff.post(f"/v1/consents/{consent.id}/withdrawal", {"acting_for": acting, "reason": "canary-reason"})
    obligations = json.loads((await staff.get("/v1/obligations")).body)["obligations"]
    discharged = await staff.post(f"/v1/obligations/{obligations[0]['id']}/discharge", {"evidence_ref": "canary-evidence"})
    assert discharged.status == 200
    grounds = await Grounds.of(world)
    emergency = await grounds.record("emergency", facts, reference="canary-case")
    asked = grounds.request("emergency", "safety", Recipient(kind="agency", id=str(grounds.agency.id)), facts, evidence_ids=(emergency.id,))
    assert (await world.node.decide(asked, by=world.node.client(world.oak))).outcome == "permit"
    ended = await world.node.client(world.oak, *ALL_SCOPES).post(f"/v1/evidence/{emergency.id}/revocation", {"reason": "canary-vacated"})
    assert ended.status == 200
    await world.node.push(world.facts(student_id=facts.student_id, version=2, birth_date=BORN, attends_postsecondary=True, flags=flags))
    await world.node.standing(decision.id)
    refused = world.facts(birth_date=BORN).model_dump(mode="json", by_alias=True) | {"nickname": "canary-stepfather"}
    token = world.node.records.for_job("privacy", "outbox", world.node.clock())
    assert (await world.node.send("PUT", f"/internal/subjects/{refused['student_id']}", token, body=refused)).status == 422


@pytest.mark.requirement("EX-3")
async def test_no_personal_fact_is_in_clear_on_disk_or_in_a_log_line(
    world: World, node: PrivacyNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await _everything(world)
    database = node.app.state.database
    on_disk, own = await stored_bytes(database, tmp_path), await own_bytes(database, tmp_path)
    assert str(world.oak.id).replace("-", "").encode() in own or world.oak.id.bytes in own, "the search looks where the data are"
    lines = "\n".join([*map(JsonLines().format, caplog.records), caplog.text]).encode()
    for canary in (*CANARIES, *CODES):
        for form in (canary.encode(), canary.encode("utf-16-le"), canary.encode().hex().encode()):
            assert form not in (own if canary in CODES else on_disk), canary
            assert form not in lines, canary
