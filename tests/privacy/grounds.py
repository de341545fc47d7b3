"""Evidence of every kind as an agency's staff sends it, and the question that it answers. The clock stands at 2026-10-20 12:00 UTC."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from safepassage.canonical import digest_of
from safepassage.wire_evidence import Evidence
from safepassage.wire_organisations import Organisation
from services.privacy.evidence_rules import RULES
from shared.contracts.privacy import DecisionRequest, Recipient, RecipientProof, SubjectFacts
from tests.privacy.node import instant, organisation
from tests.privacy.world import World

ALL_SCOPES = ("evidence:write", "evidence:read", "evidence:sealed")
VICTIM: Final = UUID("6f6d3c1e-8a2b-4c5d-9e0f-112233445566")
PERIOD: Final = {"valid_from": "2026-10-20T10:00:00.000Z", "valid_until": "2026-12-20T10:00:00.000Z"}
_BEFORE: Final = "2026-10-20T09:00:00.000Z"

_NOTICE = {"sent_at": "2026-10-01T09:00:00.000Z", "method": "letter 12", "protective_action_until": "2026-10-15T09:00:00.000Z"}
_ORDER = {"form": "subpoena", "issued_at": "2026-10-01T08:00:00.000Z", "issued_by": "County Court 26-7", "verified_by": "o-counsel"}

OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "accreditation": {"function": "self-study 2026"},
    "audit-mandate": {"office": "state-educational-authority", "activity": "audit", "programme": "Title I", "protection": "plan s. 2"},
    "child-welfare": {"case_plan_access": "case 9", "legally_responsible": "order 3", "confidentiality": "XA code 12"},
    "conduct-risk": {"significant_risk": "incident 4", "legitimate_interest": "notice p. 2"},
    "court-order": _ORDER | {"notice": _NOTICE},
    "de-identified-release": {"determination": "memo 3", "other_information": "memo 3 p. 2", "at_least": 2, "code_kept_secret": "memo 4",
                              "code_without_personal_information": "memo 4 p. 2"},
    "dependency": {"tax_year": 2025},
    "directory-notice": {"designated": ["identity.name", "contacts.telephones"], "given_at": "2026-08-20T10:00:00.000Z",
                         "objections_until": "2026-09-20T10:00:00.000Z"},
    "disciplinary-proceeding": {"offense": "crime-of-violence", "final_at": _BEFORE, "violation_found": "finding 2", "victim": "finding 3"},
    "educator-application": {"educator_id": "7b1c0f52-3d4e-4f60-8a9b-5566778899aa", "elements": ["educator.credentials"]},
    "emergency": {"declared_at": _BEFORE, "declared_by": "o-principal", "threat": "A canary-threat was written on a wall.",
                  "knowledge_necessary": "log 3", "approved_by": "o-superintendent", "approved_at": "2026-10-20T09:30:00.000Z",
                  "valid_until": "2026-10-23T09:00:00.000Z"},
    "financial-aid": {"stage": "applied", "needed_for": ["eligibility"], "conditioned_on_attendance": "programme s. 4"},
    "interstate-understanding": {"node": "https://birch.example"},
    "juvenile-justice": {"state": "US-XA", "statute": "XA code 44", "adopted_on": "1994-05-01", "concerns_system": "statute s. 2",
                         "certification": {"certified_at": _BEFORE, "reference": "certificate 8"}},
    "legal-action": {"initiated_by": "parent", "filed_at": _BEFORE, "relevance": "brief p. 3"},
    "meal-evaluation": {"acts_for": "secretary-of-agriculture", "programme": "NSLP", "aggregate_results": "plan s. 1",
                        "protection": "plan s. 2", "destruction": "plan s. 3"},
    "offender-registration": {"provided_under": "notice 5"},
    "onward-understanding": {"bases": ["child-welfare"]},
    "operator-onboarding": {"collects_from_under_13": True},
    "parents-disagree": {"choice": "latest-decides"},
    "recruiter-request": {"recruiter": "military", "requested_at": _BEFORE, "assistance": "Title I", "optout_notice": "notice p. 5"},
    "school-official": {"legitimate_interest": "notice p. 2", "access_control": "role matrix", "purposes": ["instruction"]},
    "substance-violation": {"determination": "finding 9"},
}  # fmt: skip
"""What each kind says beside period, agency, document, party, elements and students."""

STUDENTLESS: Final = frozenset(
    {
        "accreditation",
        "audit-mandate",
        "de-identified-release",
        "educator-application",
        "meal-evaluation",
        "recruiter-request",
        "school-official",
    }
)
PARTYLESS: Final = frozenset(
    {"directory-notice", "interstate-understanding", "onward-understanding", "operator-onboarding", "parents-disagree"}
)

OF_DISTRICTS: Final = tuple(sorted(kind for kind, rule in RULES.items() if "lea" in rule.recorders))
"""Kinds that a district records."""

COLLEGE: Final = {"attends_postsecondary": True, "birth_date": date(2007, 5, 4)}


@dataclass
class Grounds:
    """An agency beside Oak and its schools, and Oak's staff, who put evidence on record."""

    world: World
    agency: Organisation

    @classmethod
    async def of(cls, world: World) -> "Grounds":
        agency = organisation("agency", "County")
        await world.node.project(agency)
        return cls(world, agency)

    def body(self, kind: str, *facts: SubjectFacts, recipient: str | None = None, **more: Any) -> dict[str, Any]:
        """Evidence as it is sent."""
        values: dict[str, Any] = {
            "kind": kind,
            "agency_id": str(self.world.oak.id),
            "document": digest_of(b"document"),
            "reference": "file 2026/7",
            **PERIOD,
        }
        if kind not in PARTYLESS:
            values |= {"recipient_id": recipient or str(self.agency.id), "elements": ["academics.transcript", "identity.name"]}
            values |= {} if kind in STUDENTLESS else {"student_ids": [str(one.student_id) for one in facts]}
        if kind == "operator-onboarding":
            values |= {"recipient_id": recipient or str(self.world.vendor.id)}
        if kind == "interstate-understanding":
            values |= {"agency_id": str(self.world.sea.id)}
        if kind == "recruiter-request":
            values |= {"secondary_school_ids": [str(self.world.oak_school.id)]}
        if kind == "dependency":
            values |= {"person_id": values["recipient_id"]}
        return values | dict(OWN[kind]) | more

    async def record(self, kind: str, *facts: SubjectFacts, by: Organisation | None = None, **more: Any) -> Evidence:
        """Evidence on record."""
        client = self.world.node.client(by or self.world.oak, *ALL_SCOPES)
        answer = await client.post("/v1/evidence", self.body(kind, *facts, **more))
        assert answer.status == 201, answer.body
        return Evidence.model_validate_json(answer.body)

    async def revoke(self, evidence: Evidence) -> Evidence:
        """Evidence that is over."""
        client = self.world.node.client(self.world.oak, *ALL_SCOPES)
        answer = await client.post(f"/v1/evidence/{evidence.id}/revocation", {"reason": "vacated"})
        assert answer.status == 200, answer.body
        return Evidence.model_validate_json(answer.body)

    def request(self, basis: str, purpose: str, recipient: Recipient, *facts: SubjectFacts, **more: Any) -> DecisionRequest:
        """A disclosure on a basis to a party whom Oak's staff authenticated."""
        proof = RecipientProof(
            assurance_level="ial2", method="in-person", evidence_ref="desk log 3", authenticated_at=instant("2026-10-20T11:00:00Z")
        )
        values: dict[str, Any] = {
            "action": "disclose",
            "subjects": self.world.versions(*facts),
            "recipient": recipient,
            "basis": basis,
            "purpose": purpose,
            "elements": ("academics.transcript",),
            "recipient_proof": proof,
        }
        return DecisionRequest(**values | more)


