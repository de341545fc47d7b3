"""The duties that the law starts a clock for: each with its term, its citation, and what of it was compared with the law's text. Pure.

None of this is legal advice. `figure` says whose number it is: where the law says "promptly" or "within a reasonable time", the number is
ours, an agency sets its own, and being late by it is no finding. `checked` says that the rule was compared with the verbatim paragraph.
"""

from collections.abc import Mapping

from services.privacy.clocks.duty_rule import DutyRule
from services.privacy.clocks.notice_rules import NOTICE_RULES
from services.privacy.clocks.terms import CalendarDays, Hours, SameDay, Until, WorkingDays, Yearly

_RULES = (
    DutyRule(
        "inspect-records",
        "Let the parent or eligible student inspect and review the records; no extension exists",
        starts="the request was received",
        term=CalendarDays(45), citation="34 CFR 99.10(b)", figure="law", checked=True, warn_days=15, opened_by="node",
        source="34 CFR 99.10(b)", source_sha256="a6cf8f6de84902100393e273ed140c29ec22631fab02339bf6a887a7c5137fe9",
    ),
    DutyRule(
        "inspect-records-before-meeting",
        "Let the parent inspect the records before a meeting on the IEP or a hearing, and in no case after 45 days",
        starts="the request was received",
        term=Until("the meeting or hearing, or 45 days"), citation="34 CFR 300.613(a)", figure="law",
        checked=False, warn_days=15, opened_by="node",
    ),
    DutyRule(
        "decide-amendment",
        "Decide whether to amend the record as asked",
        starts="the request was received by the agency that made the record",
        term=CalendarDays(30), citation="34 CFR 99.20(b)", figure="ours", checked=True, warn_days=10, opened_by="node",
        source="34 CFR 99.20(b)", source_sha256="5c5177eed0581c36ec4986c91c748683240d991eb9a497b0c58a057cf9def9d9",
    ),
    DutyRule(
        "inform-of-hearing-right",
        "Tell the parent or eligible student of the refusal and of the right to a hearing",
        starts="the amendment was refused",
        term=CalendarDays(10), citation="34 CFR 99.20(c)", figure="ours", checked=True, warn_days=5, opened_by="node",
        source="34 CFR 99.20(c)", source_sha256="6fe2a9714142b6f794446361390b716576f8106bbb61c387630ffefb827bfd99",
    ),
    DutyRule(
        "amend-record",
        "Amend the record and say so in writing",
        starts="the agency decided to amend, or a hearing found that it must",
        term=CalendarDays(10), citation="34 CFR 99.21(b)(1)", figure="ours", checked=True, warn_days=5, opened_by="node",
        source="34 CFR 99.21(b)(1)", source_sha256="2f022e58e305b330689d95cb9ce555aa24c641d0a73b35ab629f8c01da657a8b",
    ),
    DutyRule(
        "hold-hearing",
        "Hold the hearing",
        starts="the request for it was received",
        term=CalendarDays(45), citation="34 CFR 99.22(a)", figure="ours", checked=True, warn_days=15, opened_by="node",
        source="34 CFR 99.22(a)", source_sha256="bc851d2d7e9412ec6da8e800f2e6c6229a3370bd1016bfb4240cbaa0afe3b8a5",
    ),
    DutyRule(
        "decide-hearing",
        "Give the decision in writing, on the evidence alone, with a summary of it and the reasons",
        starts="the hearing was held",
        term=CalendarDays(30), citation="34 CFR 99.22(e)", figure="ours", checked=True, warn_days=10, opened_by="node",
        source="34 CFR 99.22(e)", source_sha256="c249681fb0c6b3e3cbf25ca306e61acb4d105114d6cca993d7890666e760b096",
    ),
    DutyRule(
        "inform-of-statement-right",
        "Tell the parent or eligible student of the right to place a statement in the record",
        starts="the hearing found that the record stands",
        term=CalendarDays(10), citation="34 CFR 99.21(b)(2)", figure="ours", checked=True, warn_days=5, opened_by="node",
        source="34 CFR 99.21(b)(2)", source_sha256="bdf6f523c7fba8d00a9b855928f05271c47b4cbeae4d6ddcf1df7427218bc7f2",
    ),
    DutyRule(
        "load-statement",
        "Load the statement beside the contested part of the record; until then that part is not released",
        starts="the statement was placed",
        term=SameDay(), citation="34 CFR 99.21(c)(1)", figure="ours", checked=True, warn_days=1, opened_by="node",
        source="34 CFR 99.21(c)(1)", source_sha256="dd3f9129e2cf052e8c813feda54b16479e90724e521e159701303b83c8afa325",
    ),
    DutyRule(
        "copy-of-disclosure-record",
        "Give the district a copy of the record of further disclosures",
        starts="the district asked for it",
        term=CalendarDays(30), citation="34 CFR 99.32(b)(2)(iii)", figure="law", checked=True, warn_days=10, opened_by="staff",
        source="34 CFR 99.32(b)(2)(iii)", source_sha256="9d16a42a10ceb0f9974160e0aacdcd5784ad25d7463af63a094ec01055e3f1da",
    ),
    DutyRule(
        "copy-of-what-was-disclosed",
        "Give the parent or eligible student a copy of the records that were disclosed",
        starts="it was asked for",
        term=CalendarDays(30), citation="34 CFR 99.30(c)(1), 99.34(a)(2)", figure="ours", checked=True, warn_days=10, opened_by="staff",
        source="34 CFR 99.30(c)(1)", source_sha256="a156df2b36d0b0fcea53572af4163d011d7a2b6c61108bfde0664bf692c58200",
    ),
    DutyRule(
        "notify-of-conflict",
        "Tell the Department's office of a conflict with State or local law, with its text and citation",
        starts="it was found that the Act cannot be complied with",
        term=CalendarDays(45), citation="34 CFR 99.61", figure="law", checked=True, warn_days=15, opened_by="staff",
        source="34 CFR 99.61", source_sha256="a73b554174f5e791cf28e9e236c821efef415fa3eeeb52770d00ff1264e9f902",
    ),
    DutyRule(
        "annual-notice",
        "Notify parents and eligible students in attendance of their rights",
        starts="the notice of the year before was given",
        term=Yearly(), citation="34 CFR 99.7(a)(1)", figure="law", checked=True, warn_days=60, opened_by="staff",
        source="34 CFR 99.7(a)(1)", source_sha256="0bd41f2ea46743e8681b3bc388d741c7964fe2bb26ef6d7b0566795805097f8a",
    ),
    DutyRule(
        "mic3-request-records",
        "Request the military child's official records from the sending school, simultaneously with enrollment",
        starts="the child was enrolled",
        term=SameDay(), citation="Interstate Compact on Educational Opportunity for Military Children, Art. IV(B)", figure="ours",
        checked=True, warn_days=1, opened_by="staff",
        source="[Art. IV](B)", source_sha256="8b7a477e092763fb05e4d6a71afe20e9c16fc847fa1a6f01bd544eb1017f67ee",
    ),
    DutyRule(
        "mic3-send-records",
        "Send the military child's official records to the school in the receiving state",
        starts="the request was received",
        term=CalendarDays(10), citation="Interstate Compact on Educational Opportunity for Military Children, Art. IV(B)", figure="law",
        checked=True, warn_days=5, opened_by="both",
        source="[Art. IV](B)", source_sha256="8b7a477e092763fb05e4d6a71afe20e9c16fc847fa1a6f01bd544eb1017f67ee",
    ),
    DutyRule(
        "mic3-unofficial-records",
        "Furnish a complete set of unofficial records to carry by hand, where official ones cannot be released to the parents",
        starts="the parent asked for the records",
        term=CalendarDays(3), citation="Interstate Compact on Educational Opportunity for Military Children, Art. IV(A)", figure="ours",
        checked=True, warn_days=3, opened_by="staff",
        source="[Art. IV](A)", source_sha256="97d7af9372a7a2b6028a4968e5f6c9992d431d561cff42cf10bacac898ca789a",
    ),
    DutyRule(
        "mic3-immunisations",
        "End of the time that a military child has to get the immunisations that the receiving state asks for, or the first of a series",
        starts="the child was enrolled",
        term=CalendarDays(30), citation="Interstate Compact on Educational Opportunity for Military Children, Art. IV(C)", figure="law",
        checked=True, warn_days=10, opened_by="staff",
        source="[Art. IV](C)", source_sha256="bd9e64b1820faaf9ce44e4ef2eb0e1ec5dde2b170611eedf0994798a3db272ac",
    ),
    DutyRule(
        "idea-obtain-records",
        "Take reasonable steps to promptly obtain the records of a child with a disability, the IEP and its documents",
        starts="the child was enrolled",
        term=CalendarDays(10), citation="34 CFR 300.323(g)(1); 20 U.S.C. 1414(d)(2)(C)(ii)(I)", figure="ours",
        checked=True, warn_days=5, opened_by="staff",
        source="20 USC 1414(d)(2)(C)(ii)(I)", source_sha256="1251707dfeb3e7080043e1e438cc10017a4b2e35c4e827b65d1aa6d20a9d3168",
    ),
    DutyRule(
        "idea-send-records",
        "Take reasonable steps to promptly respond to the new school of a child with a disability",
        starts="the request was received",
        term=CalendarDays(10), citation="34 CFR 300.323(g)(2); 20 U.S.C. 1414(d)(2)(C)(ii)(II)", figure="ours",
        checked=True, warn_days=5, opened_by="both",
        source="20 USC 1414(d)(2)(C)(ii)(II)", source_sha256="e4b29fd262caffb2b961d73b04f504fec35d88539ca40d0014dbfc62b2bea0e4",
    ),
    DutyRule(
        "idea-inform-no-longer-needed",
        "Tell the parents that information on a child with a disability is no longer needed to provide educational services",
        starts="it was found to be no longer needed",
        term=CalendarDays(30), citation="34 CFR 300.624(a)", figure="ours", checked=True, warn_days=10, opened_by="staff",
        source="34 CFR 300.624(a)", source_sha256="cd83ce517a1ce66a15c3d0df28bc828081a9c59a65839bd1af301bc953689f34",
    ),
    DutyRule(
        "mckinney-vento-contact-school",
        "Contact the school last attended by a homeless child immediately",
        starts="the child was enrolled",
        term=SameDay(), citation="42 U.S.C. 11432(g)(3)(C)(ii)", figure="ours", checked=True, warn_days=1, opened_by="staff",
        source="42 USC 11432(g)(3)(C)(ii)", source_sha256="4a6e61d26ca193fc767894ac8ec0b6b40742dcbb6b8b278c309f9eb3a1161f6b",
    ),
    DutyRule(
        "mckinney-vento-send-records",
        "Have the records of a homeless child available in a timely fashion to the new school or district",
        starts="the request was received",
        term=CalendarDays(3), citation="42 U.S.C. 11432(g)(3)(D)(i)", figure="ours", checked=True, warn_days=3, opened_by="both",
        source="42 USC 11432(g)(3)(D)(i)", source_sha256="23fe2601b35f06472675307a5e729aec913f234fb96409bdf80a6476c3cc4347",
    ),
    DutyRule(
        "foster-contact-school",
        "Contact the school last attended by a child in foster care immediately",
        starts="the child was enrolled",
        term=SameDay(), citation="20 U.S.C. 6311(g)(1)(E)(iii)", figure="ours", checked=True, warn_days=1, opened_by="staff",
        source="20 USC 6311(g)(1)(E)(iii)", source_sha256="f09876668272957f4f1c5f202a66fd9c110522fe0411799b901f5e5023e2b880",
    ),
    DutyRule(
        "foster-send-records",
        "Answer the school that enrolled a child in foster care and asks for its records immediately",
        starts="the request was received",
        term=CalendarDays(3), citation="20 U.S.C. 6311(g)(1)(E)(iii)", figure="ours", checked=True, warn_days=3, opened_by="both",
        source="20 USC 6311(g)(1)(E)(iii)", source_sha256="f09876668272957f4f1c5f202a66fd9c110522fe0411799b901f5e5023e2b880",
    ),
    DutyRule(
        "migrant-send-records",
        "Make a migratory child's records available to the agency that asks, at no cost",
        starts="the request was received",
        term=CalendarDays(10), citation="20 U.S.C. 6398(b)(3)", figure="ours", checked=True, warn_days=5, opened_by="both",
        source="20 USC 6398(b)(3)", source_sha256="96aea533b22f3a73308cd02e6dfcc9f1422bac8848943d895e0f3e9c7cd92b1c",
    ),
    DutyRule(
        "msix-new-child",
        "Submit the data elements of a newly documented migratory child to MSIX",
        starts="the child was documented",
        term=WorkingDays(10), citation="34 CFR 200.85", figure="law", checked=False, warn_days=5, opened_by="staff",
    ),
    DutyRule(
        "msix-end-of-term",
        "Submit the term's data elements to MSIX",
        starts="the term ended",
        term=CalendarDays(30), citation="34 CFR 200.85", figure="law", checked=False, warn_days=10, opened_by="staff",
    ),
    DutyRule(
        "msix-moved",
        "Submit the data elements of a child of whom MSIX says that it moved to another State",
        starts="the notice was received",
        term=WorkingDays(4), citation="34 CFR 200.85", figure="law", checked=False, warn_days=2, opened_by="staff",
    ),
    DutyRule(
        "msix-acknowledge-correction",
        "Acknowledge a parent's request to correct data in MSIX",
        starts="the request was received",
        term=CalendarDays(30), citation="34 CFR 200.85", figure="law", checked=False, warn_days=10, opened_by="staff",
    ),
    DutyRule(
        "msix-answer-correction",
        "Answer another State's request to correct data in MSIX",
        starts="the request was received",
        term=WorkingDays(10), citation="34 CFR 200.85", figure="law", checked=False, warn_days=5, opened_by="staff",
    ),
    DutyRule(
        "emergency-review",
        "Review whether the threat was articulable and significant, and that nobody but those who needed to know was told",
        starts="the emergency was put on record",
        term=CalendarDays(3), citation="34 CFR 99.36(c)", figure="ours", checked=True, warn_days=3, opened_by="node",
        source="34 CFR 99.36(c)", source_sha256="a671ca11c062ca53e930d9baefb39018479ac1aca4392f6bb045b632f051d08a",
    ),
    DutyRule(
        "answer-public-question",
        "Answer what somebody of the public asks about student data, or a complaint about it",
        starts="the question was received",
        term=CalendarDays(30), citation="none: the agency's own rule", figure="ours", checked=False, warn_days=10, opened_by="staff",
    ),
    DutyRule(
        "breach-contractor-tells-agency-ny",
        "Be told of a breach by the contractor (New York): seven days at the most after it was discovered",
        starts="the contractor discovered it",
        term=CalendarDays(7), citation="N.Y. Educ. Law 2-d; 8 NYCRR 121.10", figure="law", checked=False, warn_days=3, opened_by="staff",
    ),
    DutyRule(
        "breach-agency-tells-state-ny",
        "Tell the State's chief privacy officer of a breach (New York)",
        starts="the breach was discovered, or the contractor's notice came",
        term=CalendarDays(10), citation="N.Y. Educ. Law 2-d; 8 NYCRR 121.10", figure="law", checked=False, warn_days=4, opened_by="staff",
    ),
    DutyRule(
        "breach-families-told-ny",
        "Tell parents, eligible students, teachers and principals of a breach (New York)",
        starts="the breach was discovered, or the contractor's notice came",
        term=CalendarDays(60), citation="N.Y. Educ. Law 2-d; 8 NYCRR 121.10", figure="law", checked=False, warn_days=15, opened_by="staff",
    ),
    DutyRule(
        "breach-operator-tells-school-il",
        "Be told of a breach by the operator (Illinois)",
        starts="the operator determined that there was a breach",
        term=CalendarDays(30), citation="105 ILCS 85/15", figure="law", checked=False, warn_days=10, opened_by="staff",
    ),
    DutyRule(
        "breach-families-told-il",
        "Tell parents of a breach (Illinois)",
        starts="the operator's notice came, or the breach was determined",
        term=CalendarDays(30), citation="105 ILCS 85/27", figure="law", checked=False, warn_days=10, opened_by="staff",
    ),
    DutyRule(
        "breach-provider-tells-agency",
        "Be told of a breach by a party under an agreement that says 72 hours, as those of the national data privacy agreement do",
        starts="the party confirmed the breach",
        term=Hours(72), citation="the agreement", figure="ours", checked=False, warn_days=1, opened_by="staff",
    ),
    DutyRule(
        "agreement-expiry",
        "Renew the agreement, or have what the party holds destroyed",
        starts="the agreement was recorded",
        term=Until("the agreement ends"), citation="the agreement", figure="ours", checked=True, warn_days=90, opened_by="node",
    ),
    DutyRule(
        "consent-expiry",
        "Ask for a new consent, or let what rests on it end",
        starts="the consent was recorded",
        term=Until("the consent expires"), citation="the consent", figure="ours", checked=True, warn_days=30, opened_by="node",
    ),
)  # fmt: skip

DUTY_RULES: Mapping[str, DutyRule] = {rule.kind: rule for rule in (*_RULES, *NOTICE_RULES.values())}
"""By kind, in the order of the page that is made of them; the notices of the general laws on breaches at the end."""
