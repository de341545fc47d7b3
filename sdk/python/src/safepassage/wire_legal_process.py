"""Orders, subpoenas, litigation, emergencies and the officials whom a statute names: 34 CFR 99.31(a)(5), (9), (10), 99.36, 99.38."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from safepassage.wire import Instant, Text, Wire
from safepassage.wire_ground import OfStudents, Reference, State

OfficialId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
"""Pairwise id of a person who acts for an agency; never a name."""


class NoticeGiven(Wire):
    """The reasonable effort to notify the parent or eligible student in advance, 99.31(a)(9)(ii)."""

    sent_at: Instant
    method: Reference
    protective_action_until: Instant
    """Until when the agency waits, so that the parent or eligible student may seek protective action."""


class ChildProtectionProceeding(Wire):
    """A proceeding about child abuse, neglect or dependency, 20 USC 1232g(b)(2)(B)."""

    reference: Reference
    parties: tuple[UUID, ...]
    """The parents who are parties to it, by their ids here."""


class CourtOrder(OfStudents):
    """A judicial order or lawfully issued subpoena."""

    kind: Literal["court-order"] = "court-order"
    form: Literal["court-order", "subpoena", "grand-jury-subpoena", "law-enforcement-subpoena", "ex-parte-order"]
    """grand-jury-subpoena: (a)(9)(ii)(A). law-enforcement-subpoena: (B). ex-parte-order: of the Attorney General, (C)."""
    issued_at: Instant
    issued_by: Reference
    verified_by: OfficialId
    """Who verified that it was lawfully issued and served."""
    notice: NoticeGiven | None = None
    nondisclosure: Reference | None = None
    """Where the court or issuing agency orders that existence, contents or the answer not be disclosed."""
    attorney_general: Reference | None = None
    """Of an ex parte order: where it names the Attorney General, or a designee not lower than an Assistant Attorney General."""
    listed_offense: Reference | None = None
    """Of an ex parte order: where it names the offence of 18 U.S.C. 2332b(g)(5)(B) or the act of terrorism of 18 U.S.C. 2331."""
    proceeding: ChildProtectionProceeding | None = None


class LegalAction(OfStudents):
    """A legal action between the agency and a parent or student, 99.31(a)(9)(iii). The recipient is the court."""

    kind: Literal["legal-action"] = "legal-action"
    initiated_by: Literal["agency", "parent", "eligible-student"]
    filed_at: Instant
    relevance: Reference
    """Why the elements are relevant for the agency to proceed, or to defend itself."""


class Emergency(OfStudents):
    """A health or safety emergency, 99.31(a)(10), 99.36: what broke the glass, and who said so."""

    kind: Literal["emergency"] = "emergency"
    declared_at: Instant
    declared_by: OfficialId
    threat: Text
    """The articulable and significant threat, 99.32(a)(5)(i). Sealed here and in the log: no rule has it, and of answers
    the accounting of disclosures, which the law asks to tell it."""
    knowledge_necessary: Reference
    """Why the recipient's knowledge is necessary to protect the health or safety of the student or others, 99.36(a)."""
    approved_by: OfficialId
    approved_at: Instant


class JuvenileCertification(Wire):
    """The written certification of 99.38(b): no further disclosure, but as State law provides, without the parent's consent."""

    certified_at: Instant
    reference: Reference


class JuvenileJustice(OfStudents):
    """State officials to whom a State statute specifically allows the disclosure, 99.31(a)(5), 99.38."""

    kind: Literal["juvenile-justice"] = "juvenile-justice"
    state: State
    statute: Reference
    adopted_on: date
    concerns_system: Reference
    """How the disclosure concerns the juvenile justice system and its ability to effectively serve the student."""
    adjudicated_at: Instant | None = None
    certification: JuvenileCertification | None = None


class ChildWelfare(OfStudents):
    """A child welfare agency or tribal organisation that is responsible for the student, 20 USC 1232g(b)(1)(L)."""

    kind: Literal["child-welfare"] = "child-welfare"
    case_plan_access: Reference
    """Where the caseworker's right to access the student's case plan stands."""
    legally_responsible: Reference
    """Under State or tribal law, for the student's care and protection."""
    confidentiality: Reference
    """The State or tribal law that protects the records' confidentiality there."""
