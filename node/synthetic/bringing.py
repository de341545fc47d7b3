"""What families and districts signed, brought into a node that has the students: through its door, as any agency would.

Nothing is written past the node. A prior disclosure is one: a vendor reads a page under an agreement, and the node logs it.
"""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from node.synthetic.papers import KINDS, Kind
from safepassage.client import Call, Client, calls
from safepassage.problems import SuiteError
from safepassage.record.contacts import Guardian
from safepassage.record.identity import Identifier
from safepassage.record.loads import Student, StudentLookup
from safepassage.wire_policy import ActingFor, ConsentWithdrawal
from shared.clock import Clock

PATHS: Final[dict[Kind, str]] = {"agreements": "/v1/agreements", "opt-outs": "/v1/preferences", "consents": "/v1/consents"}
GUARDIANS: Final = ("contacts.guardians",)


@dataclass(frozen=True)
class Brought:
    """What became of one line."""

    key: str
    kind: Kind
    outcome: str
    """`recorded`, `withdrawn`, `read`, `refused` (nothing of the page), `not-one-student`, or the code of the node's problem."""
    id: UUID | None = None
    """What the node calls it."""
    student_id: UUID | None = None


class Bringing:
    """The files of a state on their way into its node.

    agency     a client of the state agency: records:read, records:read:state, rights:act, agreements:write, admin:organisations
    recipient  the vendor's organisation at the node: with whom agreements are made, to whom consents let records go
    vendor     a client of the vendor (records:read); None: nothing is disclosed
    """

    def __init__(self, folder: Path, agency: Client, recipient: UUID, vendor: Client | None, *, clock: Clock) -> None:
        self._folder, self._agency, self._recipient, self._vendor, self._clock = folder, agency, recipient, vendor, clock
        self._agreements: dict[str, UUID] = {}
        """By key: as many as districts have."""

    async def everything(self) -> AsyncIterator[Brought]:
        """One line after the other. Raises what is no problem of one line: a client without rights, a node that does not answer."""
        districts = {
            str(one.nces_id): one.id
            async for page in self._agency.pages(calls.list_organisations())
            for one in page.organisations
            if one.kind == "lea"
        }
        for kind in KINDS:
            for line in _lines(self._folder / f"{kind}.ndjson"):
                if kind == "agreements":
                    yield await self._agreement(line, districts)
                elif kind == "disclosures":
                    if self._vendor is not None:
                        yield await self._page(line, self._vendor)
                else:
                    yield await self._of_student(kind, line)

    async def _agreement(self, line: dict[str, Any], districts: dict[str, UUID]) -> Brought:
        if line["district"] not in districts:
            return Brought(line["key"], "agreements", "no-such-district")
        body = line["body"] | {"recipient_id": str(self._recipient), "district_ids": [str(districts[line["district"]])]}
        made = await self._sent("agreements", line["key"], body)
        if made.id is not None:
            self._agreements[line["key"]] = made.id
        return made

    async def _of_student(self, kind: Kind, line: dict[str, Any]) -> Brought:
        found = await self._agency.lookup_students(StudentLookup(identifier=Identifier.model_validate(line["student"])))
        if len(found.students) != 1:
            return Brought(line["key"], kind, "not-one-student")
        student = await self._agency.read_student(found.students[0], elements=GUARDIANS)
        acting_for, body = self._signer(line["signer"], student), dict(line["body"])
        body |= {"student_id": str(found.students[0]), "acting_for": acting_for.model_dump(mode="json")}
        if kind == "consents":
            body["recipient_id"] = str(self._recipient)
        if "expires_after_seconds" in line:
            body["expires_at"] = _instant(self._clock() + timedelta(seconds=line["expires_after_seconds"]))
        made = await self._sent(kind, line["key"], body, found.students[0])
        if made.id is not None and "withdrawn_for" in line:
            await self._agency.withdraw_consent(made.id, ConsentWithdrawal(acting_for=acting_for, reason=line["withdrawn_for"]))
            return Brought(made.key, kind, "withdrawn", made.id, made.student_id)
        return made

    async def _page(self, line: dict[str, Any], vendor: Client) -> Brought:
        if line["agreement"] not in self._agreements:
            return Brought(line["key"], "disclosures", "no-such-agreement")
        try:
            agreement = self._agreements[line["agreement"]]
            page = (await vendor.read_roster_entries(agreement, elements=tuple(line["elements"]), limit=line["limit"])).content
        except SuiteError as problem:
            if problem.status >= 500:
                raise
            return Brought(line["key"], "disclosures", problem.code)
        return Brought(line["key"], "disclosures", "read" if page.students else "refused")

    async def _sent(self, kind: Kind, key: str, body: dict[str, Any], student_id: UUID | None = None) -> Brought:
        """As it is: what lacks a member is for the node to refuse, and not for the client's own model."""
        content = json.dumps(body).encode()
        call = Call("POST", PATHS[kind], lambda answer: answer.json()["id"], (), content, "application/json", idempotency_key=str(uuid4()))
        try:
            return Brought(key, kind, "recorded", UUID(await self._agency.run(call)), student_id)
        except SuiteError as problem:
            if problem.status >= 500 or problem.status == 401:
                raise
            return Brought(key, kind, problem.code, None, student_id)

    def _signer(self, signer: str, student: Student) -> ActingFor:
        contacts = student.record.contacts
        guardians: tuple[Guardian, ...] = () if contacts is None else tuple(contacts.guardians or ())
        holders = [one.person_id for one in guardians if one.rights is not None and one.rights.ended_on is None]
        others = [one.person_id for one in guardians if one.person_id not in holders]
        signers: dict[str, list[UUID | None]] = {"parent": holders, "student": [student.id], "stranger": others}
        return ActingFor(
            person_id=next((one for one in signers[signer] if one is not None), None) or uuid4(),
            assurance_level="ial2",
            method="in-person",
            evidence_ref="counter protocol of invented students",
            authenticated_at=self._clock() - timedelta(minutes=10),
        )


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
