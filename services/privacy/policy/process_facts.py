"""Orders, litigation, emergencies, juvenile justice and child welfare as the rules read them."""

from datetime import date
from typing import Any, Final

from safepassage.wire_legal_process import ChildWelfare, CourtOrder, Emergency, JuvenileJustice, LegalAction
from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.rights import parents_with_rights
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import SubjectFacts

ACT: Final = date(1974, 11, 19)
"""Statutes adopted before it and after it are told apart, 99.31(a)(5)(i); of the day itself the regulation says nothing."""


def order(of: CourtOrder, student: SubjectFacts, _discloser: Discloser, place: Place) -> dict[str, Any]:
    """An order: its form, its notice, its secrecy. Each parent who holds rights has to be a party for (b)(2)(B) to spare the notice.

    It spares "additional notice to the parent" who is a party: who is none, or whose student has come of age, is owed it, and a parent
    whose rights have ended spares nobody's.
    """
    proceeding, notice = of.proceeding, of.notice
    parents = parents_with_rights(student, place)
    return {
        "attorney_general": bool(of.attorney_general),
        "child_protection": proceeding is not None,
        "form": of.form,
        "issued_at": milliseconds_of(of.issued_at),
        "listed_offense": bool(of.listed_offense),
        "nondisclosure_ordered": bool(of.nondisclosure),
        "notice_at": None if notice is None else milliseconds_of(notice.sent_at),
        "parent_is_party": proceeding is not None and bool(parents) and parents.issubset(proceeding.parties),
        "protective_action_until": None if notice is None else milliseconds_of(notice.protective_action_until),
        "verified": bool(of.verified_by),
    }


def litigation(of: LegalAction, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """A legal action between agency and family."""
    return {"filed_at": milliseconds_of(of.filed_at), "initiated_by": of.initiated_by, "relevant": bool(of.relevance)}


def emergency(of: Emergency, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """An emergency. Of the threat's text nothing goes on but that it was articulated."""
    return {
        "approved_at": milliseconds_of(of.approved_at),
        "approved_by_another": of.approved_by != of.declared_by,
        "declared_at": milliseconds_of(of.declared_at),
        "knowledge_necessary": bool(of.knowledge_necessary),
        "threat_articulated": bool(of.threat.strip()),
    }


def juvenile(of: JuvenileJustice, student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """A State statute, its certification, and how far the student's own proceeding is."""
    certified = of.certification
    return {
        "adjudicated_at": None if of.adjudicated_at is None else milliseconds_of(of.adjudicated_at),
        "adopted_after": of.adopted_on > ACT,
        "adopted_before": of.adopted_on < ACT,
        "certified_at": None if certified is None else milliseconds_of(certified.certified_at),
        "concerns_system": bool(of.concerns_system),
        "own_state": of.state == student.jurisdiction,
    }


def placement(of: ChildWelfare, _student: SubjectFacts, _discloser: Discloser, _place: Place) -> dict[str, Any]:
    """A child welfare agency's responsibility."""
    return {
        "case_plan_access": bool(of.case_plan_access),
        "confidentiality": bool(of.confidentiality),
        "legally_responsible": bool(of.legally_responsible),
    }
