"""Situations in which a disclosure is lawful, one to a basis and action, as facts; tests change them and see what follows."""

import copy
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from services.privacy.policy.evidence_input import GroundFacts
from services.privacy.policy.policy_input import ASKING, PolicyInput

NOW: Final = 1_790_000_000_000
"""2026-09-21T14:13:20Z."""
DAY: Final = 86_400_000

STUDENT: Final = "4f6d3c1e-8a2b-4c5d-9e0f-112233445566"
EDUCATOR: Final = "7b1c0f52-3d4e-4f60-8a9b-5566778899aa"
VENDOR: Final = "01900000-0000-7000-8000-00000000000a"
NODE: Final = "https://birch.example"
SCHOOL: Final = f"{NODE}#01900000-0000-7000-8000-00000000000b"

ORDINARY: Final = "academics.transcript"
ADDRESS: Final = "contacts.addresses"
SSN: Final = "identity.ssn"
MEAL: Final = "programmes.meal_status"
HOMELESS: Final = "programmes.homeless"
PART_D: Final = "programmes.neglected_delinquent"
PART_C: Final = "special_education.early_intervention"
CREDENTIALS: Final = "educator.credentials"

GROUNDS: Final = frozenset(GroundFacts.model_fields)
"""Members of a student's group that are evidence; a path begins with their name."""
OF_STUDENT: Final = frozenset({"student", "custody", "consent", "other_consents"})

GONE: Final = object()
"""A change that takes a fact away."""

_STUDENT = {"eligible": False, "homeless": False, "jurisdiction": "US-XA", "protected_address": False}
_CUSTODY = {
    "annual_notice_forwards_records": False,
    "annual_notice_school_officials": False,
    "keeper_party_to_agreement": False,
    "onward_transfer_agreed": False,
    "onward_understood": False,
    "originated_here": False,
    "originator_party_to_agreement": False,
    "recipient_is_another": True,
}
_CONSENT = {
    "approval_indicated": True,
    "dated": True,
    "elements": [ADDRESS, HOMELESS, MEAL, PART_D, ORDINARY, PART_C, SSN],
    "granted_at": NOW - DAY,
    "grantor_holds_rights": True,
    "grantor_role": "parent",
    "names_recipient": True,
    "purposes": ["financial-aid"],
    "refused": [],
    "signature": "electronic",
    "signed": True,
    "source_authenticated": True,
}
_AGREEMENT = {
    "clauses": ["ca-49073.1-b1", "ca-49073.1-b2", "ca-49073.1-b3", "ca-49073.1-b4"],
    "direct_control": True,
    "elements": [ADDRESS, HOMELESS, MEAL, PART_D, ORDINARY, PART_C, SSN],
    "ends_at": NOW + 300 * DAY,
    "institutional_service": True,
    "kind": "contractor",
    "legitimate_interest": True,
    "names_recipient": True,
    "purposes": ["child-nutrition", "instruction"],
    "redisclosure_limits": True,
    "signed": True,
    "starts_at": NOW - 60 * DAY,
}
_TRANSFER = {
    "documented": True,
    "enrolled": True,
    "names_recipient": True,
    "official_attested_at": NOW - DAY,
    "official_named": True,
    "parent_initiated": False,
    "seeks_enrollment": False,
}
TAKEN_BACK: Final[Mapping[str, Any]] = _CONSENT | {"withdrawn_at": NOW - DAY, "expires_at": NOW - DAY, "grantor_rights_ended_at": NOW - DAY}
"""A consent that supports nothing any more."""
AGREEMENT: Final[Mapping[str, Any]] = _AGREEMENT
_APPLICATION = {
    "about_educator": True,
    "begins_at": NOW - DAY,
    "elements": [CREDENTIALS],
    "ends_at": NOW + DAY,
    "for_discloser": True,
    "names_recipient": True,
}
_LICENSURE = {"documented": True, "names_recipient": True, "official_attested_at": NOW - DAY, "official_named": True}
_VENDOR = {"authenticated": True, "id": VENDOR, "in_exchange": False, "kind": "vendor", "known": True}
_ASKER = {"names_consent": True, "receives": True}
_AGENCY = {"authenticated": True, "id": f"{NODE}#01900000-0000-7000-8000-00000000000c", "in_exchange": True, "kind": "sea", "known": True}
_SCHOOL = {"authenticated": True, "id": SCHOOL, "in_exchange": True, "kind": "school", "known": True}


