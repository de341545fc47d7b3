"""What families and districts signed, brought into a node that has the students: through its door, as any agency would.

Nothing is written past the node. A prior disclosure is one: a vendor reads a page under an agreement, and the node logs it.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

import anyio

from node.synthetic.papers import KINDS, Kind
from node.synthetic.waiting import is_refusal, patiently
from safepassage.client import Call, Client, calls
from safepassage.problems import SuiteError
from safepassage.problems.requests import IdempotencyKeyReused
from safepassage.record.contacts import Guardian
from safepassage.record.identity import Identifier
from safepassage.record.loads import Student, StudentLookup
from safepassage.wire_policy import ActingFor, ConsentWithdrawal
from shared.clock import Clock

PATHS: Final[dict[Kind, str]] = {"agreements": "/v1/agreements", "opt-outs": "/v1/preferences", "consents": "/v1/consents"}
GUARDIANS: Final = ("contacts.guardians",)
OF_STUDENTS: Final[frozenset[Kind]] = frozenset({"opt-outs", "consents"})
"""For each of which a student is looked up."""


@dataclass(frozen=True)
class Brought:
    """What became of one line."""

    key: str
    kind: Kind
    outcome: str
    """`recorded`, `withdrawn`, `read`, `refused` (nothing of the page), `not-one-student`, or the code of the node's problem."""
    id: UUID | None = None
    """What the node calls it; None also where an earlier run has brought it in with another day on which it expires."""
    student_id: UUID | None = None


@dataclass(frozen=True)
class _Known:
    """A student whom the node has found, and who may sign, by what a paper says of its signer."""

    student_id: UUID
    signers: dict[str, UUID | None]


