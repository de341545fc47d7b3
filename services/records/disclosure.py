"""What a party to an agreement is given of each student: one decision for many, cut to what it permits, on the log before it leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request

from safepassage.elements import BY_ID
from safepassage.ids import uuid7
from safepassage.problems.privacy import FactsBehind, NoSuchAgreement
from safepassage.problems.records import NothingToRelease
from safepassage.problems.requests import NotPermitted, TemporarilyUnavailable
from safepassage.wire_policy import Agreement
from services.records.reach import SealedStudent
from services.records.reading import opened
from services.records.record_sources import SENT_IN_PART, STATEMENTS, UNREAD, merged
from services.records.release import Document, carrying_statements, members_of, released_document
from services.records.unread_parts import NAMES, read_in_part
from services.records.vault import Vault
from shared.actors import client_actor
from shared.caller import Caller
from shared.contracts.audit import Context, Event
from shared.contracts.privacy import Decision, DecisionRequest, PlacedStatement, Recipient, SubjectVersion
from shared.internal_token import CallerClaims
from shared.request_clock import Now

BASIS = "contractor"
USUAL = timedelta(minutes=1)
"""How long a decision is asked to hold: longer only where its answer is gone by later."""


@dataclass(frozen=True)
class Released:
    """What is permitted of one student, and there: elements by section as JSON text, and the statements that belong to them."""

    student: SealedStudent
    document: dict[str, Any]
    in_part: tuple[str, ...] = ()
    """Permitted elements of which a peer of a later version said more than this one has read."""

    @property
    def elements(self) -> tuple[str, ...]:
        """The ids of the elements."""
        return tuple(f"{section}.{member}" for section, members in self.document.items() if section != STATEMENTS for member in members)


async def agreement_of(request: Request, caller: Caller, agreement_id: UUID) -> Agreement:
    """The agreement under which the caller reads, for the districts that the token is for.

    Raises NoSuchAgreement, also where the token is for another one, or for none of its districts.
    """
    if caller.claims.details.get("agreement_id") not in (None, str(agreement_id)):
        raise NoSuchAgreement
    agreement: Agreement = await request.app.state.siblings.call(
        "privacy", "GET", f"/internal/agreements/{agreement_id}", answer=Agreement, by=caller.principal, scope=request.scope
    )
    if caller.districts is None:
        return agreement
    districts = tuple(one for one in agreement.district_ids if one in caller.districts)
    if not districts:
        raise NoSuchAgreement
    return agreement.model_copy(update={"district_ids": districts})


def within_token(caller: Caller, elements: Sequence[str]) -> list[str]:
    """Of `elements` those for which the token is: it may be narrowed to sections and elements (`datatypes`)."""
    datatypes = caller.claims.details.get("datatypes")
    if not isinstance(datatypes, list | tuple):
        return list(elements)
    return [element for element in elements if element in datatypes or BY_ID[element].section in datatypes]


async def decide(
    request: Request,
    caller: Caller,
    agreement: Agreement,
    wanted: Sequence[str],
    students: Sequence[SealedStudent],
    *,
    valid_for: timedelta = USUAL,
) -> Decision:
    """One decision for up to a thousand students of a party to an agreement."""
    return await ask(
        request,
        caller,
        DecisionRequest(
            action="disclose",
            subjects=subjects_of(students),
            recipient=Recipient(kind="vendor" if caller.kind == "vendor" else "agency", id=str(caller.organisation_id)),
            basis=BASIS,
            purpose=caller.purpose or "",
            elements=tuple(wanted),
            agreement_id=agreement.id,
            valid_for_seconds=int(valid_for.total_seconds()),
        ),
    )


def is_on_the_tokens_basis(caller: CallerClaims | None, asked: DecisionRequest) -> bool:
    """Whether a token that is narrowed to a legal basis (`authorization_details`) is for this one. A job of the node has no token."""
    return caller is None or caller.details.get("legal_basis") in (None, asked.basis)


def subjects_of(students: Sequence[SealedStudent]) -> tuple[SubjectVersion, ...]:
    """The students of a decision, each at the version of its facts under which it is released."""
    return tuple(SubjectVersion(student_id=one.student_id, facts_version=one.facts_version) for one in students)


async def ask(request: Request, caller: Caller, asked: DecisionRequest) -> Decision:
    """The decision. Where privacy has older facts they are pushed, and it is asked once more.

    Raises NotPermitted where the token is for another legal basis, TemporarilyUnavailable.
    """
    if not is_on_the_tokens_basis(caller.claims, asked):
        raise NotPermitted("the token is for another legal basis")
    state = request.app.state
    for attempt in ("first", "after pushing"):
        try:
            decision: Decision = await state.siblings.call(
                "privacy", "POST", "/internal/decisions", answer=Decision, by=caller.principal, body=asked, scope=request.scope
            )
        except FactsBehind:
            if attempt != "first":
                raise TemporarilyUnavailable("facts are still on their way") from None
            await state.outbox.drain()
        else:
            return decision
    raise AssertionError("unreachable")


def released(
    vault: Vault, decision: Decision, students: Sequence[SealedStudent], *, needed: frozenset[str] | None = None
) -> list[Released]:
    """What the decision permits of each student, as far as it is there. Of whom nothing is, is not among them.

    needed  the elements to open; all that are permitted, if None

    Raises TemporarilyUnavailable for a decision about others.
    """
    found: list[Released] = []
    only: dict[tuple[str, ...], dict[str, frozenset[str]]] = {}
    owed = {of.student_id: of.statements for of in decision.statements}
    for one, outcome in zip(students, decision.subjects, strict=True):
        if outcome.student_id != one.student_id:
            raise TemporarilyUnavailable("the decision is about other students")
        permitted = outcome.permitted if needed is None else tuple(element for element in outcome.permitted if element in needed)
        if not permitted:
            continue
        members = only.get(permitted)
        if members is None:
            beside = {STATEMENTS: frozenset({STATEMENTS}), UNREAD: NAMES, SENT_IN_PART: NAMES}
            members = only[permitted] = members_of(permitted) | beside
        parts = opened(vault.data_key(one.student_id, one.wrapped_key), one.rows, only=members)
        document = cut(merged(parts), permitted, owed.get(one.student_id, ()))
        if document is not None:
            unread = read_in_part(parts)
            found.append(Released(one, document, tuple(element for element in permitted if element in unread)))
    return found


def cut(document: Document, permitted: Sequence[str], owed: Sequence[PlacedStatement]) -> dict[str, Any] | None:
    """Of a whole record what is permitted, as a party is given it; None where nothing of it is there."""
    try:
        released = released_document(document, carrying_statements(document, permitted, owed) if owed else permitted)
    except NothingToRelease:
        return None
    return {name: part for name, part in released.items() if name not in ("v", "provenance")}


def named_alone(event: Event, elements: Collection[str]) -> Event:
    """Of a read of which nothing but who it is leaves: the entry says of whom something else, `elements`, is with their district."""
    said = {"outcome": "named-alone", "elements": tuple(element for element in BY_ID if element in elements)}
    return event.model_copy(update={"context": event.context.model_copy(update=said)})


def read_by_party(
    caller: Caller, agreement: Agreement, decision: Decision, leaving: Sequence[Released], *, operation: str, now: Now
) -> Event:
    """The entry of a party's read."""
    return read_on_basis(caller, decision, leaving, operation=operation, basis=BASIS, agreement_id=agreement.id, now=now)


def read_on_basis(
    caller: Caller,
    decision: Decision,
    leaving: Sequence[Released],
    *,
    operation: str,
    basis: str,
    agreement_id: UUID | None = None,
    now: Now,
) -> Event:
    """The entry of a read by another organisation: who is in the answer, and which elements are."""
    kinds = {(section, *one.document[section]) for one in leaving for section in one.document if section != STATEMENTS}
    elements = {f"{section}.{member}" for section, *members in kinds for member in members}
    return Event(
        class_="read",
        key=f"read:{uuid7(now)}",
        subjects=tuple(one.student.student_id for one in leaving),
        custodians=tuple(one.student.custodian_id for one in leaving),
        actor=client_actor(caller.claims),
        context=Context(
            operation=operation,
            purpose=caller.purpose,
            basis=basis,
            recipient_organisation=str(caller.organisation_id),
            agreement_id=agreement_id,
            decision_id=decision.id,
            elements=tuple(element for element in BY_ID if element in elements),
            policies=decision.policies,
            citations=decision.citations,
            count=len(leaving),
        ),
        policy_hash=decision.policy_hash,
        decision_token=decision.token,
    )
