"""Every kind of alert, raised by what a whole node's services themselves write into the log: of what its clients do, and of what fails."""

from pathlib import Path
from typing import Any, Final, get_args
from uuid import uuid4

import pytest

from safepassage.wire_alerts import AlertRule
from services.gateway.console.alert_words import ALERT_WORDS
from services.gateway.console.alerts import PATH
from tests.audit.alerts.watched import stop_workers
from tests.conftest import StandingClock
from tests.gateway.console.crossing import log_of
from tests.gateway.console.narrowing import page_of
from tests.node.agency_at_work import BULK, STUDENTS, AtWork, at_work

pytestmark = pytest.mark.anyio

ELSEWHERE: Final = {"copy-overdue", "exchange-difference", "exchange-unsettled", "witness-finding"}
"""What takes another node, or a month: tests/records/exchange and tests/audit."""

WHOSE: Final = {
    "bulk-read": {"vendor", "analyst"},
    "after-hours": {"vendor", "sis"},
    "first-seen-actor": {"vendor", "sis", "analyst"},
    "first-seen-purpose": {"sis"},
    "denied-then-permitted": {"gate"},
    "enumeration": {"sis"},
    "break-glass": {"gate", "principal"},
    "export-after-bulk-read": {"analyst"},
    "dormant-credential": {"gate"},
    "log-silence": {"the node"},
    "index-lag": {"the node"},
    "clock-skew": {"the node"},
    "unwitnessed": {"the node"},
}
"""Of whom each kind tells at the end of this story."""


async def open_for_business(work: AtWork) -> str:
    """Who works here, the roster, and the vendor's contract."""
    agency, district = work.console.agency, work.district
    await work.employ("sis", district, "records:load", "records:read", purposes=("instruction", "student-services"))
    await work.employ("office", agency, "agreements:write")
    await work.employ("vendor", work.vendor, "records:read", purposes=("instruction",))
    await work.employ("gate", district, "access:evaluate")
    await work.employ("principal", district, "evidence:write")
    await work.employ("analyst", agency, "records:read", "records:read:state", "audit:export", purposes=("audit-evaluation",))
    await work.employ("auditor", agency, "alerts:read", "audit:search", purposes=("audit-evaluation",))
    await work.load(*STUDENTS)
    return await work.agree()


async def looked_up(work: AtWork, *, purpose: str) -> str:
    """The district's staff look a student up by name."""
    identity = STUDENTS[0].load.record.identity
    assert identity is not None
    assert identity.name is not None
    about = {
        "first_name": identity.name.first,
        "last_name": identity.name.last_1,
        "birth_date": str(identity.birth_date and identity.birth_date.birth_date),
    }
    (found,) = (await work.did("sis", "POST", "/v1/students/lookup", purpose=purpose, json=about))["students"]
    return str(found)


async def usual_weeks(work: AtWork, agreement_id: str) -> None:
    """Seven weeks in which everybody does what they usually do; the district's enforcement point is asked on the first day alone."""
    student_id = await looked_up(work, purpose="instruction")
    assert await work.may_vendor_have(student_id, "identity.name", "contractor", "instruction", agreement_id=agreement_id)
    for days in (14, 14, 17):
        assert await work.page_for_vendor(agreement_id, limit=3) == 3
        await looked_up(work, purpose="instruction")
        await work.look()
        await work.go_on(days=days)
    await work.page_for_vendor(agreement_id, limit=3)
    await work.go_on(days=3)