def _situation(action: str, basis: str, purpose: str, recipient: Mapping[str, Any], **facts: Any) -> dict[str, Any]:
    group = {"custody": _CUSTODY | facts.pop("custody", {}), "student": dict(_STUDENT)}
    if "consent" in facts:
        group["consent"] = facts.pop("consent")
    situation: dict[str, Any] = {
        "action": action,
        "basis": basis,
        "purpose": purpose,
        "recipient": recipient,
        "elements": [ORDINARY],
        "evidence": {},
    }
    if action == "send-credentials":
        situation["subjects"] = [[EDUCATOR, 1, 0]]
    elif action not in ASKING:
        situation |= {"groups": [group], "subjects": [[STUDENT, 1, 0]]}
    return copy.deepcopy(situation | facts | {"now": NOW, "v": 1})


def on_ground(action: str, basis: str, purpose: str, kind: str, /, **facts: Any) -> dict[str, Any]:
    """A situation that stands on evidence in `grounds`, with a recipient of `kind` whom the agency's staff authenticated."""
    grounds, custody = facts.pop("grounds", {}), facts.pop("custody", {})
    situation = _situation(action, basis, purpose, _VENDOR | {"kind": kind}, custody=custody, **facts)
    if grounds:
        situation["groups"][0]["grounds"] = copy.deepcopy(grounds)
    return situation


_PARTY = {"keeper_party_to_agreement": True, "originator_party_to_agreement": True, "annual_notice_school_officials": True}

SITUATIONS: Final[Mapping[str, dict[str, Any]]] = {
    "consent": _situation("disclose", "consent", "financial-aid", _VENDOR, consent=_CONSENT),
    "consent, redisclosed": _situation("redisclose", "consent", "financial-aid", _VENDOR, consent=_CONSENT),
    "contractor": _situation("disclose", "contractor", "instruction", _VENDOR, agreement=_AGREEMENT, custody=_PARTY),
    "contractor, redisclosed": _situation("redisclose", "contractor", "instruction", _VENDOR, agreement=_AGREEMENT, custody=_PARTY),
    "transfer": _situation("disclose", "transfer", "enrollment", _SCHOOL, transfer=_TRANSFER, custody={"originated_here": True}),
    "transfer, redisclosed": _situation(
        "redisclose", "transfer", "enrollment", _SCHOOL, transfer=_TRANSFER, custody={"onward_transfer_agreed": True}
    ),
    "request": _situation("request", "transfer", "enrollment", _SCHOOL, transfer=_TRANSFER, asker=_ASKER),
    "request on a consent": _situation("request", "consent", "enrollment", _SCHOOL, transfer=_TRANSFER, asker=_ASKER),
    "educator": _situation(
        "send-credentials", "educator-application", "licensure", _AGENCY, application=_APPLICATION, licensure=_LICENSURE
    ),
    "educator, asked": _situation("seek-credentials", "educator-application", "licensure", _AGENCY, licensure=_LICENSURE, asker=_ASKER),
}
"""Each permits every ordinary element; of an educator the credentials (ELEMENT_OF)."""

PERMIT_OF: Final[Mapping[str, str]] = {
    "consent": "ferpa-99.30-consent",
    "consent, redisclosed": "ferpa-99.30-consent",
    "contractor": "ferpa-99.31a1ib-contractor",
    "contractor, redisclosed": "ferpa-99.33b-contractor",
    "transfer": "ferpa-99.31a2-transfer",
    "transfer, redisclosed": "ferpa-99.33b-transfer",
    "request": "ferpa-99.31a2-request",
    "request on a consent": "ferpa-99.30-request",
    "educator": "educator-application",
    "educator, asked": "educator-application-request",
}


def changed(situation: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which each fact of `changes`, by its path, has another value; those of a student's group are the one student's."""
    whole = dict(situation)
    for path, value in changes.items():
        first = path.partition(".")[0]
        *parents, member = f"grounds.{path}".split(".") if first in GROUNDS else path.split(".")
        place: dict[str, Any] = whole
        if first in OF_STUDENT or first in GROUNDS:
            place = dict(whole["groups"][0])
            whole["groups"] = [place]
        for parent in parents:
            place[parent] = dict(place.get(parent, {}) if parent == "grounds" else place[parent])
            place = place[parent]
        if value is GONE:
            place.pop(member, None)
        else:
            place[member] = value
    return whole


def policy_input(situation: Mapping[str, Any], changes: Mapping[str, Any] = MappingProxyType({})) -> PolicyInput:
    """The input of a situation with some facts changed."""
    facts = changed(situation, changes)
    facts["elements"] = sorted(set(facts["elements"]))
    return PolicyInput.model_validate_json(json.dumps(facts), strict=True)
