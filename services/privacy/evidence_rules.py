"""Who may record which kind of evidence, and what each kind asks for beyond its form. Pure: no FastAPI, no SQLAlchemy, no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from safepassage.problems.evidence import EvidenceIncomplete
from safepassage.wire_directory import DirectoryNotice
from safepassage.wire_evidence import Kind
from safepassage.wire_legal_process import CourtOrder, Emergency
from safepassage.wire_programmes import Dependency, OnwardUnderstanding
from services.privacy.policy.tax_years import first_day_after
from services.privacy.policy.taxonomy import BASES

EMERGENCY_LASTS: Final = timedelta(hours=72)
"""Local policy, as in the rule: 34 CFR 99.36 has no number of hours."""
EARLIEST: Final = timedelta(hours=14)
"""So long before a day begins by UTC it has begun somewhere: who records something in Guam in the morning has a day that has come."""

_DISTRICT, _STATE, _BOTH = frozenset({"lea"}), frozenset({"sea"}), frozenset({"lea", "sea"})


@dataclass(frozen=True)
class EvidenceRule:
    """A kind of evidence."""

    bases: tuple[str, ...]
    """What it supports; none of a kind that stands for every disclosure of its agency."""
    citation: str
    recorders: frozenset[str] = _BOTH
    """Kinds of organisation whose clients record it, for themselves and those below them."""
    agencies: frozenset[str] = _BOTH
    """Kinds of organisation whose disclosures it can support."""
    persons: bool = False
    """Its recipient may be a person."""
    of_the_agency: bool = False
    """Its recipient is the agency itself: the one kind that a recipient records, being the agency's own determination."""
    happened: tuple[str, ...] = ()
    """Members that say when something happened: not after it is recorded."""


RULES: Final[Mapping[str, EvidenceRule]] = {
    "accreditation": EvidenceRule(("accreditation",), "34 CFR 99.31(a)(7)"),
    "audit-mandate": EvidenceRule(("audit-authority",), "34 CFR 99.31(a)(3)"),
    "child-welfare": EvidenceRule(("child-welfare",), "20 U.S.C. 1232g(b)(1)(L)"),
    "conduct-risk": EvidenceRule(("conduct-risk",), "34 CFR 99.36(b)(3)"),
    "court-order": EvidenceRule(
        ("judicial-order", "sealed-order", "child-protection-order"),
        "34 CFR 99.31(a)(9)",
        persons=True,
        happened=("issued_at", "notice.sent_at"),
    ),
    "de-identified-release": EvidenceRule(("de-identified", "de-identified-coded"), "34 CFR 99.31(b)"),
    "dependency": EvidenceRule(("dependent-student",), "34 CFR 99.31(a)(8)", persons=True),
    "directory-notice": EvidenceRule(("directory",), "34 CFR 99.37(a)", agencies=_DISTRICT, happened=("given_at",)),
    "disciplinary-proceeding": EvidenceRule(
        ("crime-victim", "disciplinary-results"), "34 CFR 99.31(a)(13)-(14)", persons=True, happened=("final_at",)
    ),
    "educator-application": EvidenceRule(("educator-application",), "local policy"),
    "emergency": EvidenceRule(("emergency",), "34 CFR 99.36", persons=True, happened=("declared_at", "approved_at")),
    "financial-aid": EvidenceRule(("financial-aid",), "34 CFR 99.31(a)(4)"),
    "interstate-understanding": EvidenceRule((), "34 CFR 99.31(a)(2), 99.33(b)", recorders=_STATE, agencies=_STATE),
    "juvenile-justice": EvidenceRule(
        ("juvenile-justice", "juvenile-justice-before-1974"),
        "34 CFR 99.31(a)(5)",
        happened=("adopted_on", "adjudicated_at", "certification.certified_at"),
    ),
    "legal-action": EvidenceRule(("litigation",), "34 CFR 99.31(a)(9)(iii)", happened=("filed_at",)),
    "meal-evaluation": EvidenceRule(("meal-evaluation",), "20 U.S.C. 1232g(b)(1)(K)"),
    "offender-registration": EvidenceRule(("registered-offender",), "34 CFR 99.31(a)(16)", persons=True),
    "onward-understanding": EvidenceRule((), "34 CFR 99.33(b)(1)", recorders=_DISTRICT, agencies=_DISTRICT),
    "operator-onboarding": EvidenceRule((), "16 CFR 312"),
    "parents-disagree": EvidenceRule((), "34 CFR 99.4", recorders=_DISTRICT, agencies=_DISTRICT),
    "recruiter-request": EvidenceRule(
        ("military-recruiter", "higher-education-recruiter"), "20 U.S.C. 7908(a)", agencies=_DISTRICT, happened=("requested_at",)
    ),
    "school-official": EvidenceRule(("school-official",), "34 CFR 99.31(a)(1)(i)(A)", agencies=_DISTRICT, of_the_agency=True),
    "substance-violation": EvidenceRule(("substance-violation",), "34 CFR 99.31(a)(15)", persons=True),
}
"""By kind. That the state agency may pass data on is the district's alone to record: it would be the agency's own leave. So is what a
district does where parents disagree: no law lets anybody else choose."""


