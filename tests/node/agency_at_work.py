"""A node at work, as its clients and officials meet it: a district, its vendor, the state's staff, and days that go by."""

import json
import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select

from node.creation import create_node
from node.embedded import EmbeddedNode
from node.folder import NodeFile
from node.synthetic import ALDER, SyntheticStudent, organisations
from safepassage.ids import uuid7
from safepassage.wire_access import OBLIGATION_KINDS
from safepassage.wire_organisations import NewOrganisation, Organisation
from services.audit.alerts.thresholds import Thresholds
from services.audit.alerts.watching import Watcher
from services.audit.witnessing.keys import WitnessKeys
from services.gateway.registry.administration import administration
from services.records.tables import StudentRow
from shared.settings import ServiceSettings
from shared.who_may_call import ServiceName
from tests.audit.two_audits import Between
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.console.consoles import Console, PeopledFolder
from tests.gateway.house import House
from tests.records.one_state import DISTRICT, some_students
from tests.stores import folder_at_head

STUDENTS: Final = [one for one in some_students(60) if one.district.key == DISTRICT][:25]
BULK: Final = 20
"""So few are many here: two hundred students take a test a second more, and show the same."""
ELEMENTS: Final = ("identity.name", "identity.birth_date")


class Watched(PeopledFolder):
    """A node whose agency has fewer students."""

    def settings(self, service: ServiceName) -> ServiceSettings:
        settings = super().settings(service)
        few = {"alert_thresholds": Thresholds(bulk_students=BULK), "witness_seconds": 3600}
        return settings.model_copy(update=few) if service == "audit" else settings


@dataclass
class AtWork:
    """The node with its people. Time passes as it is told to, and the alerts' worker takes its turns by hand."""

    console: Console
    district: Organisation
    vendor: Organisation
    clock: StandingClock
    watcher: Watcher
    passed: list[float]
    parties: dict[str, Party] = field(default_factory=dict)

    @property
    def audit(self) -> Any:
        return self.console.node.applications["audit"].state

    async def employ(self, name: str, organisation: Organisation, *scopes: str, purposes: tuple[str, ...] = ()) -> None:
        """Register a client."""
        party = await self.console.house.party(organisation, *scopes, purposes=purposes)
        self.parties[name] = replace(party, issuer=self.console.house.settings.entity_id)

    async def ask(self, name: str, method: str, path: str, *, purpose: str | None = None, **about: Any) -> Answer:
        """A request through the door with a token of its own, as for every day."""
        party, details = self.parties[name], {} if purpose is None else {"type": "student_data_access", "purpose": purpose}
        wanted = {"authorization_details": json.dumps([details])} if details else {}
        token = await self.console.house.token(party, **wanted)
        headers = [("idempotency-key", str(uuid4())), *about.pop("headers", [])]
        return await self.console.house.call(party, token, method, path, headers=headers, **about)

    async def did(self, name: str, method: str, path: str, **about: Any) -> Any:
        """As `ask`, and it went well."""
        answer = await self.ask(name, method, path, **about)
        assert answer.status in (200, 201), (path, answer.status, answer.body)
        return answer.json

    async def go_on(self, **by: float) -> None:
        """Time passes, on the clock and as the machine counts it. What was done is in the log before; the door has looked since."""
        await self.console.settle()
        self.clock.advance(**by)
        await self.console.house.app.state.standing.refresh()
        self.passed[0] += timedelta(**by).total_seconds()

    async def look(self) -> None:
        """What waits between the services arrives, the index has it, and the rules look."""
        await self.console.settle()
        await self.audit.projector.catch_up()
        await self.watcher.turn()

    async def load(self, *students: SyntheticStudent) -> None:
        """The district's information system sends its roster."""
        body = b"\n".join(one.load.model_dump_json(exclude_none=True).encode() for one in students)
        await self.did("sis", "POST", "/v1/rosters", headers=[("content-type", "application/x-ndjson")], body=body)
        await self.console.settle()

    async def students(self) -> list[UUID]:
        """The ids under which they are kept."""
        async with self.console.node.applications["records"].state.database.reading() as tx:
            return list((await tx.scalars(select(StudentRow.id).order_by(StudentRow.id))).all())

    async def agree(self) -> str:
        """The district's contract with the vendor."""
        today = self.clock().date()
        clauses = (
            "institutional_service",
            "direct_control",
            "redisclosure_limits",
            "legitimate_interest",
            "destruction",
            "security",
            "breach_notice",
        )
        about = {
            "kind": "contractor",
            "recipient_id": str(self.vendor.id),
            "district_ids": [str(self.district.id)],
            "document": "A" * 43,
            "signed_on": str(today - timedelta(days=30)),
            "starts_on": str(today - timedelta(days=20)),
            "ends_on": str(today + timedelta(days=200)),
            "elements": list(ELEMENTS),
            "purposes": ["instruction"],
        }
        made = await self.did("office", "POST", "/v1/agreements", json=about | {name: f"s. {name}" for name in clauses})
        return str(made["id"])

    async def page_for_vendor(self, agreement_id: str, *, limit: int) -> int:
        """The vendor reads a page of the roster; how many students were on it."""
        query = urllib.parse.urlencode({"agreement_id": agreement_id, "limit": limit})
        return len((await self.did("vendor", "GET", f"/v1/roster-entries?{query}", purpose="instruction"))["students"])

    async def may_vendor_have(self, student_id: str, element: str, basis: str, purpose: str, **evidence: Any) -> bool:
        """The district's enforcement point asks for a decision."""
        proof = {
            "assurance_level": "ial2",
            "method": "client-credentials",
            "evidence_ref": "vendor desk 7",
            "authenticated_at": self.clock().isoformat(),
        }
        body = {
            "subject": {"type": "vendor", "id": str(self.vendor.id)},
            "action": {"name": "disclose", "properties": {"basis": basis, "purpose": purpose}},
            "resource": {"type": "student_record", "id": student_id, "properties": {"elements": [element]}},
            "context": {"supported_obligations": list(OBLIGATION_KINDS), "recipient_proof": proof, **evidence},
        }
        return bool((await self.did("gate", "POST", "/access/v1/evaluation", json=body))["decision"])


