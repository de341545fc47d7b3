"""What a decision's codes are called in a few words. Data; tests compare the lists with the vocabularies of the policies."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

from safepassage.wire_decisions import Outcome
from services.gateway.console.words import word

Tone = Literal["good", "warn", "danger", "plain"]

OUTCOMES: Final[Mapping[Outcome, tuple[Tone, str, str]]] = {
    "permit": ("good", "check", word("Permitted")),
    "permit-with-redaction": ("warn", "half", word("In part")),
    "deny": ("danger", "cross", word("Denied")),
}
"""How it ended: tone, mark and word."""

ACTION_WORDS: Final[Mapping[str, str]] = {
    "disclose": word("Disclose"),
    "redisclose": word("Pass on what another agency originated"),
    "request": word("Ask another state"),
    "send-credentials": word("Send an educator’s credentials"),
    "seek-credentials": word("Ask for an educator’s credentials"),
}

RECIPIENT_WORDS: Final[Mapping[str, str]] = {
    "vendor": word("A vendor"),
    "school": word("A school"),
    "lea": word("A district"),
    "sea": word("A state education agency"),
    "agency": word("Another agency"),
    "person": word("A person"),
}

BASIS_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "consent": (word("Consent of the parent or eligible student"), "34 CFR 99.30"),
    "school-official": (word("School official with a legitimate interest"), "34 CFR 99.31(a)(1)(i)(A)"),
    "contractor": (word("Contractor under the district’s control"), "34 CFR 99.31(a)(1)(i)(B)"),
    "transfer": (word("Transfer to a school where the student enrolls"), "34 CFR 99.31(a)(2)"),
    "audit-authority": (word("Authority that audits or evaluates"), "34 CFR 99.31(a)(3)"),
    "audit-representative": (word("Authorized representative for an audit or evaluation"), "34 CFR 99.35(a)(3)"),
    "financial-aid": (word("Financial aid"), "34 CFR 99.31(a)(4)"),
    "juvenile-justice-before-1974": (word("Juvenile justice, statute from before 1974"), "34 CFR 99.31(a)(5)(i)(A)"),
    "juvenile-justice": (word("Juvenile justice"), "34 CFR 99.31(a)(5)(i)(B)"),
    "study": (word("Study for or on behalf of schools"), "34 CFR 99.31(a)(6)"),
    "accreditation": (word("Accrediting organization"), "34 CFR 99.31(a)(7)"),
    "dependent-student": (word("Parent of a dependent student"), "34 CFR 99.31(a)(8)"),
    "judicial-order": (word("Judicial order or subpoena"), "34 CFR 99.31(a)(9)(i)-(ii)"),
    "sealed-order": (word("Order that is kept secret"), "34 CFR 99.31(a)(9)(ii)(A)-(C)"),
    "child-protection-order": (word("Order in a child protection case"), "20 U.S.C. 1232g(b)(2)(B)"),
    "litigation": (word("Legal action between the agency and the family"), "34 CFR 99.31(a)(9)(iii)"),
    "emergency": (word("Health or safety emergency"), "34 CFR 99.31(a)(10)"),
    "conduct-risk": (word("Conduct that poses a risk"), "34 CFR 99.36(b)(3)"),
    "directory": (word("Directory information"), "34 CFR 99.31(a)(11)"),
    "rights-holder": (word("Parent or eligible student"), "34 CFR 99.31(a)(12)"),
    "crime-victim": (word("Victim of a crime"), "34 CFR 99.31(a)(13)"),
    "disciplinary-results": (word("Final results of a disciplinary proceeding"), "34 CFR 99.31(a)(14)"),
    "substance-violation": (word("Violation of rules on alcohol or drugs"), "34 CFR 99.31(a)(15)"),
    "registered-offender": (word("Registered sex offender"), "34 CFR 99.31(a)(16)"),
    "de-identified": (word("De-identified records"), "34 CFR 99.31(b)(1)"),
    "de-identified-coded": (word("De-identified records with a code"), "34 CFR 99.31(b)(2)"),
    "child-welfare": (word("Child welfare agency"), "20 U.S.C. 1232g(b)(1)(L)"),
    "meal-evaluation": (word("Evaluation of school meal programs"), "20 U.S.C. 1232g(b)(1)(K)"),
    "military-recruiter": (word("Military recruiter"), "20 U.S.C. 7908(a)(1); 10 U.S.C. 503(c)(1)(A)(ii)"),
    "higher-education-recruiter": (word("Recruiter of a college"), "20 U.S.C. 7908(a)(1)"),
    "educator-application": (word("Application of an educator"), ""),
}
"""Of each basis its name, and the paragraph of the law that it is; the last one is local policy."""

CITED_WORDS: Final = (
    word("local policy"),
    word("not checked"),
    word("no education record"),
    word("as amended"),
    word("defines it as personal; what forbids it is"),
    word("state address confidentiality programs"),
)
"""What citations say beside paragraphs and the terms that a regulation defines, which stay as they are."""

REMEDY_WORDS: Final = frozenset(
    {
        word("amend the agreement, or make a new one"),
        word("authenticate the recipient"),
        word("complete the evidence of enrollment"),
        word("complete the record of the application"),
        word("complete the record of the emergency, by a second person"),
        word("complete the record of the legal action"),
        word("complete the record of the order, and its notice"),
        word("complete the record of the recruiter's request"),
        word("complete what is said of the application"),
        word("determine and record the legitimate interest"),
        word("determine and record the risk and the interest"),
        word("give a new public notice, with the time to refuse"),
        word("have the district agree that records go on for it on this basis"),
        word("have the district agree that transfers go on for it"),
        word("have the vendor complete what it said when it was taken on"),
        word("make and record the determination"),
        word("make the district a party to the agreement"),
        word("obtain a consent of a rights holder that says so"),
        word("obtain an application of the educator that says so"),
        word("obtain the agency's papers"),
        word("obtain the authority's mandate in writing"),
        word("obtain the evaluation's terms in writing"),
        word("obtain the proof for the tax year"),
        word("obtain the written certification"),
        word("put the recipient on record"),
        word("record under which law the information came"),
        word("record what the accrediting organization does"),
        word("say who is a school official in the annual notice"),
    }
)
"""What a person would have to do, as an explanation says it: each is translated."""


def cited(citation: str, translate: Callable[[str], str]) -> str:
    """A citation in the reader's language."""
    for said in CITED_WORDS:
        citation = citation.replace(said, translate(said))
    return citation
