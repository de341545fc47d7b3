"""What owners send that is not in the matrix of tests/isolation, since it names nothing yet; the document's links begin with it."""

import json
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

from node.synthetic import SyntheticStudent
from safepassage.canonical import digest_of
from tests.audit.alerts.officials import acting as seeing
from tests.audit.alerts.officials import listed
from tests.audit.alerts.watched import read_students, watch
from tests.audit.retention.officials import acting
from tests.isolation.of_privacy import Named
from tests.isolation.two_districts import Request, TwoDistricts, new_id
from tests.privacy.officials import AUTHOR, FIRST, SECOND, Officials, forbid
from tests.privacy.test_duties import new_duty
from tests.privacy.test_notice_duties import UNDATED
from tests.records.exchange.educators import educator, micro_credential
from tests.records.one_state import DISTRICT, some_students

ANYWHERE = "00000000-0000-7000-8000-000000000000"
"""Stands where a link leads to a thing."""


async def of_owners(two: TwoDistricts) -> AsyncIterator[Named]:
    """Operation, whose it is, and the request; each may be sent again."""
    for part in (_records, _policies, _log, _readiness, _duties):
        async for named in part(two):
            yield named


async def _records(two: TwoDistricts) -> AsyncIterator[Named]:
    """Some of the children are there already, and known to privacy: what is made of them leaves for their own parents."""
    sis = two.state.district(DISTRICT)
    for child in [one for one in some_students(200) if one.district.key == DISTRICT and _is_a_childs(one)][-4:]:
        student = (await sis.load(child.load)).id
        contacts = (await sis.read(student)).record.document()["contacts"]
        person = next(one["person_id"] for one in contacts["guardians"] if "rights" in one and "ended_on" not in one["rights"])
        acting_for, path = two.privacy.acting_for(UUID(person)).model_dump(mode="json"), f"/v1/students/{student}"
        load = json.loads(child.load.model_dump_json(exclude_none=True))
        yield "records.load_student", "district", Request("POST", "/v1/students", (), load)
        anew = {name: load[name] for name in ("record", "source_system", "as_of")}
        for version in (1, 2, 3):
            yield "records.change_student", "district", Request("PUT", path, (), anew | {"version": version})
        for name, ending in (("issue_transcript", "transcripts"), ("make_hand_carry_copy", "hand-carry-copies")):
            yield f"records.{name}", "district", Request("POST", f"{path}/{ending}", (), {"acting_for": acting_for})
    await two.state.tell()
    badge = micro_credential(educator()).model_dump(mode="json", exclude_none=True)
    yield "records.issue_educator_credential", "district", Request("POST", "/v1/educator-credentials", (), badge)
    path = f"/v1/credentials/{ANYWHERE}/revocation"
    yield "records.revoke_credential", "district", Request("POST", path, (), {"reason": "issued-in-error"})


def _is_a_childs(student: SyntheticStudent) -> bool:
    identity, academics = student.load.record.identity, student.load.record.academics
    if identity is None or identity.birth_date is None or academics is None:
        return False
    ordinary = student.case is None and student.twin_of is None
    return ordinary and bool(academics.transcript) and identity.birth_date.birth_date > date(2009, 1, 1)


async def _policies(two: TwoDistricts) -> AsyncIterator[Named]:
    officials, path = Officials.of(two.privacy), f"/v1/policy-sets/{'A' * 43}"
    for number in range(12):
        draft = officials.draft_body(forbid(f"xa-{number}"))
        yield "privacy.draft_policy_set", "state", Request("POST", "/v1/policy-sets", (), draft)
    for name, ending in (("validate_policy_set", "validation"), ("run_policy_tests", "tests")):
        yield f"privacy.{name}", "state", Request("POST", f"{path}/{ending}", (), officials.acting(AUTHOR))
    now = two.state.clock()
    day = {"from": now.replace(hour=0).isoformat(), "until": now.isoformat()}
    yield "privacy.start_policy_replay", "state", Request("POST", f"{path}/replays", (), officials.acting(AUTHOR, **day))
    for official in (FIRST, SECOND):
        yield "privacy.approve_policy_set", "state", Request("POST", f"{path}/approvals", (), officials.acting(official, acknowledges=[]))
    activation = officials.acting("o-chief", replaces=officials.active, reason="law-changed")
    yield "privacy.activate_policy_set", "state", Request("POST", f"{path}/activation", (), activation)


async def _log(two: TwoDistricts) -> AsyncIterator[Named]:
    official = {"acting_official": acting("counsel")}
    hold = {"student_id": ANYWHERE, "reason": "litigation", "reference": "case-12", **official}
    yield "audit.place_legal_hold", "state", Request("POST", "/v1/log/holds", (), hold)
    lift = {"reason": "matter-ended", **official}
    yield "audit.lift_legal_hold", "state", Request("POST", f"/v1/log/holds/{ANYWHERE}/lift", (), lift)
    receiver = {"kind": "webhook", "url": "https://siem.alder.example/in"}  # paused before anything is sent: nobody is there
    for _ in range(4):
        path = f"/v1/log/destinations/{new_id(two)}"
        yield "audit.make_log_destination", "state", Request("PUT", path, (), {"name": "the SIEM", "receiver": receiver})
    path = f"/v1/log/destinations/{ANYWHERE}"
    yield "audit.rotate_log_destination_secret", "state", Request("POST", f"{path}/secret-rotation", (), {})
    yield "audit.replay_log_entries", "state", Request("POST", f"{path}/replays", (), {"since": "2026-01-01T00:00:00Z"})
    await read_students(two.audit, 300)
    await watch(two.audit)
    for alert in await listed(two.audit):
        seen = {"reason": "explained", "seen_count": alert.seen_count, "acting_official": seeing()}
        yield "audit.acknowledge_alert", "state", Request("POST", f"/v1/log/alerts/{alert.id}/acknowledgements", (), seen)


async def _readiness(two: TwoDistricts) -> AsyncIterator[Named]:
    answer = await two.ask(two.owners["state"], frozenset({"readiness:read"}), Request("GET", "/v1/readiness", ()))
    said = {"level": 3, "official": "o-7f2a", "role": "privacy-officer"}
    said |= {"document": {"digest": digest_of(b"charter"), "reference": "Charter of 2025, page 3"}}
    for question in [one["question_id"] for one in answer.json["answers"] if one.get("attestable", True)][:12]:
        path = f"/v1/readiness/questions/{question}/attestations"
        yield "privacy.attest_question", "state", Request("POST", path, (), said)
    back = {"official": "o-9c1d", "role": "chief", "reason": "no-longer-true"}
    yield "privacy.withdraw_attestation", "state", Request("POST", f"/v1/readiness/attestations/{ANYWHERE}/withdrawal", (), back)


async def _duties(two: TwoDistricts) -> AsyncIterator[Named]:
    notice = new_duty(UNDATED, organisation_id=str(two.privacy.oak.id))
    yield "privacy.open_duty", "district", Request("POST", "/v1/duties", (), notice)
