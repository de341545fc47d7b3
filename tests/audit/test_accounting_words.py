"""What the document for a parent says of each kind of entry, sentence by sentence."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_log import AccountedEntry, DisclosureAccounting, Party
from services.audit.disclosures.accounting_document import words
from services.audit.disclosures.plain_words import TITLES, party_name
from tests.audit.audit_node import OAK, VENDOR
from tests.audit.test_accounting import rule

NAMES = {str(OAK): "Oak District", str(VENDOR): "Vendor Inc.", "https://birch.example": "Birch"}
TO_VENDOR = {"recipient_organisation": str(VENDOR)}


def accounting_of(*entries: AccountedEntry) -> DisclosureAccounting:
    return DisclosureAccounting(student_id=uuid4(), entries=entries, checkpoint="")


def said(*entries: AccountedEntry | None) -> dict[str, Any]:
    found = [one for one in entries if one is not None]
    assert len(found) == len(entries)
    return words(accounting_of(*found), NAMES, drawn_at=datetime(2026, 11, 1, tzinfo=UTC))


def facts(entry: AccountedEntry | None) -> dict[str, str]:
    (one,) = said(entry)["entries"]
    return dict(one["facts"])


@pytest.mark.parametrize(
    ("class_", "context", "heading"),
    [
        ("match", {}, "Request received: Vendor Inc."),
        ("decision", {"outcome": "deny"}, "Request refused: Vendor Inc."),
        ("decision", {"outcome": "permit", "threat": "a threat"}, "Emergency put on record: Vendor Inc."),
        ("disclosure", {}, "Given to Vendor Inc."),
        ("disclosure-withdrawn", {}, "Called back before it was delivered: Vendor Inc."),
        ("receipt", {}, "Receipt confirmed by Vendor Inc."),
        ("received", {"operation": "exchange-notice", "outcome": "onward"}, "Passed on to Vendor Inc."),
        ("disclosure", {"operation": "exchange-notice"}, "What became of the transfer, told to Vendor Inc."),
    ],
)
def test_each_kind_of_entry_has_a_heading(class_: str, context: dict[str, Any], heading: str) -> None:
    (one,) = said(rule(class_, **context, **TO_VENDOR))["entries"]
    assert one["heading"] == f"October 20, 2026. {heading}"


def test_the_summary_counts_what_was_given_and_asked_for_and_to_how_many() -> None:
    given, elsewhere = rule("disclosure", **TO_VENDOR), rule("disclosure", recipient_organisation=str(OAK))
    notice = rule("disclosure", operation="exchange-notice", **TO_VENDOR)
    refused, emergency = rule("decision", outcome="deny", **TO_VENDOR), rule("decision", outcome="deny", threat="a threat")
    onward = rule("received", operation="exchange-notice", outcome="onward", **TO_VENDOR)
    asked, received = rule("match", recipient_node="https://birch.example"), rule("receipt", outcome="deny", **TO_VENDOR)
    assert said(given, given, elsewhere, notice, refused, emergency, asked, received, onward)["summary"] == [
        "Given to somebody: 3 times, to 2 organizations.",
        "Requests received: 2, 1 of them refused.",
        "Passed on by another agency: 1.",
        "Emergencies put on record: 1.",
    ]
    assert said(given, asked)["summary"] == ["Given to somebody: 1 time, to 1 organization.", "Requests received: 1, 0 of them refused."]
    assert said()["summary"] == ["Given to somebody: 0 times, to 0 organizations.", "Requests received: 0, 0 of them refused."]


def test_each_fact_is_there_where_there_is_something_to_say_and_not_otherwise() -> None:
    bare = facts(rule("disclosure", **TO_VENDOR))
    assert set(bare) == {"Date", "Proof"}
    assert (bare["Date"], bare["Proof"]) == ("October 20, 2026, 00:00", "entry 0 of the log l")
    full = facts(rule("disclosure", basis="contractor", purpose="study", elements=("identity.name", "x.y"), threat="a threat", **TO_VENDOR))
    assert full["Data"] == f"{TITLES['identity.name']}; x.y"
    assert (full["For"], full["The threat"], full["Not required on this record"]) == ("Study", "a threat", "34 CFR 99.32(d)(2)")
    assert full["Why it was allowed"] == "A company that works for the district under a contract, for that work alone."
    denied = facts(rule("decision", outcome="deny", basis="contractor", **TO_VENDOR))
    assert ("On what ground it was asked for" in denied, "Why it was allowed" in denied) == (True, False)


def test_a_law_without_a_basis_and_a_basis_without_words_are_said_as_they_are() -> None:
    assert facts(rule("disclosure", citations=("34 CFR 99.31",)))["Why it was allowed"] == "The law: 34 CFR 99.31."
    assert facts(rule("disclosure", basis="something-new"))["Why it was allowed"] == "Something new"


def test_who_may_use_it_further_is_named_unless_it_is_the_party_itself() -> None:
    entry = rule("disclosure", originating_organisation=OAK, **TO_VENDOR)
    assert entry is not None
    assert (facts(entry)["On behalf of"], "May be used further by" in facts(entry)) == ("Oak District", False)
    (further,) = entry.further_parties
    another = further.model_copy(update={"party": Party(node="https://birch.example")})
    assert facts(entry.model_copy(update={"further_parties": (further, another)}))["May be used further by"] == "Birch"
    stranger = uuid4()
    assert facts(rule("disclosure", originating_organisation=stranger, **TO_VENDOR))["On behalf of"] == str(stranger)


@pytest.mark.parametrize(
    ("party", "name"),
    [
        (Party(organisation=str(VENDOR), node="https://birch.example", name="as it says"), "Vendor Inc."),
        (
            Party(organisation="https://birch.example#7", node="https://birch.example", name="Tinsmith"),
            "Tinsmith, in another state, through Birch",
        ),
        (Party(organisation="https://birch.example#7", node="https://birch.example"), "organization 7 of another state, through Birch"),
        (Party(organisation="seven", name="as it says"), "organization seven"),
        (Party(node="https://birch.example"), "Birch"),
        (Party(node="https://fir.example"), "https://fir.example"),
        (Party(), "this agency"),
    ],
)
def test_a_party_is_called_as_it_is_known(party: Party, name: str) -> None:
    assert party_name(party, NAMES, lambda text: text) == name


def test_dates_of_the_document_are_in_utc() -> None:
    late = datetime(2026, 10, 31, 22, tzinfo=timezone(timedelta(hours=-4)))
    assert words(accounting_of(), {}, drawn_at=late)["footer"] == "Accounting of disclosures, drawn on November 1, 2026"


def test_titles_of_elements_are_the_part_before_the_colon() -> None:
    assert not [title for title in TITLES.values() if ":" in title or not title.strip()]


def test_an_entry_has_its_hour_and_minute() -> None:
    entry = rule("disclosure", **TO_VENDOR)
    assert entry is not None
    at = datetime(2026, 10, 20, 9, 41, 7, tzinfo=timezone(timedelta(hours=-4)))
    assert facts(entry.model_copy(update={"at": at}))["Date"] == "October 20, 2026, 13:41"
