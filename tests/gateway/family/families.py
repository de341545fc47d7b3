"""A whole node in one process, a district's system that makes links, and browsers of family members."""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from safepassage.wire_family import MadeFamilyLink
from safepassage.wire_organisations import Organisation
from shared.contracts.audit import Event
from shared.contracts.privacy import Attendance, RightsHolder, SubjectFacts
from tests.audit.audit_node import AuditNode, disclosure
from tests.gateway.by_hand import Answer, Party
from tests.gateway.console.consoles import Console
from tests.gateway.console.crossing import log_of
from tests.gateway.people.signing_in import Browser
from tests.privacy.node import PrivacyNode


@dataclass
class FamilyBrowser(Browser):
    """A family member's."""

    async def use(self, link: str, **headers: str) -> Answer:
        """Press the button of a link's page."""
        return await self.post("/family/link", token="", link=link)

    async def form_token(self) -> str:
        """What the visit's pages have in their forms."""
        found = re.search(r'name="token" value="([A-Za-z0-9_-]+)"', await self.text("/family"))
        assert found
        return found[1]

    async def text(self, path: str) -> str:
        """A page that is there."""
        answer = await self.get(path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.body.decode()


@dataclass
class Families:
    """A running node with a district, and its students."""

    console: Console
    systems: dict[UUID, tuple[Party, str]] = field(default_factory=dict)

    @property
    def privacy(self) -> PrivacyNode:
        return PrivacyNode(self.console.node.applications["privacy"], self.console.house.clock, self._keys)

    @property
    def audit(self) -> AuditNode:
        return log_of(self.console)

    @property
    def _keys(self) -> Path:
        return Path(self.console.node.folder.path) / "keys"

    async def student(self, *, district: Organisation | None = None, parents: int = 1, **more: Any) -> SubjectFacts:
        """A student of the district, with so many parents."""
        whose = (district or self.console.district).id
        holders = [RightsHolder(person_id=uuid4(), relation="mother", **{"from": date(2012, 3, 4)}) for _ in range(parents)]
        values: dict[str, Any] = {
            "student_id": uuid4(),
            "facts_version": 1,
            "custodian_id": whose,
            "originating_agency": str(whose),
            "attendances": (Attendance(organisation_id=whose, **{"from": date(2024, 8, 20)}),),
            "birth_date": date(2012, 3, 4),
            "time_zone": "America/Los_Angeles",
            "jurisdiction": "US-XA",
            "rights_holders": tuple(holders),
        }
        facts = SubjectFacts(**values | more)
        await self.push(facts)
        return facts

    async def push(self, facts: SubjectFacts) -> None:
        """As records tells privacy."""
        answer = await self.privacy.push(facts)
        assert answer.status == 204, answer.body

    def wanted(self, facts: SubjectFacts, person_id: UUID | None = None) -> dict[str, Any]:
        """A link for a parent (the first, or the person), as a student information system asks for one."""
        acting_for = {
            "person_id": str(person_id or facts.rights_holders[0].person_id),
            "assurance_level": "ial2",
            "method": "in-person",
            "evidence_ref": "desk log 118",
            "authenticated_at": self.console.house.now.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        return {"student_id": str(facts.student_id), "acting_for": acting_for}

    async def ask(self, method: str, path: str, body: Any = None, *, by: Organisation | None = None) -> Answer:
        """The district's own system (or another organisation's) at the API."""
        whose, house = by or self.console.district, self.console.house
        if whose.id not in self.systems:
            party = await house.party(whose, "family:links")
            party.issuer = house.settings.entity_id
            self.systems[whose.id] = party, await house.token(party)
        party, token = self.systems[whose.id]
        return await house.call(party, token, method, path, **({} if body is None else {"json": body}))

    async def link(self, facts: SubjectFacts, person_id: UUID | None = None) -> MadeFamilyLink:
        """A link that was made."""
        answer = await self.ask("POST", "/v1/family-links", self.wanted(facts, person_id))
        assert answer.status == 201, answer.body
        return MadeFamilyLink.model_validate_json(answer.body)

    def stranger(self) -> FamilyBrowser:
        """A browser without a visit."""
        return FamilyBrowser(self.console.house)

    async def visit(self, facts: SubjectFacts, person_id: UUID | None = None) -> FamilyBrowser:
        """A family member who came in."""
        browser = self.stranger()
        answer = await browser.use((await self.link(facts, person_id)).link)
        assert answer.status == 303, answer.body
        return browser

    async def disclosed(self, facts: SubjectFacts, **about: Any) -> Event:
        """The student's record went to somebody."""
        made = disclosure(self.audit, facts.student_id, custodian=facts.custodian_id, **about)
        await self.audit.append(made)
        return made

    async def entries(self) -> list[dict[str, Any]]:
        """Everything that the gateway tells the log of links and visits: operation, actor, subjects."""
        return [one.model_dump(mode="json") for one in await self.console.house.entries() if "family" in one.context.operation]
