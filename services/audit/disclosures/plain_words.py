"""What codes of the log mean, in words for a parent. Pure. A code that is not known here is shown as it is: nothing is left out.

English here, translated by `locale/`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from safepassage.elements import ELEMENTS
from safepassage.wire_log import AccountedEntry, Party
from services.audit.disclosures.disclosure_record import NOTICE, ONWARD

BASES: Final[Mapping[str, str]] = {
    "consent": "You, or the student once of age, agreed to it in writing.",
    "school-official": "Staff of the school or district who needed it for their work with the student.",
    "contractor": "A company that works for the district under a contract, for that work alone.",
    "transfer": "The student enrolls, or wants to enroll, at another school.",
    "audit-authority": "A public authority checks or evaluates an education program.",
    "audit-representative": "Somebody whom a public authority has named to check or evaluate an education program for it.",
    "financial-aid": "The student applied for financial aid, or receives it.",
    "juvenile-justice-before-1974": "A law of the state lets the juvenile justice system have it.",
    "juvenile-justice": "A law of the state lets the juvenile justice system have it, to help the student before a case is decided.",
    "study": "A study for the schools, under a written agreement that lets nobody else identify the student.",
    "accreditation": "An organization that accredits schools needed it to do so.",
    "dependent-student": "You are the parent of a student who is a dependent for tax purposes.",
    "judicial-order": "A court order or a lawful subpoena required it.",
    "child-protection-order": "A court order in a case to protect the child required it.",
    "litigation": "A lawsuit between the agency and a parent or the student.",
    "emergency": "A health or safety emergency: the person told needed it to protect somebody.",
    "conduct-risk": "Staff of another school needed to know of conduct that is a risk to safety.",
    "directory": "It is directory information, which the school announced and nobody had opted out of.",
    "rights-holder": "You, or the student, have the right to see the record.",
    "crime-victim": "The victim of a crime was told how the case ended.",
    "disciplinary-results": "The result of a disciplinary case about a crime of violence, at a college or university.",
    "substance-violation": "A college told the parent of a student under 21 about alcohol or drugs.",
    "registered-offender": "It is about a registered offender, and came from the authorities.",
    "child-welfare": "The child welfare agency that is responsible for the student's care.",
    "meal-evaluation": "The Department of Agriculture evaluates the school meal programs.",
    "military-recruiter": "A military recruiter asked for name, address and telephone number, and nobody had opted out.",
    "higher-education-recruiter": "A college asked for name, address and telephone number, and nobody had opted out.",
}  # fmt: skip
"""By basis (services.privacy.policy.taxonomy has the law), why the law lets it happen."""

TITLES: Final[Mapping[str, str]] = {element.id: element.title.partition(":")[0] for element in ELEMENTS}
"""By element."""

Translate = Callable[[str], str]


def is_notice_of_ours(entry: AccountedEntry) -> bool:
    """It tells another node what became of a transfer: no request for anything, and nothing that was given."""
    return entry.operation == NOTICE and entry.phase != ONWARD


def heading(entry: AccountedEntry, party: str, translate: Translate) -> str:
    """What happened, in a line."""
    _ = translate
    if is_notice_of_ours(entry):
        said = _("What became of the transfer, told to %(party)s")
    elif entry.phase == "request":
        said = _("Request refused: %(party)s") if entry.outcome == "deny" else _("Request received: %(party)s")
    else:
        said = {
            "emergency": _("Emergency put on record: %(party)s"),
            "disclosure": _("Given to %(party)s"),
            "withdrawal": _("Called back before it was delivered: %(party)s"),
            "receipt": _("Receipt confirmed by %(party)s"),
            "onward": _("Passed on to %(party)s"),
        }[entry.phase]
    return said % {"party": party}


def party_name(party: Party, names: Mapping[str, str], translate: Translate) -> str:
    """Who it was: an organisation, never a person of it. One behind a peer is called as its node called it in the request."""
    _ = translate
    node = names.get(party.node or "", party.node or "")
    known = names.get(party.organisation or "")
    if known is not None:
        return known
    if node and party.name is not None:
        return _("%(organisation)s, in another state, through %(node)s") % {"organisation": party.name, "node": node}
    if party.organisation is None:
        return node or _("this agency")
    about = {"organisation": party.organisation.rpartition("#")[2], "node": node}
    if node:
        return _("organization %(organisation)s of another state, through %(node)s") % about
    return _("organization %(organisation)s") % about


def reason(entry: AccountedEntry, translate: Translate) -> str:
    """Why the law lets it happen, and where it says so."""
    _, basis = translate, entry.interest.basis
    words = [] if basis is None else [_(BASES.get(basis, spaced(basis)))]
    if entry.interest.citations:
        words.append(_("The law: %(paragraphs)s.") % {"paragraphs": "; ".join(entry.interest.citations)})
    return " ".join(words)


def purpose(entry: AccountedEntry, translate: Translate) -> str:
    """What for."""
    return translate(spaced(entry.interest.purpose)) if entry.interest.purpose else ""


def data(entry: AccountedEntry, translate: Translate) -> str:
    """Which data, by the titles of the elements."""
    return "; ".join(translate(TITLES.get(element, element)) for element in entry.elements)


def spaced(code: str) -> str:
    """A code as it can be read."""
    words = code.replace("-", " ")
    return words[:1].upper() + words[1:]
