"""What the built-in rules say of themselves, to be translated. Data; a test compares the list with the rules."""

from typing import Final

from services.gateway.console.words import word

RULE_TITLES: Final = frozenset(
    {
        word("A terminated agreement supports no audit and no study; termination itself is the agreement's term"),
        word("The contract says that pupil records stay the property and under the control of the local educational agency"),
        word("The contract describes how pupils keep what they made themselves, or says that it does not apply"),
        word("The contract forbids any use of the pupil record beyond what it requires or permits"),
        word("The contract describes how parents and eligible pupils review and correct what is held"),
        word("The contract and the data elements of the provider are published"),
        word("The contract has the provider destroy personally identifiable information at its end"),
        word("A terminated agreement supports nothing: the direct control of 99.31(a)(1)(i)(B)(2) ended with it"),
        word("An online service that collects from children under 13 has said how consent, retention and sub-disclosure are done"),
        word("One parent consents and another with full rights refuses: a person decides"),
        word("An educator's credentials go to the agency that the educator has applied to, on the educator's own written application"),
        word("Asking another state's agency for an educator's credentials, on an application that the educator has made there and here"),
        word("What leaves by the rules about educators is their credentials, and nothing of a student's record"),
        word(
            "An educator's credentials are in no student's record: they leave by the rules about educators, and on no basis of a student's"
        ),
        word("An institution of higher education asks for names, addresses and telephones: a duty of the assisted district"),
        word("A military recruiter asks for names, addresses, telephones and school e-mail: a duty of the assisted district"),
        word("The parent, at 18 only the student, asked that recruiters get nothing without prior written consent"),
        word("A social security number never leaves in an exchange, nor is it asked for, whatever the basis"),
        word("The Secretary of Agriculture, the Food and Nutrition Service or its contractor evaluates meal programs"),
        word("The child welfare agency that is legally responsible for the student, through one who may see the case plan"),
        word("An order in a child abuse, neglect or dependency proceeding to which the parent is a party: no additional notice"),
        word("Sole-possession notes, law enforcement unit, employment, treatment and later records, ungraded peers' papers never flow"),
        word("A social security number is never directory information"),
        word("Signed and dated written consent of the parent or eligible student, given before"),
        word("A consent supports nothing from the instant on at which it says that it ends; the regulation is silent on expiry"),
        word("Asking another state for the record of a student on the strength of a consent that was given there"),
        word("A consent that was taken back supports nothing; the regulation is silent on withdrawal, so this is local policy"),
        word("An articulable and significant threat to health or safety; the second person and the 72 hours are local policy"),
        word("What the agency designated as directory information, after public notice and the time to refuse"),
        word("The parent of a student who is not an eligible student, or the student: a duty, not a permission"),
        word("The final results of a disciplinary proceeding, to the victim of the alleged crime"),
        word("The final results of a disciplinary proceeding that found a violation, to anyone"),
        word("A violation with alcohol or a controlled substance, to the parent of a student under 21"),
        word("Information on a registered offender that the agency was given under 42 U.S.C. 14071"),
        word("Officials within the agency whom it has determined to have legitimate educational interests"),
        word("Outside party that performs an institutional service under direct control, as a school official"),
        word("Asking another state for the record of a student who is enrolled with us, or seeks or intends to enroll"),
        word("To another school or school system where the student is enrolled, or seeks or intends to enroll"),
        word("An authority listed in the regulation audits or evaluates an education program by its own employees"),
        word("In connection with financial aid for which the student applied, or which the student received"),
        word("Officials to whom a State statute adopted before 19 November 1974 allows it, about serving the student"),
        word("Officials to whom a later State statute allows it, before adjudication, who certified in writing"),
        word("An organization that conducts a study for, or on behalf of, agencies, by written agreement"),
        word("An accrediting organization, to carry out its accrediting functions"),
        word("The parent of a student who is a dependent for income tax"),
        word("A judicial order or lawfully issued subpoena, after a reasonable effort to notify the parent or eligible student"),
        word("A grand jury or law enforcement subpoena with an order of secrecy, or an ex parte order of the Attorney General"),
        word("To the court, in a legal action between the agency and a parent or student"),
        word("What identifies a student directly is in no release without personally identifiable information"),
        word("Records without personally identifiable information, after a reasonable determination"),
        word("De-identified student-level data with a code, for education research"),
        word("Reasonable methods have to authenticate the identity of the party that receives"),
        word("A recipient that is not on record, or not in its period of validity, is not identified"),
        word("The state agency passes a district's records on to the district's own contractor, on the district's behalf"),
        word("The state agency passes a district's record on to the school or school system of a transfer, on the district's behalf"),
        word("An authorized representative whom an authority designated by written agreement"),
        word("Officials of other schools with legitimate interest in conduct that posed a significant risk"),
        word("The parent or eligible student refused; a refusal outlives the enrollment until it is rescinded"),
        word("Not given, nor confirmed, where a social security number or other non-directory information identified the student"),
        word("A court order, State statute or legally binding document specifically revoked this parent's rights"),
        word("A court order, State statute or legally binding document revoked the rights of the parent who would receive it"),
        word("From 18 on, or in postsecondary education, only the student's own consent counts"),
        word("Before that, only a parent's consent counts; 99.5(b) would let an agency give students rights of their own"),
        word("A party found to have broken the rules is barred for at least five years from records of the agency concerned"),
        word("Protected health information of a provider that has not become an education record never flows"),
        word("Special education data to an agency that provides or pays for transition services needs consent"),
        word("Special education data between districts about a private school placement needs consent"),
        word(
            "Early intervention records leave on consent, to the family or on an order; the words of 34 CFR "
            "303.414 are not at hand, so this is local policy"
        ),
        word("Before the transfer a written agreement lists the categories of covered information"),
        word("The agreement states the product or service that the operator provides"),
        word("The school posts the operators, their agreements and the data elements"),
        word("The contract has the terms of paragraph F"),
        word("A social security number goes to nobody but the family"),
        word("No study and no directory information without the parent's consent"),
        word("The addresses of a homeless child tell the living situation; a rule of its own keeps them from directory information"),
        word("A homeless child's living situation is not directory information"),
        word("A homeless child's living situation, never directory information, stays with the agency, save on consent, order or need"),
        word("The department collects no names of parents, addresses, e-mail, telephones or social security numbers for its data system"),
        word("Meal eligibility only to a person directly connected with the administration of the meal programs"),
        word(
            "A program for neglected or delinquent children tells where a child was placed: on consent, to the family or on an order alone"
        ),
        word("The contract has the supplemental information to the parents' bill of rights"),
        word("The contract has the contractor's data security and privacy plan"),
        word("Answers to a survey in a protected area leave on consent only; the statute speaks of requiring the survey"),
        word("The addresses of a family in an address confidentiality program or a shelter leave on no basis but an order"),
        word(
            "Addresses, telephones and e-mail as directory information only with affirmative written consent; "
            "what the section allows inside a school is no disclosure here"
        ),
        word("A statement of disagreement goes with the part of the record that it is about"),
        word("The agency's own disclosure is recorded"),
        word("The state agency records what it passes on, and gives the district a copy"),
        word(
            "The recipient is told the requirements of 99.33(a), but where 99.33(d) excepts the disclosure or nothing identifies a student"
        ),
        word("A reasonable attempt to notify the parent or eligible student, unless they asked for it or the annual notice says so"),
        word("Access to records under Part B is recorded with its date and purpose, save a parent's and an authorized employee's"),
        word("Who holds it destroys it when the parents ask, once it is no longer needed for the child"),
        word("Of a meal application nothing but the eligibility status"),
    }
)
"""A rule of an agency’s own is shown in its own words."""
