"""What must hold, each with its source, and the tests that show it: found by their `requirement` markers in the source itself.

`python -m tests.house.requirements` writes docs/requirements.md; a test compares it, and that each has a test and each marker is one.
"""

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from tests.house.sources import ROOT, tracked

REQUIREMENTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "The console": {
            "CON-roles": "A page opens to the roles that it is for, before any service is asked, and to nobody else",
            "CON-foreign": "A district's officer finds nothing of another district's or the state's by any address",
            "CON-decisions": "Each decision says of each element why it left or stayed, by which paragraph, and what would change it",
            "CON-policies": "A set of rules is drafted by one and approved by two others before it decides, each of them one person",
            "CON-log": "The log is searched by all that it can be asked for; what is found is what is there, and an export is on record",
            "CON-family": "By a link that works once, a family member reaches their own student's record while they hold the rights",
            "CON-forms": "What a page does is done for a form of the person's own session, and once however often it is sent",
            "CON-policy": "No page can be framed, is kept, or runs or shows anything of another's; words of others are shown as text",
            "CON-addresses": "No address names a student or person: what stands for one is read by its own session alone",
            "CON-tables": "Each list is sorted by links, in orders that its service gives whole, and exported so, with its filters",
            "CON-exports-cut": "A file that has only the first rows of its list, or lacks the newest, is called so",
            "CON-words": "Every message of every page is there in each language, and every colour can be read",
            "CON-crossings": "What crossed and what was refused is counted as the log has it",
            "CON-unread": "What could not be read is said to be so in its place, is never shown as nought, and hides nothing else",
            "CON-student": "What stands for a student is found without a name in any address, and each look is on the log",
            "CON-matches": "Who decides a match compares it side by side, and who looked at whom is on the log before",
            "CON-readiness": "The score has its history, its next steps, and a file of every question with what shows it",
            "CON-ed-fi": "Who answers for an Ed-Fi system sees that it has been failing, since when, what came, and what to do",
            "CON-states": "Of each state it is said who is a member, who answers, whose counts agree, and what nobody knows now",
            "CON-exchanges": "An exchange is seen step by step at both ends, and nothing tells whose record it is",
        },
        "The exchange": {
            "EX-1": "Nothing is lost: every queued envelope ends processed, rejected, recalled or expired with both sides told",
            "EX-2": "A record is applied once, however often it is delivered",
            "EX-3": "No plaintext of a record is on disk, in a write-ahead log, in a log line or in an error",
            "EX-4": "At the first byte the committed log holds the disclosure, and a receiver refuses what is not proven",
            "EX-6": "Only what was permitted leaves",
            "EX-7": "The answer about an absent child and about a refused one look alike",
            "EX-enumeration": "Who tries children out is slowed down, is answered alike for each, and is told of",
            "EX-8": "What is old, for another audience or under a rolled-back trust list is refused",
            "EX-refusals": "Each row of the receiver's table of refusals has its own code and is quarantined",
            "EX-kill": "A process killed at any named point loses nothing and does nothing twice, on SQLite and PostgreSQL",
            "EX-replicas": "Of two processes of each service one may die at any moment: each child's record comes once, with all receipts",
            "EX-rotation": "Every key that changes in operation can change while messages wait: none is refused or lost by it",
            "EX-batch": "What goes together has its own entry, proof and receipts, and none is refused or held up for another's sake",
            "EX-suites": "Each message uses the first suite of its recipient that its sender has; another algorithm is not believed",
            "EX-large": "A large package is whole or not there: bound by its leaf, in chunks; missing ones travel again, memory flat",
            "EX-documents": "A document is taken only after its type and the malware scanner's word; no scanner, no document",
            "EX-letters": "What ends without arriving is listed with why; sent again is decided again; given up is told to both sides",
            "EX-recall": "An answer is recalled until its receipt has come, and not afterwards; the other side refuses what comes late",
            "EX-evidence": "A record leaves once both sides' evidence of the enrolment agrees, or a person has released it",
            "EX-notices": "Who sent a record is told, signed, sealed and logged, whether the child came, left again, or never came",
            "EX-confirmation": "That a student transferred is shown to an auditor offline by what the receiving side signed and logged",
            "EX-hand-carry": "A copy that a parent carries is unofficial, on the log, and verified offline; what was altered is named",
            "EX-packed": "Envelopes go packed to a node that takes them so, and as signed to any other; what is filed is the same",
            "EX-pull": "A node that cannot be called fetches the same bytes after the same checks, and answers as to a delivery",
            "EX-other-makers": "A node that was written from the documents alone asks and answers as ours do, and is refused as they say",
            "EX-lists": "A newer trust list goes from node to node, is verified at each like any, and all services of a node take it",
            "EX-reconciled": "Each day two nodes compare counts and checkpoints; what time does not explain is told with its ids",
            "EX-onward": "Onward disclosure needs its own basis; where a record went on to, or was refused, is told to where it came from",
            "EX-notice-acknowledged": "The notice of 34 CFR 99.33(d) goes with every record, and the receipt acknowledges it by its digest",
            "EX-provenance": "Every section says who made it, by which system and when; the source's codes are kept as they were",
            "EX-own-key": "A package is sealed to the receiving organisation's own key: no other key opens it, nor a stolen copy alone",
            "EX-left-with-district": "What a district keeps to itself is not here: it is asked for when it leaves, whole or not at all",
            "EX-fallen": "A decision that fell between two attempts stops the second one: no connection is opened",
        },
        "The field's formats": {
            "FORM-ceds": "Everything in a record has its CEDS id, or is listed as what CEDS has no element for",
            "FORM-quality": "Who sends data is told by cause, place and remedy what was not loaded as it was meant; nobody else is",
            "FORM-edfi": "Ed-Fi API resources are read and made as 5 and 6 have them; out and in again is the same",
            "FORM-edfi-schema": "What of an Ed-Fi interchange is not as its published schema has it is told by element and rule, and read",
            "FORM-edfi-pull": "What an Ed-Fi system has is loaded, then what changed; whatever happens on the way, nothing is missed",
            "FORM-edfi-push": "Into an Ed-Fi system goes what its organisation may read and nothing else, once the log has it",
            "EX-left-to-many": "What a district keeps itself is missing in no roster, push, package or statistic without its being said",
            "MATCH-united": "A child whose records were united is no two children, and a union makes nobody certain who does not agree",
            "MATCH-enrolled": "Whom the roster brought first is the child who moved, by name, birthday, school and day of entry, no less",
            "FORM-edfi-standings": "How each pull and push ended is told to who answers for the system, and what lasts is told to last",
            "FORM-edfi-kept": "What a source says and the record has no place for is kept word for word beside it, and leaves no way",
            "FORM-oneroster": "A roster is read as OneRoster 1.2 has it: collections, paging, filters, order, selection, scopes, errors",
            "FORM-oneroster-kept": "What is not read of a OneRoster package is kept with the student, by deltas too, or said to be left",
            "FORM-oneroster-delta": "A delta changes what it names, ends what it deletes, touches nobody else, in whatever order it comes",
            "FORM-oneroster-unsaid": "What OneRoster has no place for is named in the object, by element and member, never with a value",
            "FORM-course-codes": "Courses of another school keep its codes, resolve to nothing, and have equivalents proposed on grounds",
            "FORM-msix": "Minimum data elements tell of children in the migrant programme alone, on a mandate, decided and logged first",
            "FORM-pesc": "A transcript is PESC by our model of it, with SCED and local codes; what does not fit is whole in its extension",
            "FORM-sif-kept": "What an xSre says and the record has no place for is kept as it came, or said to be left",
            "FORM-sif": "An xSre that is written and read again is the same record; what is not read of another's is reported by its place",
            "FORM-oneroster-pages": "A read of many pages goes on as it began while others change the node, and tells what is so now",
            "FORM-oneroster-mask": "As OneRoster too only what was permitted leaves: no object, filter, order or count tells of more",
        },
        "Credentials": {
            "VC-data-integrity": "Proofs are those of W3C's published vectors, and 1EdTech's published credentials verify",
            "VC-verified": "What is issued as Open Badges 3.0 or CLR 2.0 verifies, in both forms, with alignments and results",
            "VC-refused": "What was altered, expired, by another issuer, or of an unknown context is refused with that reason",
            "VC-revoked": "What its issuer's list revokes is refused, and so is whatever has no list in force",
            "VC-transcript": "A transcript goes to who may have it alone, decided and logged before; it says all that may leave",
            "VC-educators": "What an educator brings from another state is verified, filed, and verified again whenever it is read",
            "VC-educators-cross": "Educators' credentials cross as a record does, on the educator's own application in force alone",
            "VC-educators-destroyed": "An educator's credentials go with what requests say of who it is, never while on their way",
            "VC-list": "Who revokes a credential is on the log, and everybody can read that it was revoked, and of nobody else",
            "VC-offline": "A credential is verified from files alone: itself, its issuer's keys, the status list",
        },
        "Keys at rest": {
            "KEYS-contract": "Every holder of root keys wraps, unwraps, rotates and destroys alike; no file of ours has a key",
            "KEYS-none": "While the root keys may not be used nothing is opened, sealed or disclosed, and readiness says so",
            "KEYS-rotation": "A rotation wraps keys again and touches no record; killed anywhere it goes on, and every key opens meanwhile",
            "KEYS-shredded": "A record, or a part of one, that was destroyed opens in no copy of the store, while the rest does",
            "KEYS-collected": "What came is destroyed some days after the receiver's own system has collected it, and nothing else is",
            "KEYS-forgotten": "Of a record, or a part, that was destroyed privacy forgets all; what is told late brings nothing back",
            "KEYS-of-the-store": "Nothing is served by keys that are another store's: what would be sealed by them nobody could open",
            "KEYS-replaced": "Each key has a command that replaces it, and what is on its way under the one before arrives",
            "KEYS-cost": "The holder of the root keys is asked at the start and by the clock, never for a request",
        },
        "Statistics": {
            "STAT-noise": "Whatever is told of groups tells at most epsilon of any one student, small groups are not told at all",
            "STAT-budget": "The same question has one answer; what all answers to an organisation tell in a school year is bounded",
            "STAT-sealed": "What is counted is sealed on disk with the student's own key, and goes with it",
            "STAT-nodes": "A statistic across states is a sum of noisy tables: no record and no exact number moves",
        },
        "Finding between nodes": {
            "FIND-unnamed": "A node that is asked whether it may have a child is not told who it is, of an absent one nothing but a bucket",
            "FIND-alike": "An absent child and one of whom nothing may be told look alike to who asks, in answers, entries and rows",
            "FIND-limited": "So many findings of one node are taken in a day, each compared so many times; who tries names out is told of",
            "FIND-nothing-moves": "A finding moves no record, claims no child and starts no duty; what it leaves ends with it",
            "FIND-measured": "What is compared finds nine of ten whom both nodes have, in each naming tradition, and few others",
        },
        "Who is this child: the hard cases": {
            "HARD-1": "Twins of one home are never united by a machine, nor certain",
            "HARD-2": "A twin under the other's id is a conflict for a person",
            "HARD-3": "One of two surnames is enough beside the rest",
            "HARD-4": "Particles of a surname may be apart, together or behind",
            "HARD-5": "Marks and apostrophes are no difference",
            "HARD-6": "Transliterations of a name are near",
            "HARD-7": "A nickname is near, and a match with the birth date and the same guardian",
            "HARD-8": "The middle name used as the first is near",
            "HARD-9": "A father of the same name is somebody else",
            "HARD-10": "Day and month exchanged are near",
            "HARD-11": "A slip in the date is near; 1 January carries no weight",
            "HARD-12": "Two children of one name and birth date are not united",
            "HARD-13": "A changed name matches by an alias, never by a sealed name",
            "HARD-14": "A protected address stays",
            "HARD-15": "A caseworker gets what 1232g(b)(1)(L) permits on stored evidence",
            "HARD-16": "An address that many share carries no weight",
            "HARD-17": "A parent whose rights a court ended gets nothing",
            "HARD-18": "A parent's consent ends at midnight of the eighteenth birthday",
            "HARD-19": "Of a dually enrolled student the rights are split by the rule",
            "HARD-20": "A child with open enrolments at both ends is a conflict that both are told of",
            "HARD-21": "An altered record or message is refused by its signature",
            "HARD-22": "Of two districts that claim a child the second is held, and both custodians are told",
            "HARD-23": "A sweep of birth dates is throttled, answered alike, and raises an alert",
            "HARD-24": "Compound names are one; placeholders say nothing",
            "HARD-25": "Two ids of one state for one child are a proposal to a person",
            "HARD-26": "Another grade is no veto",
            "HARD-27": "Deceased, or in an institution: a person's; expelled: told to the receiving school, and no hold",
            "HARD-28": "Who brings a social security number has nothing confirmed as directory information",
        },
        "The log": {
            "LOG-I1": "Indices are contiguous from 0, one entry an index",
            "LOG-I2": "An index that was answered never changes or vanishes",
            "LOG-I3": "Of each size one root is ever shown signed, and all signed checkpoints are consistent",
            "LOG-I4": "Nothing is published beyond what is committed",
            "LOG-I5": "The same event has the same index for ever",
            "LOG-I6": "Tiles are what the entries make them",
            "LOG-I7": "The index is what the log makes it: made again it has the same rows",
            "LOG-I8": "No leaf, tile, checkpoint or log line holds a personal value",
            "LOG-I9": "What was destroyed opens in no copy of the store, and every old proof still verifies",
            "LOG-retention": "What the log seals is destroyed by two approvers, once, and never what the law or a hold keeps",
            "LOG-I10": "Time never goes back",
            "LOG-witness": "A witness cosigns nothing but what continues all that it has cosigned of a log, whatever comes at once",
            "LOG-witnessed": "A checkpoint is witnessed once the policy's quorum has cosigned it, and is shown with its cosignatures",
            "LOG-mirror": "What a mirror says that it keeps of a log is there, was verified before, and brings a lost log back",
            "LOG-rollback": "A log that went back, forked or was shown in two ways is found by its witnesses, and stops",
            "LOG-tampering": "An alteration of the stored log is located by another process that has nothing but the SDK",
            "LOG-acts": "Whatever a client changes, or asks of students' data, is an entry of the log that names it",
            "LOG-reading": "Each look at what the log holds about somebody is one entry of the log, by whatever address",
            "LOG-stays": "What a node was given is found, measured and named under its state when the node has left the trust list",
            "LOG-COPIES": "Each further disclosure is in one copy for its district, which is made, given and tracked within 30 days",
            "LOG-verifier": "A verifier refuses whatever is malformed, forged, cut off or of somebody else, and none of its checks is idle",
            "LOG-FAULTS": "Whichever system call on the store fails, whichever process of its database dies: what was answered is there",
            "LOG-EXPORTS": "An export is complete or not given out, signed, proven entry by entry, and shows no more than a search would",
            "LOG-CHAIN": "A record's chain is what both logs and the signed messages show, the same from both nodes, refused if altered",
            "LOG-OCSF": "What is exported for a SIEM is valid OCSF of the version that it names",
            "LOG-SIEM": "What a SIEM gets is in order, at least once, signed, and less than an export; it goes nowhere that is not named",
            "LOG-ALERTS": "Each finding of what is unusual is one entry of the log, acknowledged with a reason, and signed off by the week",
            "LOG-settings-told": "That a setting by which the log tells, keeps or is witnessed is another is an entry of the log, once",
            "LOG-keys-of-every-service": "Keys that were replaced while a service was stopped are an entry of the log, once",
            "LOG-ACCOUNTING": "The accounting comes in pages, as a table without formulas, and as a document for the parent",
        },
        "Faults of the log": {
            "FAULT-kill": "A process of audit, or of its database, is killed while it appends: what was answered is there, nothing by half",
            "FAULT-syscalls": "Each system call on the store fails, or is the last one: what was answered is there, and the log verifies",
            "FAULT-torn": "A group that was torn anywhere is there as a whole or not at all",
            "FAULT-power": "The power is cut: whatever part of the unsynced writes the disk kept, all that others have seen is there",
            "FAULT-full": "The disk is full: nothing that was answered is lost, and appending goes on once there is room",
            "FAULT-race": "Several processes append at once: one log without a gap, no index twice",
            "FAULT-clock": "The clock goes back, stands still, leaps ahead or counts a second twice: the log's time never goes back",
            "FAULT-tampered": "Whatever stored field is altered, verification finds it, or it is listed as nothing that the log proves",
            "FAULT-rollback": "An older copy of the store is found by the log's witnesses, and frozen",
            "FAULT-frozen": "While the log is frozen nothing that it is to take is given up, and readiness says that a person is needed",
            "FAULT-fork": "Another root of one size is refused by a witness, and is kept as evidence",
            "FAULT-witness": "A witness that is down, slow, lying or replaying stops nothing; the quorum's rule decides",
            "FAULT-verifier": "A verifier that is blind for one thing is seen by the suite of bad evidence",
            "FAULT-canary": "No personal value that went through every field is in a file, a tile, an answer or a log line",
        },
        "Decisions": {
            "POL-1": "What no rule permits is denied",
            "POL-2": "Errors, unknown words and unresolved obligations deny, and raise an alert",
            "POL-3": "A state's overlay can only narrow",
            "POL-4": "A revocation counts for every decision that starts after its commit",
            "POL-5": "A decision is a pure function of what was recorded, and is reproduced to the bit",
            "POL-6": "Every permission rests on exactly one permit, with its citation",
            "POL-7": "Permitted and withheld together are what was asked",
            "POL-8": "More consent never takes a permission away; a bar or a revocation never adds one",
            "POL-9": "The order of elements and of rules has no part in the outcome",
            "POL-20": "Each basis permits on stored evidence, and not without it or after its revocation",
            "POL-21": "A secret order, and what was decided on it, is known to few and in no accounting",
            "POL-22": "An emergency is declared and approved by two officials, reviewed afterwards, and its threat is sealed",
            "POL-23": "An agreement of a kind has every clause that the law asks for, or is refused with the paragraph",
            "POL-25": "What follows where parents disagree is the district's stored choice, never the asker's; else any refusal holds",
            "POL-24": "What was known of evidence and agreements at an instant stays readable",
            "POL-law": "Every condition of a rule is noticed by a row of the table of cases from the CFR",
            "POL-cedar": "Our engine decides as Cedar's own does",
            "POL-proved": "What must hold of every request is proved by a solver over all requests of the schema",
        },
        "Changing versions": {
            "UPGRADE-in-place": "A node goes on where a version before stopped: exchanges, sealed records, searches, accountings, the log",
            "UPGRADE-later-store": "A version that finds a store which a later one has migrated says so, and changes no store",
            "UPGRADE-sender-told": "Who sent a record hears by name, and by name alone, what the other node does not read of it",
            "UPGRADE-onward": "What a node has in part of a later version's record it sends on as a part, marked so",
            "UPGRADE-also": "What a later version only tells besides is passed over; what asks or permits has to be understood whole",
            "UPGRADE-later-record": "What a peer of a later version says and this one does not know is kept, told of, and shown to nobody",
        },
        "Changing the rules": {
            "SETS-upgrade": "A version that cannot use the set in force says so before it starts, and does not start",
            "SETS-life": "A set decides once it is checked, replayed, approved by two and activated; it is taken back the same way",
            "SETS-four-eyes": "Two officials approve, neither the author: in the code, and once more in the store",
            "SETS-narrow": "A draft whose state pack does not only narrow is never approved",
            "SETS-dates": "Nothing is back-dated: what was decided stays as it was decided",
            "SETS-tamper": "A set that was altered in the store decides nothing",
            "SETS-swap": "A switch fails no request, and every decision names the set that was valid at its instant",
            "SETS-race": "Of two activations at once one is taken",
            "SETS-replay": "A replay counts what the set would decide, and tells of no student",
            "SETS-simulation": "A simulation is no decision and cannot be read as one",
        },
        "Enforcement points elsewhere (AuthZEN)": {
            "AZ-ids": "They send ids; what is not of the form, a fact sent along among it, is refused",
            "AZ-all": "A decision is true only for all that was asked, or for a part where a part was asked for",
            "AZ-obligations": "A decision with an obligation that they do not support is false",
            "AZ-record": "Each question leaves exactly one decision and one entry; under a search nothing may be released",
            "AZ-request-id": "The id of their request comes back, and is believed nowhere",
        },
        "The law, where a service keeps it": {
            "FERPA-99.4": "A parent's rights end with the document that ends them, 34 CFR 99.4",
            "FERPA-99.5": "Rights move to the student at 18 in the student's own time zone, or in postsecondary education, 99.5(a)(1)",
            "FERPA-99.10": "A request to inspect is due in 45 days at most and blocks destruction while it is outstanding, 99.10(b), (e)",
            "FERPA-99.21": "A statement of disagreement goes with the contested part whenever that is disclosed, 99.21(c)(2)",
            "FERPA-99.22": "A hearing counts only with everything that 99.22 asks for",
            "FERPA-99.31c": "Nothing is done on the word of somebody who was identified too long before, or is yet to be",
            "FERPA-99.30": "What lacks an element of a written consent is none, 99.30",
            "FERPA-99.30-narrowed": "A consent may only shrink, and a decision finds what remains of it",
            "FERPA-99.32-copy-to-district": "The district has its copy of the record of redisclosures within 30 days, 99.32(b)(2)(iii)",
            "FERPA-99.34-notice": "Where no annual notice says that records are forwarded, the parent is to be told, 99.34(a)(1)",
            "FERPA-99.37-united": "An opt-out said about one record of a child counts for the others that it is united with",
            "FERPA-99.37": "An opt-out is honoured after the student has left, until the student rescinds it, 99.37(b)",
            "FERPA-99.67": "A debarred party gets nothing of the agency concerned, 99.67(c)-(e)",
        },
        "The law's clocks": {
            "DUTY-clocks": "A duty is in time until the last instant of its last day in the agency's calendar, and overdue from the next",
            "DAY-state": "Enrolments, agreements and rosters begin and end at midnight of the state, from American Samoa to Guam",
            "DAY-year": "Two nodes live through fourteen months of a turned clock: nothing stands still, is lost, or ceases to verify",
            "DUTY-transfer": "A request for a child's record starts the clock of the duty to answer it, whatever is decided",
            "DUTY-served": "The receipt of the exchange that serves a duty ends it, with the receipt as evidence; nobody else's duty",
            "DUTY-mic3": "The compact's clocks run for whom its Article III covers, and where that is not known",
            "RIGHTS-receipt": "A consent's receipt is verified by whoever holds it, offline, with keys published to everybody",
            "FACT-known": "What the node knew of a student at an instant is told to who kept the record then, whatever it knows now",
            "FACT-dual": "The rights of a student at a high school and a college are split between the two records",
            "IDEA-destroyed": "Where a parent has a record destroyed all goes but the permanent one that a clearance keeps, 34 CFR 300.624",
            "IDEA-lists": "The list of types and places of records, and of who has access, as of any day, 34 CFR 300.616, 300.623",
            "DUTY-sealed": "The store does not tell by a duty what a child lives through: such kinds are sealed, and named by a key",
            "DUTY-waived-by-two": "An obligation is waived by two different officials of the agency, never by the party that owes it",
            "DUTY-attested": "A vendor's destruction is attested by the key it is registered with, after the agreement's end",
        },
        "The door": {
            "DOOR-proof": "Nobody gets in without a token of ours and a fresh proof of its key",
            "DOOR-bounded": "Bodies are bounded, of a known kind, and read in one way",
            "DOOR-rotation": "Signing keys rotate under load without a failed request",
            "DOOR-taken-back": "A token that was taken back opens nothing at any process, within two seconds",
            "DOOR-organisation-ends": "Whatever lets somebody in for an organisation ends with it at every process, within two seconds",
            "DOOR-told": "Who asks about a token is told of its own tokens and of those for itself, and of no other that there is one",
            "DOOR-details": "A token narrowed to actions, data, districts, basis or time opens and gives no more than that, and is told so",
            "DOOR-exchange": "What is made of a token by exchange may do as much or less, ends with it, and says who acts for whom",
            "DOOR-legacy": "Who has only a secret is let in where a setting says so: to rosters, from its addresses, and the log says so",
            "DOOR-par": "What an application asks of a person is pushed by it beforehand, and taken whole or not at all",
            "DOOR-consent": "A person answers an application once, at a page of the node, and gives no more than their role has",
            "DOOR-code": "A code is good once, within a minute, for the client, key and verifier it was made for; used again it ends all",
            "DOOR-refresh": "A refresh token is good once; one that comes again ends the family, and signing out ends it at once",
            "DOOR-agreement": "A vendor acts for a person within an agreement with their district alone, and no longer than it is in force",
            "DOOR-flat": "A large body passes both ways without being kept; who takes nothing stops who sends",
            "DOOR-refused": "Of whom it knew the log says that they were refused, and why, once a minute; strangers are counted",
            "DOOR-step-up": "What pages ask for it, and what officials sign, wants a person who has just proved who they are",
            "DOOR-person": "The services and the log are told for which person a client acts, and the client is not",
            "DOOR-certificate": "A client with a certificate is known by it alone, and its tokens count on connections made with it",
            "DOOR-audience": "A token is for one resource server, and an assertion for the one audience its client is registered for",
            "DOOR-again": "A request is sent to a service twice only where twice is as once, and for one in ten at the most",
            "DOOR-time": "A request and its answer have one time for all of it, but where the table says that they last",
            "DOOR-left": "Of a caller who leaves, at whatever point, nothing stays at the gateway or at the service",
            "DOOR-breaker": "A service that fails too often is left alone, whoever asks is told when to come again, and one asks for all",
            "DOOR-ssrf": "Whoever names an address has the node call a public one, or one that a setting names; it is the one looked at",
            "DOOR-people": "People come in by their agency's provider or a link of the node's own, each once; the store cannot read who",
            "DOOR-sessions": "A session ends when it is idle, at its limit, at a sign-out here or there, and with the role or organisation",
            "DOOR-forms": "A form counts from a page of its own session alone; no other site embeds, fetches or follows what people see",
            "DOOR-names": "What is asked of another name than the node's is answered 421, and by nothing behind the door",
            "DOOR-stop": "A process that stops says so first, answers until that is heard, and cuts off nothing that it has begun",
            "DOOR-administration": "Administration can be at an address of its own; at the public one it is then not there",
            "DOOR-json": "JSON that is too deep, no JSON or of two meanings is refused at every operation that takes it, and fails none",
            "DOOR-endings": "Of an operation that ends each answer says since when and until when, and the document what is instead",
            "DOOR-described": "One document says of every operation who may call it, and a page of the node's own lets it be tried",
            "DOOR-registered": "A client registers itself by a word that counts once, within its bounds, and waits for approval",
            "DOOR-narrowed": "Whoever manages its own registration can only narrow it, and of another's learns nothing",
            "DOOR-store-away": "Where the gateway's store is away, in part or whole, each of its endpoints says so and when to come again",
            "DOOR-quota": "What a client or an organisation may have in a day it has over all processes; the log says when it is spent",
            "DOOR-rate": "A client's or an organisation's rate is one over all processes, and what one let through counts at the others",
            "DOOR-limits": "Limits change in a running process without a failed request, whole or not at all, and forgive nothing used",
            "DOOR-functions": "No operation opens without its scopes, at the door or at its service, whatever other scopes there are",
            "DOOR-table": "What is not in the routing table does not exist",
            "DOOR-lines": "A request is one line of a process, with members of a closed list, and no word of what it says",
            "DOOR-once": "Proofs and assertions are accepted once over several processes, in any spelling of the header, across a restart",
            "DOOR-negatives": "What is wrong in one place is refused for that reason, module by module, and is right otherwise",
            "DOOR-outside": "Clients that nobody here wrote complete every flow, and throw at nothing that the node answers",
        },
        "The readiness scorecard": {
            "READY-live": "52 of the 76 questions are evaluated live, each with figures that the running services have just measured",
            "READY-measured": "What the running node measures is not raised by a word, and what a silent service would show is at 0",
            "READY-agency": "Only the agency that runs the node reads and attests, and a service reports for itself alone",
            "READY-no-student": "No evidence, no scorecard and no export names a student",
        },
        "Bad input": {
            "BAD-named": "What is malformed is refused with its field and remedy, without its value, and changes nothing",
            "BAD-foreign": "What belongs to another organisation looks absent",
        },
        "The suite": {
            "ALL-walls": "The call graph is data, and equal to the network policies",
            "ALL-documents": "Every setting is documented, every contract pinned",
            "ALL-tutorial": "The tutorial does what it says",
            "ALL-story": "The story is true of real sample data",
        },
    }
)

