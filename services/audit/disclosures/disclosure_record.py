"""What the law asks to be on the record of disclosures of one student, 34 CFR 99.32 and 300.614. Pure.

Everything is logged; what the law does not ask for is shown too, with the exemption that covers it. A basis that is not known here counts
as recordable: the record errs towards saying more.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from safepassage.wire_log import AccountedEntry, FurtherParty, LegitimateInterest, Party, Phase
from services.audit.drafts import KINDS
from shared.contracts.audit import Actor, Context

TO_THE_FAMILY: Final = "rights-holder"
"""Basis of what a parent or eligible student gets, which 300.614 leaves out as well."""

EXEMPT: Final[dict[str, str]] = {
    TO_THE_FAMILY: "34 CFR 99.32(d)(1)",
    "school-official": "34 CFR 99.32(d)(2)",
    "contractor": "34 CFR 99.32(d)(2)",
    "consent": "34 CFR 99.32(d)(3)",
    "directory": "34 CFR 99.32(d)(4)",
}
"""By the basis of a disclosure, why no record of it is required."""

OF_AUTHORITIES: Final = "audit-authority"
"""Basis of what State and local educational authorities and Federal officials get to audit or evaluate: 34 CFR 99.31(a)(3)."""

ANNOTATION: Final = "belongs to the record of its disclosure"
COPY_WITHIN: Final = timedelta(days=30)
"""How soon the agency on whose behalf it was disclosed has to have the record: 99.32(b)(2)(iii)."""

NOTICE: Final = "exchange-notice"
ONWARD: Final = "onward"
"""Operation and outcome of the entry that another node has told where the record went on to from there."""

ACCOUNTED_KINDS: Final = tuple(
    KINDS[name] for name in ("request", "match", "decision", "disclosure", "disclosure-withdrawn", "read", "receipt", "received")
)
"""Classes that may be a request, a disclosure, or belong to one."""

OF_THE_AGENCY: Final = frozenset({"match-resolution", "records-united", "records-separated"})
"""What the agency itself says of whose a record is: kept as long as requests are, and nobody's request."""


def phase_of(class_: str, context: Context, custodian: UUID | None) -> Phase | None:
    """What an entry is in the record of disclosures; None if it is nothing there: a read inside the agency, a permission not yet used.

    An emergency that was put on record is there with its threat, whoever was told of it then: 99.32(a)(5).
    """
    if class_ in ("request", "match"):
        return "request"
    if class_ == "decision" and context.threat is not None:
        return "emergency"
    if class_ == "decision":
        return "request" if context.outcome == "deny" and context.operation in ("disclose", "redisclose") else None
    if class_ == "read":
        inside = context.recipient_organisation in (None, str(custodian))
        return None if inside and context.decision_id is None and context.agreement_id is None else "disclosure"
    if class_ == "disclosure":
        return "disclosure"
    if class_ == "received":
        told = context.operation == NOTICE and context.outcome == ONWARD and context.recipient_organisation is not None
        return "onward" if told else None
    return {"disclosure-withdrawn": "withdrawal", "receipt": "receipt"}.get(class_)  # type: ignore[return-value]  # both are phases


def accounted(
    phase: Phase, actor: Actor, context: Context, *, logged_at: datetime, log: str, index: int, published: bool, zone: ZoneInfo
) -> AccountedEntry:
    """An entry as the record of disclosures shows it. Its day is that of the log, by UTC; the term for the copy runs in `zone`."""
    party = Party(
        organisation=context.recipient_organisation or (None if actor.organisation_id is None else str(actor.organisation_id)),
        node=context.recipient_node,
        client_id=None if phase == "onward" else actor.client_id,
        name=context.recipient_name,
    )
    interest = LegitimateInterest(purpose=context.purpose, basis=context.basis, citations=context.citations)
    redisclosed = phase == "disclosure" and context.originating_organisation is not None
    exempt_by = ANNOTATION if phase in ("withdrawal", "receipt") else EXEMPT.get(context.basis or "")
    on = logged_at.astimezone(UTC).date()
    return AccountedEntry(
        phase=phase,
        on=on,
        at=logged_at,
        outcome=context.outcome,
        operation=context.operation,
        party=party,
        interest=interest,
        elements=context.elements,
        on_behalf_of=context.originating_organisation,
        further_parties=(FurtherParty(party=party, interest=interest),) if redisclosed or phase == "onward" else (),
        passed_on_by=Party(node=actor.client_id) if phase == "onward" else None,
        copy_due_on=copy_due(logged_at, zone) if redisclosed else None,
        ferpa_recordable=exempt_by is None,
        exempt_by=exempt_by,
        threat=context.threat,
        idea_recordable=phase == "disclosure" and context.basis != TO_THE_FAMILY and _special_education(context),
        decision_id=context.decision_id,
        exchange_id=context.exchange_id,
        log=log,
        index=index,
        proof="published" if published else "pending",
    )


def further_disclosers(own: Party | None, entries: Iterable[AccountedEntry]) -> tuple[Party, ...]:
    """The authorities that may disclose further without consent, by 34 CFR 99.33(b), each once: 99.32(a)(1) asks for their names.

    The agency that runs this node holds what districts gave it. What went through another node is with the agency that runs that one. Who
    got something to audit or evaluate may pass it on for the district. An authority that has it no more is named too.

    own  None until the node knows its organisations
    """
    found = [] if own is None else [own]
    for entry in entries:
        if entry.phase not in ("disclosure", "onward"):
            continue
        if entry.party.node is not None:
            found.append(Party(node=entry.party.node, agency=entry.party.agency))
        if entry.interest.basis == OF_AUTHORITIES:
            found.append(entry.party.model_copy(update={"client_id": None}))
    return tuple(dict.fromkeys(found))


def copy_due(logged_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which the district is given the copy in time, in the calendar of the state agency, which owes it.

    The day of the disclosure does not count, the last day counts in full.
    """
    return logged_at.astimezone(zone).date() + COPY_WITHIN


def _special_education(context: Context) -> bool:
    return any(element.startswith("special_education.") for element in context.elements)
