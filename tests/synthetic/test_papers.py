"""What families and districts signed: written beside the students, brought into a real node through its door, answered as expected."""

import csv
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from node.command import app
from node.creation import create_node
from node.embedded import EmbeddedNode
from node.folder import NodeFile, NodeFolder
from node.organisation_files import add_all, read_organisations
from node.synthetic.bringing import Bringing, Brought
from node.synthetic.files import write_profile
from node.synthetic.papers import AGREEMENTS, CONSENTED, CONSENTS, EXPIRES_AFTER_SECONDS, KINDS
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import DEFAULT
from node.synthetic.waiting import LONGEST_SECONDS, patiently
from safepassage.client import Client, ClientFile, ClientKey, calls
from safepassage.ids import uuid7
from safepassage.problems import SuiteError, problem_from
from safepassage.problems.requests import RequestUnderWay, TooManyRequests
from safepassage.wire_access import (
    OBLIGATION_KINDS,
    AccessContext,
    AccessEvaluation,
    ActionProperties,
    Authentication,
    DisclosureAction,
    Recipient,
    RecordProperties,
    RecordResource,
)
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_log import EntrySearch
from safepassage.wire_organisations import NewOrganisation, Organisation
from services.gateway.registry.administration import Administration, administration
from services.gateway.settings import GatewaySettings
from services.privacy.tables.evidence import AgreementRow, ConsentRow
from services.privacy.tables.rights import PreferenceRow
from services.records.lookup import A_MINUTE
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.stores import folder_at_head

DAY = date(2026, 11, 26)
NOTICES: dict[str, str | None] = {
    "onward_transfer_agreed": "agreement 1",
    "annual_notice_forwards_records": "notice p. 3",
    "annual_notice_school_officials": "notice p. 2",
}
LOOKUP = "/v1/students/lookup"
AGENCY_SCOPES = (
    "records:load", "records:read", "records:read:state", "rights:act", "agreements:write", "admin:organisations", "audit:accounting",
    "access:evaluate", "audit:search",
)  # fmt: skip


def population(seed: int = 1, as_of: date = DAY, **shares: float) -> Population:
    return Population(PROFILES["demo"], as_of=as_of, seed=seed, rates=replace(DEFAULT, details=shares))


def written(folder: Path, made: Population) -> Path:
    list(write_profile(folder, made, "own", progress=lambda state, written: None))
    return folder


