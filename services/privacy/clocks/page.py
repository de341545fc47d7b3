"""docs/rights-and-clocks.md: what is written about rights and clocks, with the table of duties made from their rules. Pure."""

from services.privacy.clocks.duty_rule import DutyRule
from services.privacy.clocks.duty_rules import DUTY_RULES
from services.privacy.clocks.notice_rules import NOTICE_RULES

_BEFORE = """\
# Rights and clocks

What people may ask for, what an agency owes by when, and where it is written. The table at the end is made from the code (`make
documents`); a test compares. None of it is legal advice: where the law gives no number of days the figure is ours, and what was not
compared with the law's text says so.

A parent or eligible student acts through the agency's staff or portal, or at [the family's page](family.md) behind a one-time link:
every operation here takes `acting_for`, checked against the rights holders of the student at that instant (either parent until a
binding document ends the rights; only the student from 18, in the student's own time zone, or in postsecondary education). What
happens is an event that is added and never changed; its entry is on the log's way in the same transaction.

## Consent

- Recorded with the five elements of 34 CFR 99.30 and, on paper or electronically, what shows signature, date, source and approval.
- **Narrowed** (`POST /v1/consents/{id}/narrowing`): elements and purposes may only shrink, an expiry may only come sooner. The consent
  in force is the grant cut by every narrowing; what it was known to be at an instant is `GET /v1/consents/{id}?known_at=`, its events
  are `/history`.
- **Receipt** (`GET /v1/consents/{id}/receipt`): JSON in the shape of ISO/IEC TS 27560, signed as `sp-consent-receipt+jws` by the key
  that signs decisions. Anybody who holds it verifies it, without an account and offline: `safepassage verify-receipt`, or
  `safepassage.consent_receipt.verify_signed_receipt`, with the keys of `GET /v1/receipt-keys`, which is open. It names no person: the
  student is a commitment that the receipt's holder can open.
- Withdrawn or expired, nothing is decided on it any more, and what waits to be sent is asked again before every attempt.

## All of one student

`GET /v1/students/{student_id}/rights-file`: consents, opt-outs and refusals, requests to inspect and amend, and hearings of one student,
what is over too, of each kind the newest 200. For staff who answer a parent, and for the family's page.

## What was known of a student

`GET /v1/known-facts/{student_id}?known_at=`: the facts by which decisions were made at an instant (who kept the record, who held rights,
date of birth, flags), with the instants at which they came and were followed by others. Every version that records sends is kept, sealed,
and goes when the student goes; a version is not altered. It is told to the organisation that kept the record by that version and to those
above it, and each reading is an entry of the log. A store of an earlier release begins with the versions that it held when it was upgraded:
what was known before is in the decisions that saw it.

A student enrolled in a secondary school and in a postsecondary institution at once: the rights in the college's own record are the
student's, those in the district's record stay with the parents until 18 (decision 10 says on which reading). What decides is the record
itself: two enrolments that have not ended, one in a postsecondary grade (`PS`, `Postsecondary`) and one in another, are told to privacy as
the flag `dual-enrollment`; a postsecondary one alone as `attends_postsecondary`. An exit date on either ends it the day after, also one
that was loaded long before it came.

## Special education: two lists

- **Types and locations of records** (34 CFR 300.616): `/v1/record-locations`. The agency puts each type and its place on the list, and ends
  what is over; `GET` gives the list of today, or of the day `on`, to hand to a parent who asks. The law gives no term for handing it over,
  so no clock runs.
- **Who has access** (300.623): `/v1/access-listings`. Name, position, types of records, since when; who is responsible for confidentiality
  (300.623(b)); the day of the training and what shows it (300.623(c)). `GET` is the current listing that the agency keeps for public
  inspection: the node gives it to the agency's clients and publishes it nowhere itself. After a training, or in another position, the line
  ends and the employee is listed anew, so that the list of any day stays readable.

Scope `safeguards:keep` keeps the lists, each organisation its own; staff with `rights:act` reads them. Question G3 of the scorecard is
measured from the second. Lines are sealed at rest.

## Opting out

`/v1/preferences`: an opt-out of directory information (99.37(a)(2)), of recruiters' lists (20 U.S.C. 7908(a)(2)), or a refusal of what
another parent consents to. It binds the district that kept the record when it was said, also after the student has left, until it is
rescinded: by who said it, by another holder of the rights once that person holds none, and of a former student by the student alone.

## Inspecting, amending, disagreeing

- **Inspection** (`/v1/inspections`): at a district or at the state agency. The due date cannot be moved: the row refuses changes. A
  copy or the review ends it; explanations and other arrangements do not. While one is outstanding, anywhere in the node, `POST
  /v1/destructions` answers 409: an agency asks there before it destroys a student's records.
- **Amendment** (`/v1/amendments`): the agency that made the record decides. A state agency forwards (99.10(a)(2)(i) makes it an agency
  for subpart B only); the district finds the request among its own and owes the decision. What another state made is decided by the
  district that keeps it, or else written to.
- **Hearing** (`/v1/hearings`): notice of date, time and place before its day, an officer without a direct interest who is not the one
  who refused, what shows the opportunity to present evidence, a written decision with summary and reasons, on the evidence alone. While
  one is missing the decision is refused, with its paragraph.
- **Statement** (`/v1/statements`): where the hearing let the record stand. privacy never sees its text. The agency's system loads it
  with the student's record, as a `StatementOfDisagreement` under the `id` of the answer (`hearing_reference` may name the hearing).
  From the instant it is placed every decision about the student names it: records puts an exchange off, and leaves the contested part
  out of a vendor's page, until the record holds it; a package that waits without it is recalled. Later loads keep it.

## Obligations

Open until discharged with evidence, or waived by two different officials of the agency (`/waivers`), never by the party that owes. A
vendor's `destroy-by` is discharged by its own signed word (`sp-destruction+jws`, `POST /v1/destruction-attestations`): by the Ed25519 key
that its client is registered with, after the agreement's end, copies included. What it receives after an obligation was discharged is owed
anew.

While anybody waits to inspect the records of a student whose records were permitted under the agreement, or another record of the same
child, the duty to destroy is suspended (99.10(e)): `suspended` in `GET /v1/obligations`, `held` in `GET /v1/agreements/{id}/destruction`,
where a party asks before it destroys. No attestation and no discharge of it is taken (`inspection-outstanding`), and the scorecard does not
count it as due. Two officials may still waive it.

## Duties

A duty is `open`, `due` (the last days of its term), `overdue` or `done` with evidence; `GET /v1/duties` lists them, what is overdue
first. Days are those of the agency's own time zone: the day on which a term begins does not count, its last day counts in full. What the
node sees starts by itself (a request, a hearing, an agreement's end, another state's request for a child with a disability, homeless, in
foster care, migratory or of a military family); the rest is opened by staff with what shows it. The duty to send a record is beside the
decision and independent of it: a request may be permitted and overdue, or denied and overdue. It runs from the receipt of the request.

The notices of the general laws on breaches are duties too, one for each row of [breach-clocks.md](breach-clocks.md), where their kinds are.
A law that names hours, days or working days gives the duty a date. One that names none gives it no date: the duty is `undelayed`, stands in
the list by the day it began, in front of what has time, and stays there until it is done or waived. What a state asks for once the people
affected were told begins when the duty to tell them is done. Whether such a law binds is for counsel to say: `POST /v1/duties/{id}/waiver`
ends its duty with a reason of a list (`law-does-not-bind`, `data-encrypted`, `too-few-people`, ...) and the reference of what shows it. A
waived duty stays listed as `waived`, is told to the log as `duty-waived`, and counts neither as given nor as late. No other duty is waived.

A notice that is started from a blast radius keeps for how many people (`counted`): those of its state, by where they live or by who
was told of them, how many more of whom that was not known, of how many in all, and which count it was. Its page says it, and its entry of
the log (`count`, `counted-by-residence` or `counted-by-told`); the entries that say who counted have the same `radius-count:<id>` in
`about`. What is started by hand or from a contractor's notice has none. It is the word of who started it, as its evidence is
(`start_ref`); sealed.

An exchange ends the duties that it serves, with its receipt as evidence (`exchange:<id>:<reached>:<digest of the receipt>`): the duty to
send with the recipient's first receipt for a record, and never with an answer that provides none; a second one that says that the record
could not be filed opens it again. The duties to ask and to contact the last school end with the holder's receipt for the request, the duty
to obtain the records of a child with a disability when they are filed here: of those that `duty_ids` of `POST /v1/exchange-requests` names.
What staff has ended by hand stays as it is, and staff can end each of them so.

The clocks of the compact start for the children whom its Article III covers on the day on which the request came: of members on active
duty, Guard and Reserve on orders among them; for one year after a medical discharge or retirement, or a death on active duty or of its
injuries. They start where the record does not say which, too (`NationalGuardOrReserve` of CEDS does not), and not for inactive Guard and
Reserve, other retirees and veterans, and civilians. What the compact means by a local education agency is in its Article II, which is not
at hand: of an agency that is neither district nor school it is not known.

| duty | rule | clock | citation | figure | text |
|---|---|---|---|---|---|
"""


def rights_and_clocks() -> str:
    """The page."""
    return _BEFORE + "".join(_row(rule) for rule in DUTY_RULES.values() if rule.kind not in NOTICE_RULES)


def _row(rule: DutyRule) -> str:
    clock = f"{rule.term}, from when {rule.starts}"
    checked = "checked" if rule.checked else "unchecked"
    figure = "the law's" if rule.figure == "law" else "ours"
    return f"| `{rule.kind}` | {rule.what} | {clock} | {rule.citation} | {figure} | {checked} |\n"
