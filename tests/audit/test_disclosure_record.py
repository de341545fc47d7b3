"""Which entries are on the record of disclosures and as what, by every member that decides it: 34 CFR 99.32, 300.614."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from safepassage.wire_log import AccountedEntry, Party
from services.audit.disclosures.accounting_table import OF_A_STUDENT, accounting_rows, accounting_table
from services.audit.disclosures.disclosure_record import ACCOUNTED_KINDS, accounted, phase_of
from services.audit.drafts import KINDS
from shared.contracts.audit import Actor, Context, EntryClass
from tests.audit.audit_node import OAK, VENDOR
from tests.audit.test_accounting import rule
from tests.audit.test_accounting_words import accounting_of

SOME, ZONE = uuid4(), ZoneInfo("UTC")
HERE, THERE = {"recipient_organisation": str(OAK)}, {"recipient_organisation": str(VENDOR)}


def record(class_: str, **context: Any) -> AccountedEntry:
    found = rule(class_, **context)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("class_", "context", "phase"),
    [
        ("request", {}, "request"),
        ("match", {}, "request"),
        ("decision", {"outcome": "permit"}, None),
        ("decision", {"outcome": "deny"}, "request"),
        ("decision", {"outcome": "deny", "operation": "redisclose"}, "request"),
        ("decision", {"outcome": "deny", "operation": "read-own"}, None),
        ("decision", {"outcome": "permit", "threat": "a threat"}, "emergency"),
        ("read", {}, None),
        ("read", HERE, None),
        ("read", THERE, "disclosure"),
        ("read", {**HERE, "decision_id": SOME}, "disclosure"),
        ("read", {"agreement_id": SOME}, "disclosure"),
        ("disclosure", HERE, "disclosure"),
        ("disclosure-withdrawn", {}, "withdrawal"),
        ("receipt", {}, "receipt"),
        ("received", {"operation": "exchange-notice", "outcome": "onward", **THERE}, "onward"),
        ("received", {"operation": "exchange-notice", "outcome": "onward"}, None),
        ("received", {"operation": "exchange-notice", "outcome": "onward-refused", **THERE}, None),
        ("received", {"operation": "exchange", "outcome": "onward", **THERE}, None),
        ("load", {}, None),
        ("search", THERE, None),
        ("alert", {"outcome": "deny"}, None),
    ],
)
def test_each_entry_is_what_the_law_calls_it_or_nothing(class_: str, context: dict[str, Any], phase: str | None) -> None:
    assert phase_of(class_, Context(**{"operation": "disclose"} | context), OAK) == phase


def test_every_class_that_may_be_on_the_record_is_looked_for() -> None:
    contexts = [Context(operation="disclose", outcome="deny", threat=threat, **THERE) for threat in (None, "a threat")]
    contexts.append(Context(operation="exchange-notice", outcome="onward", **THERE))
    on_record = {KINDS[one] for one in get_args(EntryClass) if any(phase_of(one, context, OAK) for context in contexts)}
    assert on_record == set(ACCOUNTED_KINDS)


@pytest.mark.parametrize(
    ("basis", "exempt_by"),
    [
        ("rights-holder", "34 CFR 99.32(d)(1)"),
        ("school-official", "34 CFR 99.32(d)(2)"),
        ("contractor", "34 CFR 99.32(d)(2)"),
        ("consent", "34 CFR 99.32(d)(3)"),
        ("directory", "34 CFR 99.32(d)(4)"),
        ("transfer", None),
        ("something-new", None),
        (None, None),
    ],
)
def test_what_the_law_exempts_is_shown_with_its_paragraph_and_all_else_is_recordable(basis: str | None, exempt_by: str | None) -> None:
    found = record("disclosure", basis=basis)
    assert (found.exempt_by, found.ferpa_recordable) == (exempt_by, exempt_by is None)


@pytest.mark.parametrize("class_", ["disclosure-withdrawn", "receipt"])
def test_what_belongs_to_a_disclosure_needs_no_record_of_its_own(class_: str) -> None:
    found = record(class_, basis="transfer", originating_organisation=OAK, elements=("special_education.iep",))
    assert (found.ferpa_recordable, found.idea_recordable) == (False, False)
    assert found.exempt_by == "belongs to the record of its disclosure"
    assert (found.copy_due_on, found.further_parties, found.on_behalf_of) == (None, (), OAK)


def test_a_special_education_record_that_went_to_the_family_is_not_on_ideas_record() -> None:
    special = {"elements": ("identity.name", "special_education.iep")}
    assert record("disclosure", basis="transfer", **special).idea_recordable
    assert not record("disclosure", basis="rights-holder", **special).idea_recordable
    assert not record("disclosure", basis="transfer", elements=("identity.name",)).idea_recordable
    assert not record("match", basis="transfer", **special).idea_recordable


def test_a_copy_is_due_thirty_days_after_the_day_in_utc() -> None:
    what = Context(operation="exchange", basis="transfer", originating_organisation=OAK)
    late = datetime(2026, 10, 19, 22, tzinfo=timezone(timedelta(hours=-4)))
    found = accounted("disclosure", Actor(kind="system"), what, logged_at=late, log="l", index=3, published=False, zone=ZONE)
    assert (found.on, found.copy_due_on, found.proof) == (date(2026, 10, 20), date(2026, 11, 19), "pending")
    assert (
        accounted("disclosure", Actor(kind="system"), what, logged_at=late, log="l", index=3, published=True, zone=ZONE).proof
        == "published"
    )


def test_the_party_is_who_received_and_otherwise_who_acted() -> None:
    actor = Actor(kind="client", client_id="sis", organisation_id=VENDOR)
    at = datetime(2026, 10, 20, tzinfo=UTC)

    def party(**context: Any) -> tuple[str | None, str | None]:
        what = Context(operation="disclose", **context)
        found = accounted("disclosure", actor, what, logged_at=at, log="l", index=0, published=True, zone=ZONE).party
        return found.organisation, found.client_id

    assert party(**HERE) == (str(OAK), "sis")
    assert party() == (str(VENDOR), "sis")


def test_a_row_of_the_table_has_each_member_in_its_own_cell() -> None:
    found = record(
        "disclosure",
        basis="contractor",
        purpose="study",
        elements=("identity.name", "special_education.iep"),
        citations=("34 CFR 99.31(a)(1)", "99.33(b)"),
        originating_organisation=OAK,
        recipient_node="https://birch.example",
        **THERE,
    )
    (row,) = accounting_rows(accounting_of(found))
    assert tuple(row) == OF_A_STUDENT
    assert (row["date"], row["time_utc"], row["what"], row["outcome"]) == ("2026-10-20", "00:00:00", "disclosure", None)
    assert (row["party"], row["through_node"], row["on_behalf_of"]) == (str(VENDOR), "https://birch.example", str(OAK))
    assert (row["purpose"], row["basis"], row["law"]) == ("study", "contractor", ("34 CFR 99.31(a)(1)", "99.33(b)"))
    assert (row["further_parties"], row["copy_due_on"]) == ((str(VENDOR),), "2026-11-19")
    assert (row["recorded_by_ferpa"], row["exempt_by"], row["recorded_by_idea"]) == (False, "34 CFR 99.32(d)(2)", True)
    line = accounting_table(accounting_of(found)).splitlines()[1]
    assert '"34 CFR 99.31(a)(1); 99.33(b)"' in line
    assert '"identity.name special_education.iep"' in line
    assert '"no","34 CFR 99.32(d)(2)","yes"' in line


def test_who_is_known_by_a_client_or_a_node_alone_is_named_by_it() -> None:
    at, actor = datetime(2026, 10, 20, tzinfo=UTC), Actor(kind="client", client_id="sis")
    what = Context(operation="exchange", originating_organisation=UUID(int=7), recipient_node="https://birch.example", threat="a threat")
    found = accounted("disclosure", actor, what, logged_at=at, log="l", index=0, published=True, zone=ZONE)
    (row,) = accounting_rows(accounting_of(found))
    assert (row["party"], row["further_parties"], row["emergency_threat"]) == ("sis", ("https://birch.example",), "a threat")


def test_a_further_party_is_on_record_with_its_interest_and_who_passed_it_on() -> None:
    """34 CFR 99.32(a)(4), (b)(2): the agency has the record of further disclosures for the family."""
    peer, to = Actor(kind="peer", client_id="https://birch.example"), "https://cedar.example#9"
    onward = {"operation": "exchange-notice", "outcome": "onward", "recipient_organisation": to, "recipient_node": "https://cedar.example"}
    what = Context(**onward, purpose="enrollment", basis="transfer")
    at = datetime(2026, 10, 20, tzinfo=UTC)
    found = accounted("onward", peer, what, logged_at=at, log="l", index=0, published=True, zone=ZONE)
    assert (found.party.organisation, found.party.node, found.party.client_id) == (to, "https://cedar.example", None)
    assert found.passed_on_by == Party(node="https://birch.example")
    assert [(one.party, one.interest.basis) for one in found.further_parties] == [(found.party, "transfer")]
    assert (found.ferpa_recordable, found.copy_due_on, found.on_behalf_of) == (True, None, None)
    (row,) = accounting_rows(accounting_of(found))
    assert (row["what"], row["passed_on_by"]) == ("onward", "https://birch.example")
