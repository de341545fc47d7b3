"""Each address of audit that is read: it leaves one entry of the log for each time, or it is listed here with why it leaves none."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from services.audit.disclosures import copies
from services.audit.tables import DisclosureCopyRow, TreeStateRow
from services.gateway.door.audit_routes import AUDIT
from tests.audit.alerts import officials
from tests.audit.alerts.watched import read_students, stop_workers, watch
from tests.audit.audit_node import OAK, STATE, AuditNode, disclosure, event, give_organisations
from tests.audit.retention.officials import asked, hold, years_later
from tests.conftest import StandingClock
from tests.documented import documented

pytestmark = pytest.mark.anyio

ANY: Final = "0" * 64
"""A digest of no log's origin that is known here."""
OF_A_LEAF: Final = "hashes and leaves, which anybody may have: they show nobody"
OF_ANOTHER_LOG: Final = "another node's log, in hashes and leaves"
LEFT_OUT: Final = {
    "/internal/consistency": OF_A_LEAF,
    "/internal/radius-counts/{count_id}/students": "records counts them by where they live, and logs that before it tells a sum",
    "/internal/readiness-evidence": "figures about the node",
    "/v1/log/blast-radius/counts/{count_id}": "the question was logged before its answer could be read, which nobody else reads",
    "/v1/log/checkpoint": OF_A_LEAF,
    "/v1/log/consistency": OF_A_LEAF,
    "/v1/log/entries/{index}": OF_A_LEAF,
    "/v1/log/entries/{index}/proof": OF_A_LEAF,
    "/v1/log/keys": "public keys",
    "/v1/log/retention-classes": "settings of the node",
    "/v1/log/tile/{tile_path}": OF_A_LEAF,
    "/v1/log/witnesses": "nodes, and how far they have come",
    "/v1/mirror/{origin_digest}/checkpoint": OF_ANOTHER_LOG,
    "/v1/mirror/{origin_digest}/tile/{tile_path}": OF_ANOTHER_LOG,
    "/v1/witness/{origin_digest}/checkpoint": OF_ANOTHER_LOG,
}
"""Addresses that show nothing of what the log holds about somebody."""
PATHS: Final = documented("audit")["paths"]
READ: Final = sorted(path for path, methods in PATHS.items() if "get" in methods)
TOUCHED: Final = {"client_id": "sis-1", "touched_from": "2026-09-01T00:00:00Z", "touched_until": "2040-01-01T00:00:00Z"}
TALLIED: Final = {"bounds": ["2026-09-01T00:00:00Z", "2040-01-01T00:00:00Z"], "tallies": [{"search": {}}]}
QUESTIONS: Final[dict[str, dict[str, Any]]] = {
    "POST /v1/log/searches": {},
    "POST /v1/log/saved-searches/{saved_search_id}/runs": {},
    "POST /v1/log/tallies": TALLIED,
    "POST /v1/log/blast-radius": TOUCHED,
    "POST /v1/log/blast-radius/rows": TOUCHED,
    "PUT /v1/log/blast-radius/counts/{new_id}": TOUCHED,
    "POST /v1/log/exports": {"search": {}, "format": "jsonl"},
}
"""What is asked with a body."""
PART_OF_ONE: Final = {"/v1/log/exports/parts", "/v1/log/exports/manifest"}
"""Of an export whose plan is the question; the manifest is an entry too (tests/audit/exports)."""
ACTS: Final = (
    "acknowledgements", "alert-reviews", "approvals", "call-off", "delivery", "destinations/{destination_id}", "destructions", "holds",
    "lift", "pause", "ping", "replays", "resumption", "saved-searches/{saved_search_id}", "secret-rotation",
)  # fmt: skip
"""How the addresses end by which something is done, which is an entry of its own."""
SCOPES: Final = sorted({scope for route in AUDIT for scope in route.scopes | route.and_scopes})
OF_RECORDS: Final = "/internal/radius-counts/{count_id}/students"
SENDERS: Final = {"/internal/consistency": "records", "/internal/readiness-evidence": "privacy"}
QUERIES: Final = {"/v1/log/consistency": "from=1&to=2", "/internal/consistency": "from=1&to=2"}
MAY_BE_ABSENT: Final = {"/v1/witness/{origin_digest}/checkpoint", *(path for path in READ if path.startswith("/v1/mirror/"))}
"""No other log is known to a node that is alone."""