@dataclass(frozen=True)
class Situation:
    """A basis with the evidence that supports it."""

    kind: str
    purpose: str
    to: str = "agency"
    element: str = "academics.transcript"
    evidence: Mapping[str, Any] = field(default_factory=dict)
    student: Mapping[str, Any] = field(default_factory=lambda: COLLEGE)
    named: bool = True
    """The request names it; else it is found by itself."""
    students: int = 1


_SECRET = {"form": "grand-jury-subpoena", "nondisclosure": "order s. 2", "notice": None}

SITUATIONS: Final[Mapping[str, Situation]] = {
    "school-official": Situation("school-official", "instruction", "school"),
    "audit-authority": Situation("audit-mandate", "audit-evaluation", "sea"),
    "financial-aid": Situation("financial-aid", "financial-aid"),
    "juvenile-justice": Situation("juvenile-justice", "legal-process"),
    "juvenile-justice-before-1974": Situation("juvenile-justice", "legal-process", evidence={"adopted_on": "1970-01-02"}),
    "accreditation": Situation("accreditation", "accreditation"),
    "dependent-student": Situation("dependency", "records-access", "parent"),
    "judicial-order": Situation("court-order", "legal-process"),
    "sealed-order": Situation("court-order", "legal-process", evidence=_SECRET),
    "child-protection-order": Situation("court-order", "legal-process", evidence={"form": "court-order", "notice": None}, student={}),
    "litigation": Situation("legal-action", "legal-process"),
    "emergency": Situation("emergency", "safety"),
    "conduct-risk": Situation("conduct-risk", "safety", "school", "discipline.incidents", evidence={"elements": ["discipline.incidents"]}),
    "directory": Situation("directory-notice", "student-services", "vendor", "identity.name", named=False),
    "crime-victim": Situation(
        "disciplinary-proceeding", "legal-process", "victim", "discipline.incidents", evidence={"elements": ["discipline.incidents"]}
    ),
    "disciplinary-results": Situation(
        "disciplinary-proceeding", "legal-process", "victim", "discipline.incidents", evidence={"elements": ["discipline.incidents"]}
    ),
    "substance-violation": Situation(
        "substance-violation", "safety", "parent", "discipline.incidents", evidence={"elements": ["discipline.incidents"]}
    ),
    "registered-offender": Situation("offender-registration", "safety"),
    "de-identified": Situation("de-identified-release", "research", "vendor", students=2),
    "de-identified-coded": Situation("de-identified-release", "research", "vendor", students=2),
    "child-welfare": Situation("child-welfare", "student-services"),
    "meal-evaluation": Situation("meal-evaluation", "child-nutrition"),
    "military-recruiter": Situation("recruiter-request", "recruiting", element="identity.name"),
    "higher-education-recruiter": Situation(
        "recruiter-request", "recruiting", "elm-school", "identity.name", evidence={"recruiter": "higher-education"}
    ),
}
"""By basis; that of educators, who are no students, has a test of its own."""


