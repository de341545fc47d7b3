"""Two nodes, each a process that a test may kill, and a clock that passes when the test says so."""

import asyncio
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from node.demo.network import new_node, trust_each_other
from node.demo.processes import NodeProcess, free_port
from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT
from node.demo.seeding import seed
from node.synthetic import ALDER, BIRCH, StatePlan, SyntheticStudent
from safepassage.canonical import from_base64url
from safepassage.client import BlockingClient, ClientFile
from safepassage.hand_carry import NewHandCarryCopy, SignedHandCarry
from safepassage.problems import SuiteError
from safepassage.wire_credentials import IssuedCredential, NewTranscript
from safepassage.wire_exchange import ExchangeRequest, NewExchangeRequest, NewExchangeRequests, PersonSelector
from safepassage.wire_finding import Finding, NewFinding
from safepassage.wire_licensure import EducatorSelector
from safepassage.wire_log import EntrySearch, FoundEntry
from safepassage.wire_policy import ActingFor
from services.gateway.registry.administration import administration
from services.gateway.settings import GatewaySettings
from services.records.exchange.milestones import DocumentMilestone, Milestone
from services.records.tables import ExchangeRequestRow
from shared.clock import system_clock
from shared.database import Database
from tests.postgres.databases import place_for_database
from tests.records.exchange.dying_node import Folder, SharedClock
from tests.records.exchange.educators import application_of, educator, micro_credential, request_of
from tests.records.exchange.findings import named
from tests.records.exchange.patient_client import PatientClient
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import ordinary_students
from tests.stores import folder_at_head, node_at_head

Answer = TypeVar("Answer")

PLANS: Final = {"alder": ALDER, "birch": BIRCH}
SECONDS = 120
PASSING_SECONDS = 5
"""That pass between two looks: the attempts after 5, 15 and 60 s come soon, and a call on a busy machine is not overtaken by time: the
tokens inside a node last 30 s."""
PACE: Final = 7
"""So many seconds of the nodes pass in one, at the most: a gateway loads each second who still counts, and believes it for fifteen."""
ENTRIES = {
    "alder": {"request": 1, "match": 1, "disclosure": 1, "receipt": 1},
    "birch": {"request": 1, "received": 1, "load": 1},
}
"""What each log has of one exchange when it is over, each once. Of the receipts, that of the filing: it may overtake the first one."""
ENTRIES_OF_FINDING = {"alder": ENTRIES["alder"], "birch": {"request": 1, "received": 1}}
"""The same of a request that names nobody, which finds one: nothing is filed."""


