"""From evidence to facts: what was recorded and verified, and nothing else, becomes what the rules read."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_organisations import Organisation
from services.privacy.policy import PolicySet, decide
from services.privacy.policy.policy_input import CustodyFacts, PolicyInput
from services.privacy.policy.time_values import milliseconds_of
from shared.contracts.privacy import Recipient, SubjectVersion
from tests.privacy.policy.evidence import (
    AGREEMENT,
    BEHIND_PEER,
    CONSENT,
    DIGEST,
    DISTRICT,
    NODE,
    NOW,
    OTHER_DISTRICT,
    PARENT,
    RECEIVING,
    SCHOOL,
    SEA,
    STUDENT,
    TRANSCRIPT,
    VENDOR,
    agreement,
    built,
    consent,
    debarment,
    organisation,
    organisations,
    request,
    student,
    transfer,
)


def _permitted(policy_input: PolicyInput, policy_set: PolicySet) -> bool:
    return decide(policy_input, policy_set).outcome == "permit"


def _custody(policy_input: PolicyInput) -> CustodyFacts:
    return policy_input.groups[0].custody


def _with_vendor(kind: str, **changes: Any) -> dict[UUID, Organisation]:
    return organisations() | {VENDOR: organisation(VENDOR, kind, **changes)}


@pytest.mark.parametrize("basis", ["consent", "contractor", "transfer"])
def test_lawful_evidence_leads_to_a_permission(policy_set: PolicySet, basis: str) -> None:
    outcome = decide(built(request(basis)), policy_set)
    assert outcome.outcome == "permit", outcome.subjects
    assert outcome.alerts == ()


def test_the_record_of_the_input_names_its_evidence() -> None:
    evidence = built(request("transfer")).evidence
    assert (evidence.asserted_by, evidence.request_digest, evidence.consent) == (NODE, DIGEST, None)
    assert built(request("consent")).evidence.consent == CONSENT
    assert built(request("contractor")).evidence.agreement == AGREEMENT


@pytest.mark.parametrize(
    ("basis", "changes", "known", "authenticated"),
    [
        ("contractor", {}, True, True),
        ("contractor", {"caller_organisation_id": OTHER_DISTRICT}, True, False),
        ("contractor", {"caller_organisation_id": None}, True, False),
        ("contractor", {"organisations": _with_vendor("agency")}, False, True),
        ("contractor", {"organisations": _with_vendor("vendor", valid_from=date(2026, 10, 21))}, False, True),
        ("contractor", {"organisations": _with_vendor("vendor", valid_until=date(2026, 10, 20))}, False, True),
        ("contractor", {"organisations": _with_vendor("vendor", valid_until=date(2026, 10, 21))}, True, True),
        ("contractor", {"organisations": _with_vendor("vendor", time_zone="Mars/Base")}, True, True),  # the days are the state agency's
        ("transfer", {}, True, True),
        ("transfer", {"caller_organisation_id": DISTRICT}, True, True),
    ],
)  # fmt: skip
def test_a_recipient_is_known_on_record_and_authenticated_by_proof(basis: str, changes: Any, known: bool, authenticated: bool) -> None:
    recipient = built(request(basis), **changes).recipient
    assert (recipient.known, recipient.authenticated) == (known, authenticated)


@pytest.mark.parametrize(
    "changes",
    [
        {"transfer": None},
        {"transfer": transfer(asserted_by="https://cedar.example")},
        {"transfer": transfer(asserted_by=f"{NODE}.evil.example")},
        {"recipient": Recipient(kind="school", id=f"https://cedar.example#{RECEIVING}", node=NODE)},
        {"recipient": Recipient(kind="school", id=RECEIVING, node=NODE)},
    ],
)
def test_a_recipient_behind_a_peer_is_vouched_for_by_that_peers_signed_request(policy_set: PolicySet, changes: Any) -> None:
    asked = built(request("transfer", **changes))
    assert (asked.recipient.known, asked.recipient.authenticated) == (False, False)
    assert not _permitted(asked, policy_set)


def test_an_official_behind_the_peer_may_be_named_as_the_one_who_asserts() -> None:
    assert built(request("transfer", transfer=transfer(asserted_by=f"{NODE}#r-1"))).recipient.authenticated


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, True),
        ({"transfer": transfer(receiving="01900000-0000-7000-8000-00000000000c")}, False),
        ({"recipient": Recipient(kind="lea", id=f"{NODE}#{RECEIVING}", node=NODE)}, False),
    ],
)
def test_enrolment_evidence_names_the_recipient(changes: Any, names: bool) -> None:
    facts = built(request("transfer", **changes)).transfer
    assert facts is not None
    assert facts.names_recipient is names


@pytest.mark.parametrize(("kind", "enrolled", "seeks"), [("enrolled", True, False), ("seeks", False, True)])
def test_enrolment_evidence_says_enrolled_or_seeking(kind: str, enrolled: bool, seeks: bool) -> None:
    facts = built(request("transfer", transfer=transfer(kind))).transfer
    assert facts is not None
    assert (facts.enrolled, facts.seeks_enrollment, facts.documented, facts.official_named) == (enrolled, seeks, True, True)


def test_an_exchange_is_told_from_a_read_inside_the_node() -> None:
    assert not built(request("contractor")).recipient.in_exchange
    assert built(request("contractor", exchange_id=UUID(int=9))).recipient.in_exchange
    assert built(request("transfer")).recipient.in_exchange


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (False, True, True)),
        ({"originating_agency": str(SCHOOL)}, (False, True, True)),
        ({"originating_agency": str(SEA)}, (True, False, False)),
        ({"originating_agency": str(OTHER_DISTRICT)}, (False, False, False)),
        ({"originating_agency": f"https://cedar.example#{DISTRICT}"}, (False, False, False)),
        ({"originating_agency": str(UUID(int=999))}, (False, False, False)),
    ],
)
def test_what_the_originating_district_agreed_is_its_own(facts: Any, expected: tuple[bool, ...]) -> None:
    custody = _custody(built(request("transfer"), subjects=[student(**facts)]))
    assert (custody.originated_here, custody.onward_transfer_agreed, custody.annual_notice_forwards_records) == expected


@pytest.mark.parametrize("missing", ["onward_transfer_agreed", "annual_notice_forwards_records", "annual_notice_school_officials"])
def test_what_a_district_did_not_say_is_not_assumed(missing: str) -> None:
    custody = _custody(built(request("transfer"), organisations=organisations(**{missing: None})))
    assert getattr(custody, missing) is False


@pytest.mark.parametrize(
    ("facts", "agreed", "keeper", "originator"),
    [
        ({}, (DISTRICT,), True, True),
        ({"custodian_id": SCHOOL}, (DISTRICT,), True, True),
        ({"custodian_id": SCHOOL}, (SCHOOL,), True, False),
        ({"custodian_id": OTHER_DISTRICT}, (DISTRICT,), False, True),
        ({"originating_agency": f"{NODE}#x"}, (DISTRICT,), True, False),
        ({}, (SEA,), False, False),
        ({"custodian_id": UUID(int=999)}, (DISTRICT,), False, True),
    ],
)
def test_an_agreement_covers_the_students_of_its_districts(facts: Any, agreed: Any, keeper: bool, originator: bool) -> None:
    custody = _custody(built(request("contractor"), subjects=[student(**facts)], agreement=agreement(district_ids=agreed)))
    assert (custody.keeper_party_to_agreement, custody.originator_party_to_agreement) == (keeper, originator)


@pytest.mark.parametrize(("recipient", "another"), [(BEHIND_PEER, True), (Recipient(kind="lea", id=str(DISTRICT)), False)])
def test_a_record_is_not_transferred_to_those_who_keep_it(recipient: Recipient, another: bool) -> None:
    custody = _custody(built(request("transfer", recipient=recipient), subjects=[student(custodian_id=SCHOOL)]))
    assert custody.recipient_is_another is another


def test_days_of_an_agreement_begin_at_midnight_of_the_state(policy_set: PolicySet) -> None:
    facts = built(request("contractor")).agreement
    assert facts is not None
    assert facts.starts_at == milliseconds_of(datetime(2026, 8, 1, 4, 0, tzinfo=UTC))
    assert facts.ends_at == milliseconds_of(datetime(2027, 7, 1, 4, 0, tzinfo=UTC))
    first, last = datetime(2026, 8, 1, 4, 0, tzinfo=UTC), datetime(2027, 7, 1, 4, 0, tzinfo=UTC)
    tick = timedelta(milliseconds=1)
    expected = [(first - tick, False), (first, True), (last - tick, True), (last, False)]
    assert [(now, _permitted(built(request("contractor"), now=now), policy_set)) for now, _ in expected] == expected


@pytest.mark.parametrize(
    ("changes", "fact", "value"),
    [
        ({"recipient_id": UUID(int=77)}, "names_recipient", False),
        ({"signed_on": date(2026, 10, 21)}, "signed", False),
        ({"signed_on": date(2026, 10, 20)}, "signed", True),
        ({"elements": ("b.b", "a.a", "b.b")}, "elements", ("a.a", "b.b")),
        ({"state_clauses": ({"clause": "ca-49073.1-b1", "where": "4.2"},)}, "clauses", ("ca-49073.1-b1",)),
        ({"terminated_at": NOW}, "terminated_at", milliseconds_of(NOW)),
    ],
)
def test_an_agreement_says_what_it_says(changes: Any, fact: str, value: Any) -> None:
    assert getattr(built(request("contractor"), agreement=agreement(**changes)).agreement, fact) == value


def _amended(begins: date, clauses: tuple[str, ...] | None) -> dict[str, Any]:
    said = None if clauses is None else [{"clause": clause, "where": "4.2"} for clause in clauses]
    schedule = {"elements": (TRANSCRIPT,), "purposes": ("instruction",), "ends_on": date(2027, 7, 1)}
    return {"document": DIGEST, "signed_on": date(2026, 9, 1), "from": begins, "state_clauses": said, **schedule}


@pytest.mark.parametrize(
    ("amendments", "clauses"),
    [
        ([None], ("ca-49073.1-b1",)),
        ([("tx-26.001",), None], ("tx-26.001",)),
        ([("tx-26.001",), None, ()], ()),
        ([(), None], ()),
    ],
)
def test_an_amendment_that_is_silent_on_clauses_leaves_those_of_the_one_before_it(
    amendments: list[tuple[str, ...] | None], clauses: tuple[str, ...]
) -> None:
    made = tuple(_amended(date(2026, 9, 1 + at), one) for at, one in enumerate(amendments))
    to_come = _amended(date(2026, 10, 21), ("ny-2-d",))
    facts = {"state_clauses": ({"clause": "ca-49073.1-b1", "where": "4.2"},), "amendments": (*made, to_come)}
    found = built(request("contractor"), agreement=agreement(**facts)).agreement
    assert found is not None
    assert found.clauses == clauses


@pytest.mark.parametrize(("ends_on", "then"), [(date(2028, 7, 1), date(2027, 6, 30)), (date(2027, 3, 1), date(2027, 2, 1))])
def test_an_agreement_that_is_amended_later_holds_until_its_last_end_and_its_schedule_until_the_amendment(
    policy_set: PolicySet, ends_on: date, then: date
) -> None:
    amended = {**_amended(then, None), "elements": ("identity.name",), "ends_on": ends_on}
    facts, zone = agreement(amendments=(amended,)), ZoneInfo("America/New_York")
    begins, ends = (datetime.combine(day, time.min, zone) for day in (then, ends_on))
    tick = timedelta(milliseconds=1)
    asked = request("contractor")
    before = built(asked, agreement=facts, now=begins - tick)
    assert before.holds_until == milliseconds_of(begins)
    named = request("contractor", elements=("identity.name",))
    for now, permitted in ((begins - tick, False), (begins, True), (ends - tick, True), (ends, False)):
        assert _permitted(built(named, agreement=facts, now=now), policy_set) is permitted
        assert _permitted(built(asked, agreement=facts, now=now), policy_set) is (now < begins)


@pytest.mark.parametrize(
    ("changes", "barred"),
    [
        ({}, True),
        ({"party": str(OTHER_DISTRICT)}, False),
        ({"originating_agency": str(OTHER_DISTRICT)}, False),
        ({"begins_at": NOW, "until": NOW + timedelta(days=3000)}, True),
        ({"begins_at": NOW + timedelta(milliseconds=1), "until": NOW + timedelta(days=3000)}, False),
        ({"begins_at": NOW - timedelta(days=3000), "until": NOW}, False),
        ({"begins_at": NOW - timedelta(days=3000), "until": NOW + timedelta(milliseconds=1)}, True),
    ],
)
def test_a_party_is_barred_from_the_records_of_the_agency_concerned(policy_set: PolicySet, changes: Any, barred: bool) -> None:
    asked = built(request("contractor"), debarments=[debarment(**changes)])
    assert _permitted(asked, policy_set) is not barred


@pytest.mark.parametrize("party", [NODE, f"{NODE}#{RECEIVING}"])
def test_a_whole_node_or_one_behind_it_is_barred(policy_set: PolicySet, party: str) -> None:
    asked = request("transfer")
    assert not _permitted(built(asked, debarments=[debarment(party=party)]), policy_set)
    assert not _permitted(built(asked, debarments=[debarment(party=party)], subjects=[student(originating_agency=str(SCHOOL))]), policy_set)


def test_the_longest_bar_counts() -> None:
    longer = debarment(until=NOW + timedelta(days=4000))
    asked = built(request("contractor"), debarments=[debarment(), longer, debarment()])
    assert _custody(asked).recipient_debarred_until == milliseconds_of(longer.until)


@pytest.mark.parametrize(
    ("caller", "receiving", "receives"),
    [
        (SCHOOL, SCHOOL, True),
        (DISTRICT, SCHOOL, True),
        (SEA, SCHOOL, True),
        (OTHER_DISTRICT, SCHOOL, False),
        (SCHOOL, DISTRICT, False),
        (VENDOR, SCHOOL, False),
        (None, SCHOOL, False),
        (SCHOOL, UUID(int=999), False),
    ],
)
def test_one_asks_another_state_only_for_oneself_or_those_below(
    policy_set: PolicySet, caller: Any, receiving: UUID, receives: bool
) -> None:
    kind = "lea" if receiving == DISTRICT else "school"
    evidence = transfer(receiving=str(receiving))
    received = evidence.evidence.receiving_organisation.model_copy(update={"kind": kind})
    evidence = evidence.model_copy(update={"evidence": evidence.evidence.model_copy(update={"receiving_organisation": received})})
    asked = request("transfer", action="request", subjects=(), recipient=Recipient(kind=kind, id=str(receiving)), transfer=evidence)
    policy_input = built(asked, caller_organisation_id=caller)
    assert policy_input.asker is not None
    assert policy_input.asker.receives is receives
    assert _permitted(policy_input, policy_set) is receives


def test_an_exchange_may_rest_on_a_consent_given_to_a_party_behind_a_peer(policy_set: PolicySet) -> None:
    asked = request("consent", recipient=BEHIND_PEER, transfer=transfer(), purpose="enrollment", exchange_id=UUID(int=9))
    given = consent(recipient_id=BEHIND_PEER.id, purposes=("enrollment",))
    assert _permitted(built(asked, consent=given), policy_set)
    assert not _permitted(built(asked, consent=consent(purposes=("enrollment",))), policy_set)
    assert not _permitted(built(asked, consent=given.model_copy(update={"withdrawn_at": NOW})), policy_set)


def test_students_alike_share_a_group_and_others_do_not() -> None:
    ids = [UUID(int=1000 + number) for number in range(6)]
    subjects = [
        student(student_id=ids[0], birth_date=date(2011, 1, 1)),
        student(student_id=ids[1], birth_date=date(2013, 1, 1), flags=frozenset({"foster"})),
        student(student_id=ids[2], birth_date=date(2007, 1, 1)),
        student(student_id=ids[3], flags=frozenset({"homeless"})),
        student(student_id=ids[4], time_zone="Mars/Base"),
        student(student_id=ids[5], custodian_id=OTHER_DISTRICT),
    ]
    asked = request("contractor", subjects=tuple(SubjectVersion(student_id=it, facts_version=3) for it in ids))
    page = built(asked, subjects=subjects)
    assert [group for _, _, group in page.subjects] == [0, 0, 1, 2, None, 3]
    assert [student_id for student_id, _, _ in page.subjects] == [str(it) for it in ids]


def test_a_consent_is_about_its_own_student_alone(policy_set: PolicySet) -> None:
    other = UUID(int=1000)
    versions = tuple(SubjectVersion(student_id=it, facts_version=3) for it in (other, STUDENT))
    page = built(request("consent", subjects=versions), subjects=[student(student_id=other), student()])
    assert [page.groups[group].consent is not None for _, _, group in page.subjects if group is not None] == [False, True]
    assert [subject.permitted for subject in decide(page, policy_set).subjects] == [(), (TRANSCRIPT,)]


@pytest.mark.parametrize(
    "changes",
    [
        {"subjects": []},
        {"subjects": [student(student_id=PARENT)]},
        {"subjects": [student(facts_version=2)]},
        {"consent": consent(id=UUID(int=5))},
        {"agreement": agreement()},
        {"organisations": {}},
    ],
)
def test_a_request_and_evidence_that_do_not_belong_together_are_a_mistake(changes: Any) -> None:
    with pytest.raises(ValueError, match=r"the .*"):
        built(request("consent"), **changes)


def test_newer_facts_than_the_asker_knows_are_taken() -> None:
    assert built(request("consent"), subjects=[student(facts_version=4)]).subjects[0][1] == 4


def test_what_was_asked_twice_is_decided_once() -> None:
    assert built(request("consent", elements=(TRANSCRIPT, "identity.name", TRANSCRIPT))).elements == (TRANSCRIPT, "identity.name")
