"""A district's students, read by a vendor as OneRoster: loaded once for the tests of a module, which change nothing."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from node.synthetic import SyntheticStudent
from services.records.oneroster.routes import ALL
from shared.in_process import Answer
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, VENDOR, OneState, some_students

PATH = "/ims/oneroster/rostering/v1p2"
SCHEDULE = (
    "identity.name", "identity.birth_date", "identity.identifiers", "identity.sex", "contacts.emails", "contacts.guardians",
    "demographics.race_ethnicity", "enrollment.enrollments", "academics.current_courses",
)  # fmt: skip
STUDENTS = [one for one in some_students(60) if one.district.key == DISTRICT][:7]
ELSEWHERE = [one for one in some_students(60) if one.district.key == OTHER_DISTRICT][:2]


@dataclass
class Consumer:
    """A vendor's application that speaks OneRoster, under one agreement."""

    state: OneState
    agreement_id: UUID | None
    organisation_id: UUID = VENDOR
    scope: str = ALL
    purpose: str | None = "instruction"
    narrowed: tuple[str, ...] | None = None

    async def send(self, path: str, **query: str | int) -> Answer:
        """One request."""
        caller = self.state.caller(self.organisation_id, "vendor", self.scope, client_id=f"vendor-{self.organisation_id}")
        details: dict[str, Any] = {"purpose": self.purpose, "agreement_id": str(self.agreement_id) if self.agreement_id else None}
        details |= {"datatypes": list(self.narrowed)} if self.narrowed else {}
        caller.claims = caller.claims.model_copy(update={"details": {name: value for name, value in details.items() if value}})
        text = "&".join(f"{name}={quote(str(value))}" for name, value in query.items())
        return await caller.send("GET", f"{PATH}/{path}", query=text)

    async def get(self, path: str, **query: str | int) -> Any:
        """The document of an answer that is good."""
        answer = await self.send(path, **query)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    async def refused(self, path: str, **query: str | int) -> tuple[int, str]:
        """Status and minor code of an answer that is not."""
        answer = await self.send(path, **query)
        body = json.loads(answer.body)
        assert (answer.headers["content-type"], body["imsx_codeMajor"], body["imsx_severity"]) == ("application/json", "failure", "error")
        [minor] = body["imsx_CodeMinor"]["imsx_codeMinorField"]
        return answer.status, minor["imsx_codeMinorFieldValue"]


@dataclass
class Roster:
    """The node with the district's students, those of another district, and the vendor."""

    state: OneState
    students: dict[UUID, SyntheticStudent]
    consumer: Consumer

    async def under(self, *elements: str, **changes: Any) -> Consumer:
        """The vendor under another agreement."""
        return Consumer(self.state, await self.state.agree(elements, **changes))


@pytest.fixture(scope="module")
async def roster(running: OneState) -> Roster:
    """Loaded once."""
    loaded = {(await running.district().load(one.load)).id: one for one in STUDENTS}
    for one in ELSEWHERE:
        await running.district(OTHER_DISTRICT).load(one.load)
    await running.tell()
    return Roster(running, loaded, Consumer(running, await running.agree(SCHEDULE)))