@dataclass
class Filled:
    """A node with one of everything that is read."""

    node: AuditNode
    named: dict[str, str]

    async def size(self) -> int:
        """Entries of the log."""
        async with self.node.database.reading() as tx:
            return await tx.scalar(select(func.sum(TreeStateRow.size))) or 0

    async def read(self, path: str, query: str = "") -> tuple[int, int]:
        """The status, and how many entries more there are."""
        before = await self.size()
        sender = SENDERS.get(path)
        through: Any = "records" if path == OF_RECORDS else None
        state = self.node.as_caller(*SCOPES, kind="sea", organisation=STATE, purpose="audit-evaluation", through=through)
        headers = state if sender is None else self.node.as_job(sender)  # type: ignore[arg-type]  # a service
        answer = await self.node.send("GET", path.format(**self.named), headers, query=query or QUERIES.get(path, ""))
        return answer.status, await self.size() - before

    async def send(self, method: str, path: str, body: dict[str, Any], query: str = "") -> None:
        state = self.node.as_caller(*SCOPES, kind="sea", organisation=STATE, purpose="audit-evaluation")
        answer = await self.node.send(method, path.format(**self.named, new_id=uuid4()), state, body, query)
        assert answer.status in (200, 201), answer.body


@pytest.fixture
async def filled(node: AuditNode, clock: StandingClock) -> Filled:
    await stop_workers(node, "keep_watch", "make_in_time", "keep_carrying_out", "send_to_destinations")
    await give_organisations(node)
    student = uuid4()
    await node.append(disclosure(node, student, originating_organisation=OAK))
    await read_students(node, 200)
    await watch(node)
    clock.advance(days=8)
    assert await copies.make_due(node.app, now=clock()) == 1
    async with node.database.reading() as tx:
        copy = (await tx.scalars(select(DisclosureCopyRow.id))).one()
    (alert, *_) = await officials.listed(node)
    ended = uuid4()
    await node.append(event(student=ended))
    await years_later(node, clock)
    of = {
        "student_id": student,
        "copy_id": copy,
        "alert_id": alert.id,
        "destruction_id": (await asked(node, ended)).id,
        "hold_id": (await hold(node, student_id=str(student))).id,
        "saved_search_id": uuid4(),
        "destination_id": uuid4(),
        "count_id": uuid4(),
        "index": 0,
        "origin_digest": ANY,
        "tile_path": "0/000.p/1",
    }
    filled = Filled(node, {name: str(value) for name, value in of.items()})
    await filled.send("PUT", "/v1/log/saved-searches/{saved_search_id}", {"name": "a child", "search": {"student_id": str(student)}})
    receiver = {"kind": "webhook", "url": "https://siem.alder.example/in", "signature": "v1"}
    await filled.send("PUT", "/v1/log/destinations/{destination_id}", {"name": "the SIEM", "receiver": receiver})
    window = {"touched_from": (clock() - timedelta(days=30)).isoformat(), "touched_until": clock().isoformat()}
    await filled.send("PUT", "/v1/log/blast-radius/counts/{count_id}", {"client_id": "sis-1", **window}, "wait=5")
    return filled


@pytest.mark.requirement("LOG-reading")
async def test_each_look_at_what_the_log_holds_about_somebody_is_one_entry(filled: Filled) -> None:
    told = {path: await filled.read(path) for path in READ}
    assert {path for path, (status, _) in told.items() if status != 200} <= MAY_BE_ABSENT, told
    assert {path: entries for path, (_, entries) in told.items()} == {path: int(path not in LEFT_OUT) for path in READ}


@pytest.mark.requirement("LOG-reading")
@pytest.mark.parametrize("asked_for", QUESTIONS)
async def test_each_question_is_one_entry(filled: Filled, asked_for: str) -> None:
    method, path = asked_for.split()
    before = await filled.size()
    await filled.send(method, path, QUESTIONS[asked_for], "wait=5" if "{new_id}" in path else "")
    assert await filled.size() == before + 1


def test_what_is_left_out_is_an_address_that_there_is() -> None:
    assert LEFT_OUT.keys() <= set(READ)


def test_whatever_takes_a_body_is_a_question_or_an_act_or_between_services_and_nodes() -> None:
    asked_for = {one.split()[1].replace("{new_id}", "{count_id}") for one in QUESTIONS}
    others = {path for path, methods in PATHS.items() if methods.keys() - {"get"}} - asked_for - PART_OF_ONE
    left = {path for path in others if not path.startswith(("/internal/", "/v1/witness/", "/v1/mirror/"))}
    assert {path for path in left if not path.endswith(ACTS)} == set()