class Processes:
    """Two nodes, each a process."""

    def __init__(self, folder: Path) -> None:
        self.clock = SharedClock(folder / "clock")
        self.folders = {name: Folder(folder / name) for name in ("alder", "birch")}
        arguments = ("-m", "tests.records.exchange.dying_node")
        self.processes = {name: NodeProcess(one, arguments=arguments) for name, one in self.folders.items()}
        self._clients: dict[tuple[str, str], BlockingClient] = {}
        self._passes_at = 0.0
        self._children = iter(one for one in ordinary_students(of=250) if self._at_home(one))

    def _at_home(self, student: SyntheticStudent) -> bool:
        ids = self.organisations("alder")
        return ids[student.district.key] == ids[MOVER_DISTRICT]

    def organisations(self, name: str) -> dict[str, UUID]:
        """The ids of a node's organisations."""
        file = self.folders[name].path / "clients" / "organisations.json"
        return {key: UUID(identifier) for key, identifier in json.loads(file.read_text()).items()}

    def client(self, name: str, seat: str) -> BlockingClient:
        """A client of a node, with its token."""
        if (name, seat) not in self._clients:
            file = ClientFile.load(self.folders[name].path / "clients" / f"{seat}.json")
            self._clients[name, seat] = PatientClient(file, clock=self.clock, seconds=SECONDS)
        return self._clients[name, seat]

    def start(self, *names: str) -> None:
        """Start, and wait until they are ready."""
        for name in names:
            self.processes[name].start()
        for name in names:
            self.processes[name].wait_until_ready()

    def die_at(self, name: str, milestone: Milestone | DocumentMilestone) -> None:
        """From now on the node dies when it gets there."""
        (self.folders[name].path / "die-at").write_text(milestone)

    def wait_for_death(self, name: str) -> None:
        """It has come there, and is ready again in another life."""
        until, file = time.monotonic() + SECONDS, self.folders[name].path / "die-at"
        while file.exists():
            assert time.monotonic() < until, "it did not come to the milestone"
            time.sleep(0.01)
        self.processes[name].wait_until_ready()

    def child(self) -> SyntheticStudent:
        """A child of the moving district whom nobody has loaded or asked for."""
        return next(self._children)

    def ask(self) -> ExchangeRequest:
        """Birch asks for a child of Alder's whom nobody has asked for."""
        child = self.child()
        self.client("alder", "former-district").load_student(child.load)
        return self.client("birch", "new-district").create_exchange_request(self._request(child))

    def ask_together(self, count: int) -> list[UUID]:
        """Birch asks for so many children of Alder's in one call. Gives the exchanges."""
        children = [self.child() for _ in range(count)]
        for child in children:
            self.client("alder", "former-district").load_student(child.load)
        asked = NewExchangeRequests(requests=tuple(self._request(child) for child in children))
        answers = self.client("birch", "new-district").create_exchange_requests(asked).answers
        return [one.request.id for one in answers if one.request is not None]

    def find(self) -> Finding:
        """Birch asks Alder whether it may have a child of Alder's, without saying who it is."""
        child = self.child()
        self.client("alder", "former-district").load_student(child.load)
        asked = NewFinding(person=named(child.selector), evidence=self._request(child).evidence)
        return self.client("birch", "new-district").create_finding(asked)

    def ask_for_credentials(self) -> ExchangeRequest:
        """Birch asks for the credentials of an educator of Alder's who has applied in Birch."""
        now, known = self.clock(), educator()
        authority, receiving = self.organisations("alder")[MOVER_DISTRICT], self.organisations("birch")[RECEIVING_DISTRICT]
        alder, birch = self.client("alder", "former-district"), self.client("birch", "new-district")
        alder.issue_educator_credential(micro_credential(known))
        [held] = alder.search_educator_credentials(known.identifier).credentials
        recipient = f"{self.folders['birch'].file.entity_id}#{receiving}"
        application = alder.record_evidence(application_of(held.educator_id, authority, recipient, now))
        selector = EducatorSelector(authority=authority, **dict(known))
        return birch.create_educator_credential_request(
            request_of(selector, application.id, holder=self.folders["alder"].file.entity_id, receiving=receiving, now=now)
        )

    def transcript(self) -> tuple[UUID, Callable[[], IssuedCredential]]:
        """A student of Alder's, and the request of a parent for the transcript, under one key."""
        (student_id, acting), key, alder = self._with_parent(), str(uuid4()), self.client("alder", "former-district")
        new = NewTranscript(acting_for=acting)
        return student_id, lambda: alder.issue_transcript(student_id, new, idempotency_key=key)

    def copy_to_carry(self) -> tuple[UUID, Callable[[], SignedHandCarry]]:
        """The same for a copy to carry."""
        (student_id, acting), key, alder = self._with_parent(), str(uuid4()), self.client("alder", "former-district")
        new = NewHandCarryCopy(acting_for=acting)
        return student_id, lambda: alder.make_hand_carry_copy(student_id, new, idempotency_key=key)

    def _with_parent(self) -> tuple[UUID, ActingFor]:
        """A student who is not of age, and a parent whom staff have before them."""
        alder = self.client("alder", "former-district")
        child = next(one for one in self._children if one.load.record.academics and one.load.record.academics.transcript)
        student_id = alder.load_student(child.load).id
        contacts = alder.read_student(student_id).record.contacts
        assert contacts is not None
        parent = next(one.person_id for one in contacts.guardians or () if one.rights is not None and one.rights.ended_on is None)
        assert parent is not None
        return student_id, ActingFor(
            person_id=parent, assurance_level="ial2", method="in-person", evidence_ref="desk-17", authenticated_at=self.clock()
        )

    def disclosures(self, student_id: UUID) -> list[FoundEntry]:
        """What Alder's log has of disclosures of a student."""
        search = EntrySearch(student_id=student_id, classes=("disclosure",))
        return list(self.client("alder", "state-agency").search_log(search, limit=50).content.entries)

    def signed_together(self, exchanges: Iterable[UUID]) -> bool:
        """Whether Birch's requests of these exchanges have one signature."""

        async def signatures() -> set[bytes]:
            database = Database.of(self.folders["birch"].settings("records"))
            async with database.reading() as tx:
                tokens = await tx.scalars(select(ExchangeRequestRow.token).where(ExchangeRequestRow.id.in_(exchanges)))
                made = {from_base64url((token or "").rpartition(".")[2])[-64:] for token in tokens}
            await database.close()
            return made

        with ThreadPoolExecutor(1) as pool:
            return len(pool.submit(lambda: asyncio.run(signatures())).result()) == 1

    def _request(self, child: SyntheticStudent) -> NewExchangeRequest:
        return self.request_for(child.selector)

    def request_for(self, person: PersonSelector) -> NewExchangeRequest:
        """Birch's request to Alder for a child."""
        holder, district = self.folders["alder"].file.entity_id, self.organisations("birch")[RECEIVING_DISTRICT]
        return new_request(person, holder=holder, district=district, now=self.clock())

    def wait_until_organisations_are_known(self) -> None:
        """One exchange goes through: every service of both nodes has been told of the organisations."""
        child = self.child()
        self.patiently(lambda: self.client("alder", "former-district").load_student(child.load))
        asked = self.patiently(lambda: self.client("birch", "new-district").create_exchange_request(self._request(child)))
        self.wait_until_over(asked.id)

    @staticmethod
    def patiently(call: Callable[[], Answer]) -> Answer:
        """What it gives once it is not refused."""
        until = time.monotonic() + SECONDS
        while True:
            try:
                return call()
            except SuiteError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def wait_until_over(self, exchange_id: UUID, *, passing: float = PASSING_SECONDS, educators: bool = False) -> None:
        """Filed at Birch, and everything that follows from it is in both logs. `passing`: seconds that pass between two looks."""
        birch = self.client("birch", "new-district")
        read = birch.read_educator_credential_request if educators else birch.read_exchange_request
        state, found, until = "", {}, time.monotonic() + SECONDS
        while time.monotonic() < until:
            state = read(exchange_id).state
            if state == "applied":
                found = {name: self.entries(name, exchange_id) for name in self.folders}
                if found == ENTRIES:
                    return
            time.sleep(0.2)
            self._pass(passing)
        raise AssertionError(f"not over: {state}, {found}\n{self._warnings()}")

    def wait_until_found(self, finding: Finding) -> None:
        """Birch is told that there may be one, and everything that follows from it is in both logs."""
        [asked], state, found, until = finding.asked, "", {}, time.monotonic() + SECONDS
        while time.monotonic() < until:
            [state] = [one.state for one in self.client("birch", "new-district").read_finding(finding.id).asked]
            if state == "perhaps":
                found = {name: self.entries(name, asked.exchange_id) for name in self.folders}
                if found == ENTRIES_OF_FINDING:
                    return
            time.sleep(0.2)
            self._pass(PASSING_SECONDS)
        raise AssertionError(f"not over: {state}, {found}\n{self._warnings()}")

    def _warnings(self) -> str:
        """What each node's log said last that was no mere information; a line that broke off is as it is."""
        said = {name: process.log_file.read_text(errors="replace").splitlines() for name, process in self.processes.items()}
        return "\n".join(
            f"{name}: {line}" for name, lines in said.items() for line in [one for one in lines if '"level":"info"' not in one][-15:]
        )

    def _pass(self, seconds: float) -> None:
        """Let time pass, unless it does so already faster than both can follow."""
        if time.monotonic() >= self._passes_at:
            self.clock.advance(seconds)
            self._passes_at = time.monotonic() + seconds / PACE

    def entries(self, name: str, exchange_id: UUID) -> dict[str, int]:
        """How many entries of each class a node's log has of an exchange."""
        page = self.client(name, "state-agency").search_log(EntrySearch(classes=tuple(ENTRIES[name])), limit=50)
        contexts = [(one.class_, one.context or {}) for one in page.content.entries]
        about = [(class_, context) for class_, context in contexts if context.get("exchange_id") == str(exchange_id)]
        return dict(Counter(class_ for class_, context in about if class_ != "receipt" or context["outcome"] == "applied"))

    def stop(self) -> None:
        """End both."""
        for client in self._clients.values():
            client.close()
        for process in self.processes.values():
            process.stop()


