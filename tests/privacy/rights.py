"""What staff of an agency send for a parent, and what they read back."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from safepassage.canonical import digest_of
from safepassage.wire_duties import Duty, DutyPage
from safepassage.wire_organisations import Organisation
from safepassage.wire_rights import Amendment, Hearing, Inspection, Statement
from shared.contracts.privacy import SubjectFacts
from shared.in_process import Answer
from tests.privacy.node import Client
from tests.privacy.world import STAFF, World

DUTIES = ("duties:complete",)


def official(pairwise_id: str = "o-1") -> dict[str, Any]:
    """An official of the agency."""
    return {"role": "records-officer", "pairwise_id": pairwise_id, "attested_at": "2026-10-20T11:00:00.000Z"}


def parent_of(world: World, facts: SubjectFacts) -> dict[str, Any]:
    """The student's one parent, identified."""
    return world.acting_for(world.parents[facts.student_id]).model_dump(mode="json")


def inspection(world: World, facts: SubjectFacts, **more: Any) -> dict[str, Any]:
    """A request to inspect, as it is sent."""
    values = {
        "student_id": str(facts.student_id),
        "acting_for": parent_of(world, facts),
        "received_on": "2026-10-20",
        "request_ref": "letter 12",
    }
    return values | more


def amendment(world: World, facts: SubjectFacts, **more: Any) -> dict[str, Any]:
    """A request to amend, as it is sent."""
    return inspection(world, facts) | {"relates_to": ["discipline", "academics.transcript"], "grounds": "inaccurate"} | more


def decision(outcome: str = "refused", **more: Any) -> dict[str, Any]:
    """A decision on a request to amend."""
    return {"outcome": outcome, "decided_on": "2026-10-20", "official": official(), "evidence_ref": "letter 13"} | more


def schedule(**more: Any) -> dict[str, Any]:
    """Notice of a hearing on 3 November."""
    officer = {"role": "hearing-officer", "pairwise_id": "h-1", "no_interest_ref": "statement 3"}
    values = {
        "at": "2026-11-03T15:00:00.000Z",
        "place_ref": "room plan 4",
        "notice_given_on": "2026-10-21",
        "notice_ref": "letter 14",
        "officer": officer,
    }
    return values | more


HELD = {"held_at": "2026-11-03T15:05:00.000Z", "opportunity_ref": "minutes p. 1"}


def hearing_decision(outcome: str = "stands", **more: Any) -> dict[str, Any]:
    """A written decision of 5 November."""
    values = {
        "outcome": outcome,
        "decided_on": "2026-11-05",
        "officer_pairwise_id": "h-1",
        "document": digest_of(b"written decision"),
        "evidence_summary_ref": "decision p. 2",
        "reasons_ref": "decision p. 3",
        "solely_on_evidence_ref": "decision p. 4",
    }
    return values | more


AFTER_THE_HEARING = datetime(2026, 11, 6, 12, tzinfo=UTC)


class Staff:
    """Staff of an organisation; by default of Oak."""

    def __init__(self, world: World, organisation: Organisation | None = None, *scopes: str) -> None:
        self.world = world
        self.client: Client = world.node.client(organisation or world.oak, *(scopes or (*STAFF, *DUTIES)))

    async def post(self, path: str, body: Any, kind: type[BaseModel], *, status: int = 201, key: str | None = None) -> Any:
        """A POST that succeeds."""
        answer = await self.client.post(path, body, key=key)
        assert answer.status == status, answer.body
        return kind.model_validate_json(answer.body)

    async def inspect(self, facts: SubjectFacts, **more: Any) -> Inspection:
        made: Inspection = await self.post("/v1/inspections", inspection(self.world, facts, **more), Inspection)
        return made

    async def amend(self, facts: SubjectFacts, **more: Any) -> Amendment:
        made: Amendment = await self.post("/v1/amendments", amendment(self.world, facts, **more), Amendment)
        return made

    async def refused(self, facts: SubjectFacts, **more: Any) -> Amendment:
        """An amendment that was refused."""
        asked = await self.amend(facts, **more)
        made: Amendment = await self.post(f"/v1/amendments/{asked.id}/decision", decision(), Amendment, status=200)
        return made

    async def hearing(self, facts: SubjectFacts) -> Hearing:
        """A hearing that was asked for."""
        refused = await self.refused(facts)
        body = {
            "amendment_id": str(refused.id),
            "acting_for": parent_of(self.world, facts),
            "received_on": "2026-10-20",
            "request_ref": "letter 15",
        }
        made: Hearing = await self.post("/v1/hearings", body, Hearing)
        return made

    async def step(self, hearing: Hearing, name: str, body: dict[str, Any]) -> Hearing:
        made: Hearing = await self.post(f"/v1/hearings/{hearing.id}/{name}", body, Hearing, status=200)
        return made

    async def decided(self, facts: SubjectFacts, outcome: str = "stands") -> Hearing:
        """A hearing with everything, decided."""
        hearing = await self.hearing(facts)
        await self.step(hearing, "schedule", schedule())
        self.world.node.clock.instant = AFTER_THE_HEARING
        await self.step(hearing, "record", HELD)
        return await self.step(hearing, "decision", hearing_decision(outcome))

    def statement(self, facts: SubjectFacts, hearing: Hearing, **more: Any) -> dict[str, Any]:
        """A statement of disagreement, as it is sent."""
        values = {
            "hearing_id": str(hearing.id),
            "acting_for": parent_of(self.world, facts),
            "relates_to": ["academics.transcript"],
            "placed_on": "2026-11-06",
            "document": digest_of(b"we disagree"),
        }
        return values | more

    async def placed(self, facts: SubjectFacts, **more: Any) -> Statement:
        """A statement that was placed."""
        hearing = await self.decided(facts)
        made: Statement = await self.post("/v1/statements", self.statement(facts, hearing, **more), Statement)
        return made

    async def duties(self, query: str = "") -> tuple[Duty, ...]:
        """The duties that are listed."""
        answer = await self.client.get("/v1/duties", query)
        assert answer.status == 200, answer.body
        return DutyPage.model_validate_json(answer.body).duties

    async def kinds(self, query: str = "") -> list[str]:
        """Their kinds, sorted."""
        return sorted(duty.kind for duty in await self.duties(query))


async def looks_absent(world: World, organisation: Organisation, method: str, path: str, body: Any = None) -> None:
    """To `organisation`, what is at `path` (`/v1/<noun>/<id>...`) looks like what does not exist."""
    client = world.node.client(organisation, *STAFF, *DUTIES, "obligations:waive", "destruction:attest")
    request_id = UUID(int=7)

    async def send(where: str) -> Answer:
        if method == "GET":
            return await client.get(where, request_id=request_id)
        return await client.post(where, body, request_id=request_id)

    parts = path.split("/")
    parts[3] = str(UUID(int=9))
    there, nowhere = await send(path), await send("/".join(parts))
    assert there.status == 404, there.body
    assert (there.status, there.body) == (nowhere.status, nowhere.body)