class Bringing:
    """The files of a state on their way into its node.

    agency     a client of the state agency: records:read, records:read:state, rights:act, agreements:write, admin:organisations
    recipient  the vendor's organisation at the node: with whom agreements are made, to whom consents let records go
    vendor     a client of the vendor (records:read); None: nothing is disclosed
    most       papers of students of each kind at the most, the first ones; None: all of them

    A student is looked up once, however many papers there are and however often one is sent: look-ups are what a node counts. There is no
    look-up of many students at once, and a list (a roster) would disclose, and log, everybody for the few who signed something.
    """

    def __init__(
        self,
        folder: Path,
        agency: Client,
        recipient: UUID,
        vendor: Client | None,
        *,
        clock: Clock,
        most: int | None = None,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        """pause: waits so many seconds, where the node asks for it. It lets nobody look children up without end."""
        self._pause, self._most = pause, most
        self._folder, self._agency, self._recipient, self._vendor, self._clock = folder, agency, recipient, vendor, clock
        self._agreements: dict[str, UUID] = {}
        """By key: as many as districts have."""
        self._known: dict[Identifier, _Known] = {}

    async def everything(self) -> AsyncIterator[Brought]:
        """One line after the other. Within a day the same line again is the same request, so what was stopped is called again.

        Raises what is no problem of one line: a client without rights, a node that does not answer, one that asks for too long a pause.
        """
        districts = await patiently(self._districts, self._pause)
        for kind in KINDS:
            for line in islice(_lines(self._folder / f"{kind}.ndjson"), self._most if kind in OF_STUDENTS else None):
                if kind != "disclosures":
                    yield await patiently(partial(self._line, kind, line, districts), self._pause)
                elif self._vendor is not None:
                    yield await patiently(partial(self._page, line, self._vendor), self._pause)

    async def _districts(self) -> dict[str, UUID]:
        pages = self._agency.pages(calls.list_organisations())
        return {str(one.nces_id): one.id async for page in pages for one in page.organisations if one.kind == "lea"}

    async def _line(self, kind: Kind, line: dict[str, Any], districts: dict[str, UUID]) -> Brought:
        if kind == "agreements":
            return await self._agreement(line, districts)
        return await self._of_student(kind, line)

    async def _agreement(self, line: dict[str, Any], districts: dict[str, UUID]) -> Brought:
        if line["district"] not in districts:
            return Brought(line["key"], "agreements", "no-such-district")
        body = line["body"] | {"recipient_id": str(self._recipient), "district_ids": [str(districts[line["district"]])]}
        made = await self._sent("agreements", line["key"], body)
        if made.id is not None:
            self._agreements[line["key"]] = made.id
        return made

    async def _of_student(self, kind: Kind, line: dict[str, Any]) -> Brought:
        student = await self._student(Identifier.model_validate(line["student"]))
        if student is None:
            return Brought(line["key"], kind, "not-one-student")
        acting_for, body = _acting_for(line, student), dict(line["body"])
        body |= {"student_id": str(student.student_id), "acting_for": acting_for.model_dump(mode="json")}
        if kind == "consents":
            body["recipient_id"] = str(self._recipient)
        if "expires_after_seconds" in line:
            body["expires_at"] = _instant(self._clock() + timedelta(seconds=line["expires_after_seconds"]))
        made = await self._sent(kind, line["key"], body, student.student_id)
        if made.id is not None and "withdrawn_for" in line:
            withdrawal = ConsentWithdrawal(acting_for=acting_for, reason=line["withdrawn_for"])
            await self._agency.withdraw_consent(made.id, withdrawal, idempotency_key=_key(f"withdrawal of {made.id}", {}))
            return Brought(made.key, kind, "withdrawn", made.id, made.student_id)
        return made

    async def _student(self, identifier: Identifier) -> _Known | None:
        """None where there is none, or more than one."""
        if identifier not in self._known:
            found = await self._agency.lookup_students(StudentLookup(identifier=identifier))
            if len(found.students) != 1:
                return None
            read = await self._agency.read_student(found.students[0], elements=GUARDIANS)
            self._known[identifier] = _Known(found.students[0], _signers(read))
        return self._known[identifier]

    async def _page(self, line: dict[str, Any], vendor: Client) -> Brought:
        if line["agreement"] not in self._agreements:
            return Brought(line["key"], "disclosures", "no-such-agreement")
        try:
            agreement = self._agreements[line["agreement"]]
            page = (await vendor.read_roster_entries(agreement, elements=tuple(line["elements"]), limit=line["limit"])).content
        except SuiteError as problem:
            if not is_refusal(problem):
                raise
            return Brought(line["key"], "disclosures", problem.code)
        return Brought(line["key"], "disclosures", "read" if page.students else "refused")

    async def _sent(self, kind: Kind, key: str, body: dict[str, Any], student_id: UUID | None = None) -> Brought:
        """As it is: what lacks a member is for the node to refuse, and not for the client's own model."""
        content, again = json.dumps(body).encode(), _key(f"{kind} {key}", body)
        call = Call("POST", PATHS[kind], lambda answer: answer.json()["id"], (), content, "application/json", idempotency_key=again)
        try:
            return Brought(key, kind, "recorded", UUID(await self._agency.run(call)), student_id)
        except IdempotencyKeyReused:
            # The node has this paper. It expires an hour after it was first brought in, which is all that is said otherwise now.
            return Brought(key, kind, "recorded", None, student_id)
        except SuiteError as problem:
            if not is_refusal(problem):
                raise
            return Brought(key, kind, problem.code, None, student_id)


def _signers(student: Student) -> dict[str, UUID | None]:
    """By the record: a parent who holds rights, the student, somebody who holds none."""
    contacts = student.record.contacts
    guardians: tuple[Guardian, ...] = () if contacts is None else tuple(contacts.guardians or ())
    holders = [one.person_id for one in guardians if one.rights is not None and one.rights.ended_on is None]
    others = [one.person_id for one in guardians if one.person_id not in holders]
    signers: dict[str, list[UUID | None]] = {"parent": holders, "student": [student.id], "stranger": others}
    return {name: next((one for one in those if one is not None), None) for name, those in signers.items()}


def _acting_for(line: dict[str, Any], student: _Known) -> ActingFor:
    """Who signed. All of it follows from the paper and the record, so that the same paper is the same request."""
    body = line["body"]
    return ActingFor.model_validate(
        {
            "person_id": student.signers[line["signer"]] or uuid5(NAMESPACE_URL, line["key"]),
            "assurance_level": "ial2",
            "method": "in-person",
            "evidence_ref": "counter protocol of invented students",
            "authenticated_at": body["received_at"] if "received_at" in body else f"{body['signed_on']}T00:00:00.000Z",
        }
    )


def _key(what: str, body: dict[str, Any]) -> str:
    """Of a request: the same for the same paper, whenever it is brought in. Of the body all counts but when it expires."""
    stable = {name: value for name, value in body.items() if name != "expires_at"}
    return str(uuid5(NAMESPACE_URL, f"{what} {json.dumps(stable, sort_keys=True)}"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