async def network(folder: Path, databases: Mapping[str, str], beginning: datetime, plans: Mapping[str, StatePlan] = PLANS) -> None:
    """Nodes that trust each other, never started, their stores where `databases` says."""
    (folder / "clock").write_text("0")
    for name, plan in plans.items():
        new_node(folder / name, plan, port=free_port(), now=beginning, tick_seconds=0.0)
        (folder / name / "test.json").write_text(json.dumps({"database": databases[name]} if name in databases else {}))
    nodes = {name: Folder(folder / name) for name in plans}
    trust_each_other(tuple(nodes.values()), root_file=folder / "root" / "root.json", now=beginning)
    for name, node in nodes.items():
        if name in databases:
            await node_at_head(databases[name])
        else:
            await folder_at_head(node)
        settings, file = node.settings("gateway"), node.file
        assert isinstance(settings, GatewaySettings)
        async with administration(settings) as hand:
            clients = node.path / "clients"
            await seed(hand, plans[name], agency_id=file.organisation_id, issuer=file.entity_id, folder=clients, as_of=beginning.date())
            await hand.accept_trust_list(node.trust_list.read_bytes())


def two_databases(stack: ExitStack, names: Iterable[str] = PLANS) -> dict[str, str]:
    """A place for a PostgreSQL database for each node by its name: none is there yet; dropped with `stack`."""
    admin = os.environ.get("SAFE_PASSAGE_TEST_POSTGRES")  # noqa: TID251 how the script tells the tests
    if not admin:
        pytest.skip("needs PostgreSQL: make test-postgres")
    return {name: stack.enter_context(place_for_database(admin, f"{name}_{secrets.token_hex(4)}")) for name in names}


def made(folder: Path, databases: dict[str, str]) -> None:
    """`network`, in a loop of its own: a fixture may be asked for while one runs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(network(folder, databases, system_clock()))).result()