def truth_in(folder: Path, state: str = "alder") -> dict[str, dict[str, str]]:
    with (folder / "truth" / f"{state}-papers.csv").open(newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def test_the_same_seed_writes_the_same_papers_and_the_students_are_the_same_without_any(tmp_path: Path) -> None:
    one, again = (written(tmp_path / name, population()) for name in ("one", "again"))
    none = written(tmp_path / "none", population(consent=0.0, directory_opt_out=0.0, recruiter_opt_out=0.0))
    more = written(tmp_path / "more", population(consent=1.0))
    for kind in KINDS:
        assert (one / "alder" / f"{kind}.ndjson").read_bytes() == (again / "alder" / f"{kind}.ndjson").read_bytes() != b""
        assert ((one / "alder" / f"{kind}.ndjson").read_bytes() == (more / "alder" / f"{kind}.ndjson").read_bytes()) is (kind != "consents")
    students = "alder/students-0001.ndjson"
    assert (one / students).read_bytes() == (none / students).read_bytes() == (more / students).read_bytes()
    kept = set((one / "alder" / "consents.ndjson").read_text().splitlines())
    assert kept < set((more / "alder" / "consents.ndjson").read_text().splitlines())


@pytest.mark.parametrize("seed", range(1, 6))
def test_every_kind_is_there_whatever_the_seed(seed: int, tmp_path: Path) -> None:
    made = written(tmp_path / "made", population(seed))
    for state in ("alder", "birch"):
        found = {(row["kind"], row["variant"]) for row in truth_in(made, state).values()}
        assert {variant for kind, variant in found if kind == "consents"} == set(CONSENTS)
        assert {variant for kind, variant in found if kind == "agreements"} == set(AGREEMENTS)
        assert {variant for kind, variant in found if kind == "opt-outs"} == {"directory-opt-out", "recruiter-opt-out"}
        assert {variant for kind, variant in found if kind == "disclosures"} == {"valid", "expired"}
        # What is expected stands apart from what a node is told.
        assert not any("expected" in (made / state / f"{kind}.ndjson").read_text() for kind in KINDS)


def test_a_page_is_read_of_districts_where_somebody_is_in_school_alone(tmp_path: Path) -> None:
    few = Population(PROFILES["demo"], as_of=DAY, students=6)
    made = written(tmp_path / "made", few)
    truth = truth_in(made)
    there = {
        stay["district"]["nces_id"]
        for one in few.records(few.states[0])
        for stay in one.document["enrollment"]["enrollments"][:1]
        if "exit_date" not in stay
    }
    agreements = {key.partition("-")[0] for key, row in truth.items() if row["kind"] == "agreements"}
    pages = {key.partition("-")[0] for key, row in truth.items() if row["kind"] == "disclosures"}
    assert pages == there
    assert pages < agreements


class Busy(httpx2.AsyncBaseTransport):
    """The node, that says once of each path that something else comes first."""

    def __init__(self, app: Any) -> None:
        self._node = httpx2.ASGITransport(app)
        self.first: dict[str, SuiteError] = {}
        self.asked: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked[request.url.path] += 1
        error = self.first.pop(request.url.path, None)
        if error is None:
            return await self._node.handle_async_request(request)
        headers = {"content-type": "application/problem+json", "retry-after": str(error.retry_after_seconds)}
        return httpx2.Response(error.status, headers=headers, content=error.as_problem().model_dump_json())


@dataclass
class Running:
    """The node of Alder with its students, its agency's client and its vendor's."""

    node: EmbeddedNode
    clock: StandingClock
    agency: Client
    lantern: Client
    vendor: Organisation
    folder: Path
    busy: Busy
    waited: list[float] = field(default_factory=list)

    async def load(self) -> None:
        """The students arrive."""
        lines = (self.folder / "alder" / "students-0001.ndjson").read_bytes()
        report = await self.agency.load_roster(lines, "application/x-ndjson")
        students = len((self.folder / "truth" / "alder.csv").read_text().splitlines()) - 1
        colleges = [f"line:{place}" for place, line in enumerate(lines.splitlines(), start=1) if b'"code":"PS"' in line]
        assert report.counts["students"] == students
        # A college is no organisation of the node: the enrolment is kept in the record, and the source is told.
        assert [(one.reason, one.position) for one in report.unresolved] == [("enrollment-not-resolved", place) for place in colleges]
        await self.settle()

    async def later(self, seconds: float) -> None:
        """The clock goes on."""
        self.clock.advance(seconds=seconds)
        await self.node.applications["gateway"].state.standing.refresh()

    async def bring(self, most: int | None = None) -> dict[str, Brought]:
        """What became of each paper; where the node asks for a pause, the clock goes on."""

        async def pause(seconds: float) -> None:
            self.waited.append(seconds)
            await self.later(seconds)

        folder, vendor = self.folder / "alder", self.vendor.id
        bringing = Bringing(folder, self.agency, vendor, self.lantern, clock=self.clock, most=most, pause=pause)
        return {one.key: one async for one in bringing.everything()}

    def who_signed(self) -> set[str]:
        """The state's ids of those of whom there are papers."""
        files = (self.folder / "alder" / f"{kind}.ndjson" for kind in ("opt-outs", "consents"))
        return {json.loads(line)["student"]["value"] for file in files for line in file.read_text().splitlines()}

    async def on_record(self) -> list[int]:
        """How many agreements, consents and opt-outs the node has."""
        async with self.node.applications["privacy"].state.database.reading() as tx:
            tables = (AgreementRow, ConsentRow, PreferenceRow)
            return [int(await tx.scalar(select(func.count()).select_from(table)) or 0) for table in tables]

    async def settle(self) -> None:
        """What waits between the services arrives."""
        services: tuple[ServiceName, ...] = ("gateway", "privacy", "records")
        for service in services:
            await self.node.applications[service].state.outbox.drain()

    async def may_rest_on(self, one: Brought) -> bool:
        """Whether a decision lets the vendor have what the consent names."""
        assert one.student_id is not None
        proof = Authentication(assurance_level="ial2", method="client-credentials", evidence_ref="desk 7", authenticated_at=self.clock())
        asked = AccessEvaluation(
            subject=Recipient(type="vendor", id=str(self.vendor.id)),
            action=DisclosureAction(name="disclose", properties=ActionProperties(basis="consent", purpose="instruction")),
            resource=RecordResource(
                type="student_record", id=str(one.student_id), properties=RecordProperties(elements=CONSENTED, partial=True)
            ),
            context=AccessContext(consent_id=one.id, recipient_proof=proof, supported_obligations=OBLIGATION_KINDS),
        )
        return (await self.agency.evaluate_access(asked)).decision


@pytest.fixture
async def running(tmp_path: Path, clock: StandingClock, request: pytest.FixtureRequest) -> AsyncIterator[Running]:
    """With what shares of a parameter make of the demo."""
    made = written(tmp_path / "made", population(as_of=clock().date(), **getattr(request, "param", {})))
    entity = "http://127.0.0.1:9"
    file = NodeFile(entity_id=entity, name="Agency", state="XA", organisation_id=uuid7(clock()), port=9, insecure_development=True)
    folder = create_node(tmp_path / "node", file, now=clock())
    await folder_at_head(folder)
    node = EmbeddedNode(folder, clock=clock)
    async with node.running(), administration(gateway_settings(folder), clock=clock) as hand:
        since = date(2020, 1, 1)
        agency = await hand.add_organisation(
            NewOrganisation(kind="sea", name="Agency", valid_from=since), organisation_id=file.organisation_id
        )
        await add_all(
            hand,
            read_organisations(made / "alder" / "organisations")[0],
            agency_id=agency.id,
            time_zone=file.time_zone,
            today=since,
            agreements=NOTICES,
        )
        busy = Busy(node.applications["gateway"])
        vendor = await hand.add_organisation(NewOrganisation(kind="vendor", name="Lantern Reading", valid_from=since))

        async def client(organisation: UUID, *scopes: str, purpose: str) -> Client:
            key = await registered(hand, organisation, scopes, purpose)
            await node.applications["gateway"].state.standing.refresh()
            return Client(key.model_copy(update={"issuer": entity}), purpose=purpose, transport=busy, clock=clock, pause=at_once)

        ours = await client(agency.id, *AGENCY_SCOPES, purpose="audit-evaluation")
        theirs = await client(vendor.id, "records:read", purpose="instruction")
        it = Running(node, clock, ours, theirs, vendor, made, busy)
        await it.settle()
        async with ours, theirs:
            yield it


def gateway_settings(folder: NodeFolder) -> GatewaySettings:
    settings = folder.settings("gateway")
    assert isinstance(settings, GatewaySettings)
    return settings


async def at_once(seconds: float) -> None:
    raise AssertionError("nothing is to be waited for")


async def registered(hand: Administration, organisation: UUID, scopes: tuple[str, ...], purpose: str) -> ClientFile:
    key = ClientKey.generate()
    about: dict[str, Any] = {"kind": "operations", "role": "privacy-officer", "scopes": scopes, "purposes": (purpose,)}
    new = NewClient(organisation_id=organisation, name="A client", jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)), **about)
    client_id = str((await hand.register_client(new)).id)
    return ClientFile(issuer="http://127.0.0.1:9", client_id=client_id, key=key.private_jwk(), scopes=scopes)