def is_secret(of: Kind) -> bool:
    """A court, a grand jury or the Attorney General keeps it from all but a few, 99.31(a)(9)(ii)(A)-(C)."""
    return isinstance(of, CourtOrder) and (of.form in ("grand-jury-subpoena", "ex-parte-order") or of.nondisclosure is not None)


def basis_of(of: Kind) -> str | None:
    """The basis under which the log tells of it: that of a secret order keeps it from every accounting."""
    if isinstance(of, CourtOrder) and not is_secret(of):
        return "judicial-order" if of.proceeding is None else "child-protection-order"
    bases = RULES[of.kind].bases
    return "sealed-order" if isinstance(of, CourtOrder) else bases[0] if bases else None


def require_complete(of: Kind, *, now: datetime) -> None:
    """What the form alone does not show. Raises EvidenceIncomplete with the field at fault."""
    if of.valid_until <= now:
        raise EvidenceIncomplete("it has not ended when it is recorded", field="valid_until")
    for name in RULES[of.kind].happened:
        when = _at(of, name)
        if when is not None and _instant(when) > now:
            raise EvidenceIncomplete("it happened before it is recorded", field=name)
    for field, why in (*_shortcomings(of), *_of_another_year(of, now)):
        raise EvidenceIncomplete(why, field=field)


def _shortcomings(of: Kind) -> Iterator[tuple[str, str]]:
    if isinstance(of, Emergency):
        if not of.threat.strip():
            yield "threat", "an articulable and significant threat: 34 CFR 99.36(c)"
        if of.approved_by.casefold() == of.declared_by.casefold():  # one official has one spelling
            yield "approved_by", "another official than the one who declared it: local policy"
        if of.approved_at < of.declared_at:
            yield "approved_at", "approved after it was declared"
        if of.valid_until > of.declared_at + EMERGENCY_LASTS:
            yield "valid_until", "no longer than 72 hours after it was declared: local policy"
    if isinstance(of, CourtOrder):
        yield from _of_an_order(of)
    if isinstance(of, Dependency) and of.recipient_id != str(of.person_id):
        yield "recipient_id", "the parent of whom the student is a dependent: 34 CFR 99.31(a)(8)"
    if isinstance(of, DirectoryNotice) and of.objections_until <= of.given_at:
        yield "objections_until", "a period in which to refuse follows the notice: 34 CFR 99.37(a)(3)"
    if isinstance(of, OnwardUnderstanding) and not BASES.keys() >= set(of.bases):
        yield "bases", "bases of the closed list"


def _of_another_year(of: Kind, now: datetime) -> Iterator[tuple[str, str]]:
    """Of a proof by tax year; a day is left to the calendars of all places."""
    if isinstance(of, Dependency) and of.tax_year > (now + EARLIEST).year:
        yield "tax_year", "a tax year that has begun: 26 U.S.C. 152"
    if isinstance(of, Dependency) and of.valid_until.date() > first_day_after(of.tax_year):
        yield "valid_until", "until the next year's return is due at the latest, 15 October: 34 CFR 99.31(a)(8); 26 CFR 1.6081-4"


def _of_an_order(of: CourtOrder) -> Iterator[tuple[str, str]]:
    if of.form == "ex-parte-order":
        if of.attorney_general is None:
            yield "attorney_general", "who applied for it: 34 CFR 99.31(a)(9)(ii)(C)"
        if of.listed_offense is None:
            yield "listed_offense", "the offence that it names: 34 CFR 99.31(a)(9)(ii)(C)"
    if of.notice is not None and of.notice.protective_action_until < of.notice.sent_at:
        yield "notice.protective_action_until", "time to seek protective action follows the notice: 34 CFR 99.31(a)(9)(ii)"
    if of.notice is not None and is_secret(of):
        yield "notice", "nobody is told of an order whose existence is not to be disclosed: 34 CFR 99.31(a)(9)(ii)"


def _at(of: Any, path: str) -> Any:
    for name in path.split("."):
        of = None if of is None else getattr(of, name)
    return of


def _instant(when: date | datetime) -> datetime:
    """When it was, at the earliest: a day has begun once it has begun somewhere."""
    return when if isinstance(when, datetime) else datetime(when.year, when.month, when.day, tzinfo=UTC) - EARLIEST