async def unusual_day(work: AtWork, agreement_id: str) -> None:
    """A day on which each rule about clients has something to find."""
    student_id = await looked_up(work, purpose="instruction")
    assert await work.page_for_vendor(agreement_id, limit=1000) >= BULK
    await looked_up(work, purpose="student-services")
    for _ in range(25):
        about = {"first_name": "Nobody", "last_name": f"Known{uuid4().hex[:4]}", "birth_date": "2012-03-04"}
        assert (await work.did("sis", "POST", "/v1/students/lookup", purpose="instruction", json=about))["students"] == []
    for _ in range(10):
        assert not await work.may_vendor_have(student_id, "identity.sex", "contractor", "instruction", agreement_id=agreement_id)
    assert await work.may_vendor_have(student_id, "identity.name", "contractor", "instruction", agreement_id=agreement_id)
    now = work.clock().isoformat()
    emergency = {
        "kind": "emergency",
        "agency_id": str(work.district.id),
        "document": "A" * 43,
        "reference": "file 2026/7",
        "recipient_id": str(work.vendor.id),
        "elements": ["identity.name"],
        "student_ids": [student_id],
        "valid_from": now,
        "valid_until": work.clock().replace(hour=23).isoformat(),
        "declared_at": now,
        "declared_by": "o-principal",
        "threat": "Something was written on a wall.",
        "knowledge_necessary": "log 3",
        "approved_by": "o-superintendent",
        "approved_at": now,
    }
    evidence = await work.did("principal", "POST", "/v1/evidence", json=emergency)
    assert await work.may_vendor_have(student_id, "identity.name", "emergency", "safety", evidence_ids=[evidence["id"]])
    for one in (await work.students())[:BULK]:
        await work.did("analyst", "GET", f"/v1/students/{one}?elements=identity.name", purpose="audit-evaluation")
    await work.did("analyst", "POST", "/v1/log/exports", purpose="audit-evaluation", json={"format": "jsonl", "search": {}})
    await work.go_on(hours=14)
    await work.page_for_vendor(agreement_id, limit=3)
    await work.look()


async def faults_of_the_node(work: AtWork) -> None:
    """The node falls silent, its index stands still, its clock is set."""
    await work.go_on(hours=80)
    await work.look()
    await stop_workers(log_of(work.console), "_keep_index")
    await looked_up(work, purpose="instruction")
    await work.go_on(minutes=10)
    await work.watcher.turn()
    await work.audit.projector.catch_up()
    work.clock.advance(minutes=5)
    await work.watcher.turn()
    await work.go_on(seconds=1)
    await work.audit.projector.catch_up()


@pytest.mark.requirement("LOG-ALERTS")
async def test_each_kind_of_alert_is_raised_by_what_a_node_logs_of_itself_and_shown(
    tmp_path: Path, clock: StandingClock, node_keys: Path
) -> None:
    async with at_work(tmp_path, clock, node_keys) as work:
        await stop_workers(log_of(work.console), "keep_watch")
        agreement_id = await open_for_business(work)
        await usual_weeks(work, agreement_id)
        await unusual_day(work, agreement_id)
        await faults_of_the_node(work)
        told = (await work.did("auditor", "GET", "/v1/log/alerts?limit=1000", purpose="audit-evaluation"))["alerts"]
        assert set(WHOSE) == set(get_args(AlertRule)) - ELSEWHERE
        await each_is_an_entry_of_its_own(work, told)
        await each_says_whom_it_is_about(work, told)
        auditor = await work.console.browser("auditor")
        pages = {rule: await page_of(auditor, f"{PATH}?rule={rule}") for rule in ALERT_WORDS}
        assert {rule for rule, page in pages.items() if 'data-label="Found"' in page} == set(WHOSE)


async def each_is_an_entry_of_its_own(work: AtWork, told: list[dict[str, Any]]) -> None:
    """And the entry says what it is."""
    asked = {"classes": ["alert"], "operations": ["alert"]}
    found = (await work.did("auditor", "POST", "/v1/log/searches?limit=1000", purpose="audit-evaluation", json=asked))["entries"]
    assert sorted((one["index"], one["context"]["reason"]) for one in found) == sorted((one["index"], one["rule"]) for one in told)
    assert len({one["index"] for one in found}) == len(told)


async def each_says_whom_it_is_about(work: AtWork, told: list[dict[str, Any]]) -> None:
    """Whoever did it, and nobody else."""
    names = {party.client_id: name for name, party in work.parties.items()}
    about: dict[str, set[str]] = {}
    for one in told:
        about.setdefault(one["rule"], set()).add(names.get((one.get("actor") or {}).get("client_id"), "the node"))
    assert about == WHOSE