def recipient(grounds: Grounds, situation: Situation, facts: SubjectFacts) -> Recipient:
    """Who would receive it."""
    world = grounds.world
    organisations = {
        "agency": grounds.agency, "vendor": world.vendor, "sea": world.sea, "school": world.oak_school, "elm-school": world.elm_school
    }  # fmt: skip
    if situation.to in organisations:
        it = organisations[situation.to]
        return Recipient(kind=it.kind, id=str(it.id))
    return Recipient(kind="person", id=str(VICTIM if situation.to == "victim" else world.parents[facts.student_id]))


async def on(grounds: Grounds, basis: str) -> tuple[DecisionRequest, Callable[[], Awaitable[Evidence]]]:
    """A question on a basis without its evidence, and what records that."""
    situation = SITUATIONS[basis]
    students = [await grounds.world.student(**situation.student) for _ in range(situation.students)]
    to = recipient(grounds, situation, students[0])
    asked = grounds.request(basis, situation.purpose, to, *students, elements=(situation.element,))
    extra = dict(situation.evidence)
    if basis == "child-protection-order":
        extra |= {"proceeding": {"reference": "case 3", "parties": [str(grounds.world.parents[students[0].student_id])]}}

    async def record() -> Evidence:
        return await grounds.record(situation.kind, *students, recipient=to.id, **extra)

    return asked, record


assert OWN.keys() == RULES.keys()