DOCUMENT: Final = ROOT / "docs" / "requirements.md"


def known() -> dict[str, str]:
    """Every requirement by its id."""
    return {identifier: sentence for group in REQUIREMENTS.values() for identifier, sentence in group.items()}


def marked() -> dict[str, list[str]]:
    """Requirement ids to the tests that carry them, `path::name`, as the source says."""
    found: dict[str, list[str]] = {}
    for path in sorted(tracked("tests/**/test_*.py", "tests/test_*.py")):
        tree = ast.parse(path.read_text())
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for identifier in _ids(function):
                    found.setdefault(identifier, []).append(f"{path.relative_to(ROOT)}::{function.name}")
    return found


def _ids(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.requirement":
            yield from (
                argument.value for argument in decorator.args if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
            )


def document() -> str:
    """docs/requirements.md."""
    tests = marked()
    lines = [
        "# What must hold, and where it is shown",
        "",
        "Made from the tests by `make documents`; a requirement without a test fails the build.",
    ]
    for title, group in REQUIREMENTS.items():
        lines += ["", f"## {title}", "", "| id | must hold | shown by |", "|---|---|---|"]
        for identifier, sentence in group.items():
            shown = "<br>".join(f"`{name}`" for name in tests.get(identifier, []))
            lines.append(f"| {identifier} | {sentence} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