@pytest.mark.anyio
@pytest.mark.timeout(300)
async def test_a_node_that_has_the_students_answers_each_paper_as_is_expected(running: Running) -> None:
    await running.load()
    brought = await running.bring()
    assert running.waited == []
    truth = truth_in(running.folder)
    assert {key: one.outcome for key, one in brought.items()} == {key: row["expected"] for key, row in truth.items()}
    consents = [one for one in brought.values() if one.kind == "consents" and one.id is not None]
    before = {one.key: await running.may_rest_on(one) for one in consents}
    assert before == {key: truth[key]["variant"] != "withdrawn" for key in before}
    await running.later(EXPIRES_AFTER_SECONDS + 1)
    assert {one.key: await running.may_rest_on(one) for one in consents} == {key: truth[key]["holds"] == "yes" for key in before}
    await running.node.applications["audit"].state.projector.catch_up()
    found = running.agency.pages(calls.search_log(EntrySearch(classes=("disclosure", "read"))))
    disclosed = [one async for page in found for one in page.entries if (one.context or {}).get("agreement_id")]
    under = {str(one.id) for key, one in brought.items() if one.kind == "agreements" and truth[key]["holds"] == "yes"}
    assert sorted(str((one.context or {})["agreement_id"]) for one in disclosed) == sorted(under)