@asynccontextmanager
async def at_work(path: Path, clock: StandingClock, witness_keys: Path) -> AsyncIterator[AtWork]:
    """The node, running, with one witness, whose keys these are and who does not answer."""
    file = NodeFile(
        entity_id="http://127.0.0.1:9",
        name="Department of Education",
        state="XA",
        organisation_id=uuid7(clock()),
        port=9,
        insecure_development=True,
    )
    folder = Watched(create_node(path / "alder", file, now=clock()).path)
    witness = WitnessKeys.of(witness_keys / "audit", "birch.example")
    assert witness is not None
    named = f"witness birch {witness.verifiers[0].vkey} https://birch.example/v1/witness\nquorum birch\n"
    folder.witness_policy.write_text(named)
    await folder_at_head(folder)
    node = EmbeddedNode(folder, clock=clock)
    audit = node.applications["audit"]
    audit.state.reach_witnesses = lambda _: Between()
    async with node.running(), administration(folder.settings("gateway"), clock=clock) as hand:
        since = date(2020, 1, 1)
        agency = await hand.add_organisation(
            NewOrganisation(kind="sea", name=file.name, valid_from=since), organisation_id=file.organisation_id
        )
        by_key = {"sea": agency}
        for one in organisations(ALDER)[1:]:
            by_key[one.key] = await hand.add_organisation(
                NewOrganisation(
                    kind=one.kind,
                    name=one.name,
                    parent_id=by_key[str(one.parent)].id,
                    nces_id=one.nces_id,
                    annual_notice_school_officials="notice 2026 p. 3" if one.kind == "lea" else None,
                    valid_from=since,
                )
            )
        vendor = await hand.add_organisation(NewOrganisation(kind="vendor", name="Acme Reading", valid_from=since))
        gateway = node.applications["gateway"]
        console = Console(node, House(gateway, gateway.state.settings, clock, hand, {}), agency, by_key[DISTRICT])
        await console.settle()
        passed = [0.0]
        yield AtWork(console, by_key[DISTRICT], vendor, clock, Watcher(audit.state, monotonic=lambda: passed[0]), passed)
