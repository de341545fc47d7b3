"""What classes of entries, outcomes and categories of elements are called in a few words. Data; a test compares the lists."""

from collections.abc import Mapping
from typing import Final

from safepassage.elements import Category
from services.gateway.console.words import word
from shared.contracts.audit import EntryClass

CLASS_WORDS: Final[Mapping[EntryClass, str]] = {
    "disclosure": word("Records left"),
    "disclosure-withdrawn": word("A disclosure was called off"),
    "received": word("Records came"),
    "read": word("Records were read"),
    "request": word("Records were asked for"),
    "match": word("A student was looked for"),
    "decision": word("It was decided"),
    "receipt": word("A receipt came"),
    "load": word("Records were loaded"),
    "trust": word("The trust list"),
    "consent": word("A consent"),
    "agreement": word("An agreement"),
    "opt-out": word("An opt-out"),
    "policy": word("Policies"),
    "rights": word("A right of the family"),
    "duty": word("A duty"),
    "authentication": word("Sign-ins and tokens"),
    "refusal": word("Refused at the door"),
    "administration": word("Administration"),
    "search": word("The log was asked"),
    "export": word("Exports"),
    "alert": word("An alert"),
    "destruction": word("Destruction"),
    "witness": word("Witnesses"),
}
"""By class: what happened."""

SENTENCES: Final[Mapping[EntryClass, str]] = {
    "disclosure": word("Records of %(students)s were given to %(recipient)s by %(who)s."),
    "disclosure-withdrawn": word("A disclosure of records of %(students)s to %(recipient)s was called off by %(who)s."),
    "received": word("Records of %(students)s came from %(who)s."),
    "read": word("Records of %(students)s were read by %(who)s."),
    "request": word("Records of %(students)s were asked for by %(who)s."),
    "match": word("It was looked whether %(students)s is the student who was asked for: by %(who)s."),
    "decision": word("It was decided whether records of %(students)s may go to %(recipient)s; %(who)s had asked."),
    "receipt": word("A receipt for records of %(students)s was entered by %(who)s."),
    "load": word("Records of %(students)s were loaded by %(who)s."),
    "trust": word("The trust list or what it says was put into force by %(who)s."),
    "consent": word("A consent about %(students)s was entered by %(who)s."),
    "agreement": word("An agreement was changed by %(who)s."),
    "opt-out": word("An opt-out of %(students)s was entered by %(who)s."),
    "policy": word("A set of rules was changed by %(who)s."),
    "rights": word("A right of the family of %(students)s was acted upon by %(who)s."),
    "duty": word("A duty of the law was opened, done or waived by %(who)s."),
    "authentication": word("A sign-in or a token: %(who)s."),
    "refusal": word("Requests were refused at the door: %(who)s."),
    "administration": word("The node was administered by %(who)s."),
    "search": word("The log was asked by %(who)s."),
    "export": word("Entries or records were exported by %(who)s."),
    "alert": word("An alert was raised or looked at: %(who)s."),
    "destruction": word("What was kept long enough was destroyed, or was to be: %(who)s."),
    "witness": word("What witnesses say of this log or another was entered by %(who)s."),
}
"""By class: the entry in one sentence."""

CATEGORY_WORDS: Final[Mapping[Category, str]] = {
    "identity": word("Identity"),
    "directory": word("Directory information"),
    "contact": word("Contacts"),
    "address": word("Addresses"),
    "ssn": word("Social Security number"),
    "demographic": word("Demographics"),
    "enrollment": word("Enrollment"),
    "attendance": word("Attendance"),
    "academic": word("Academics"),
    "assessment": word("Assessments"),
    "special_education": word("Special education"),
    "part_c": word("Early intervention (Part C)"),
    "language": word("Languages"),
    "programme": word("Programs"),
    "homeless": word("Homelessness"),
    "foster": word("Foster care"),
    "meal_status": word("Meal eligibility"),
    "neglected_delinquent": word("Program for neglected or delinquent children"),
    "military": word("Military connection"),
    "health": word("Health"),
    "discipline": word("Discipline"),
}
"""By category."""

KINDS: Final[Mapping[str, str]] = {
    "client": word("A client"),
    "peer": word("Another node"),
    "person": word("A person"),
    "system": word("The node itself"),
    "operator": word("An operator at the command line"),
}
"""Of those who act, what they are."""