@pytest.mark.anyio
@pytest.mark.timeout(300)
@pytest.mark.parametrize("running", [{"consent": 0.5}], indirect=True)
async def test_of_more_students_than_may_be_looked_up_in_a_minute_each_is_waited_for_and_again_nothing_is_brought_in_twice(
    running: Running,
) -> None:
    await running.load()
    first = await running.bring()
    papers, signed = sum(one.kind in ("opt-outs", "consents") for one in first.values()), len(running.who_signed())
    assert papers > signed > A_MINUTE
    assert running.waited
    assert running.busy.asked[LOOKUP] == signed + len(running.waited), "once for all papers of a student, and again what was refused"
    assert all(30 < seconds <= A_MINUTE + 1 for seconds in running.waited)
    expected = {key: row["expected"] for key, row in truth_in(running.folder).items()}
    assert {key: one.outcome for key, one in first.items()} == expected
    there = await running.on_record()
    await running.later(A_MINUTE + 1)
    again = await running.bring()
    assert await running.on_record() == there
    assert {key: one.outcome for key, one in again.items()} == expected
    # What expires does so an hour after it was first brought in: of it alone the node's id is not told again.
    assert {key for key, one in again.items() if one.id != first[key].id} == {
        key for key, row in truth_in(running.folder).items() if (row["kind"], row["variant"]) == ("consents", "expired")
    }


@pytest.mark.anyio
@pytest.mark.timeout(300)
async def test_what_is_to_be_sent_again_is_sent_again_and_no_outcome(running: Running) -> None:
    await running.load()
    running.busy.first = {
        "/v1/agreements": TooManyRequests(retry_after_seconds=61),
        "/v1/preferences": RequestUnderWay(retry_after_seconds=2),
        "/v1/consents": RequestUnderWay(retry_after_seconds=3),
        "/v1/roster-entries": TooManyRequests(retry_after_seconds=62),
    }
    brought = await running.bring()
    assert running.busy.first == {}
    assert running.waited == [61, 2, 3, 62]
    assert running.busy.asked[LOOKUP] == len(running.who_signed()), "nobody is looked up again for it"
    assert {key: one.outcome for key, one in brought.items()} == {key: row["expected"] for key, row in truth_in(running.folder).items()}


def test_the_first_hundred_of_each_kind_have_every_case(tmp_path: Path) -> None:
    few = Population(PROFILES["state"], as_of=DAY, students=900)
    made = written(tmp_path / "made", few)
    truth = truth_in(made)
    for kind, variants in (("consents", set(CONSENTS)), ("opt-outs", {"directory-opt-out", "recruiter-opt-out"})):
        lines = (made / "alder" / f"{kind}.ndjson").read_text().splitlines()[:100]
        assert {truth[json.loads(line)["key"]]["variant"] for line in lines} == variants


@pytest.mark.anyio
@pytest.mark.timeout(300)
async def test_of_the_students_the_first_papers_are_brought_in_where_no_more_are_asked_for(running: Running) -> None:
    await running.load()
    brought = await running.bring(most=3)
    assert running.busy.asked[LOOKUP] <= 6
    kinds = Counter(one.kind for one in brought.values())
    truth = truth_in(running.folder)
    everything = Counter(row["kind"] for row in truth.values())
    assert kinds == {**everything, "opt-outs": 3, "consents": 3}
    assert {key: one.outcome for key, one in brought.items()} == {key: truth[key]["expected"] for key in brought}


@pytest.mark.anyio
async def test_a_problem_that_lasts_longer_than_is_waited_for_is_raised() -> None:
    waited: list[float] = []

    async def ask() -> None:
        raise problem_from(TooManyRequests().as_problem())

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    with pytest.raises(TooManyRequests):
        await patiently(ask, pause)
    assert sum(waited) == LONGEST_SECONDS


def test_a_folder_without_papers_is_said_to_have_none(tmp_path: Path) -> None:
    client = tmp_path / "client.json"
    client.write_text("{}")
    arguments = ["synthesize-papers", str(tmp_path), "--agency", str(client), "--recipient", str(UUID(int=1))]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 2
    assert "has not all of agreements, opt-outs, consents, disclosures" in " ".join(told.output.split())
